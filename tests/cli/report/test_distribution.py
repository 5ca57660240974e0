"""The figures of a distribution, against SciPy and against those published with the sample."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import hadamard
from scipy.stats import kurtosis

import hadacast.samples
from hadacast import recipe as recipes
from hadacast.cli import data
from hadacast.report import distribution


@pytest.fixture(scope="module")
def sample():
    spec = recipes.load("rotate128").pipeline
    return distribution.blocks(spec, data.load("minilm_mlp_down", spec).frames)


def test_blocks_are_an_orthonormal_rotation(sample):
    before, after = sample
    assert before.shape == after.shape == (1152, 128)
    assert np.allclose(after, before @ hadamard(128) / np.sqrt(128), atol=1e-12)
    assert (before**2).sum() == pytest.approx((after**2).sum())


@pytest.mark.parametrize("name", ["rotate384", "rotate1536", "rotate5120"])
def test_rotations_of_other_sizes_are_orthonormal_too(name):
    spec = recipes.load(name).pipeline
    frames = data.load("minilm_mlp_down", spec).frames
    before, after = distribution.blocks(spec, frames)
    assert after.shape == before.shape
    assert (after**2).sum(axis=1) == pytest.approx((before**2).sum(axis=1))
    assert np.allclose(after, spec.output.decode(spec.compute(frames)) / np.sqrt(spec.frame))


def test_a_rotation_ends_where_gains_begin():
    spec = recipes.load("dyadic_convolution").pipeline
    frames = data.load("minilm_mlp_down", spec, frames=9).frames
    before, after = distribution.blocks(spec, frames)
    assert np.allclose(after, before @ hadamard(64) / 8)


WORDS = {
    "largest magnitude": "max",
    "largest / rms, whole tensor": "max_rms",
    "kurtosis (Gaussian: 3)": "kurtosis",
    "largest / rms per block, median": "peak_median",
    "largest / rms per block, 99th percentile": "peak_p99",
    "largest / rms per block, worst": "peak_worst",
    "INT4 SQNR, one scale per block (dB)": "int4_sqnr_db",
}


@pytest.mark.parametrize("words", WORDS)
def test_the_samples_published_figures(sample, words):
    readme = Path(next(iter(hadacast.samples.SAMPLES.values()))).with_name("README.md").read_text()
    row = re.search(rf"^\| {re.escape(words)} \| ([0-9.]+) \| ([0-9.]+) \|", readme, re.MULTILINE)
    assert row
    shown = distribution.compare(*sample)
    # Published before rounding to 16-bit codes, with two decimals.
    assert shown["before"][WORDS[words]] == pytest.approx(float(row[1]), abs=0.02)
    assert shown["after"][WORDS[words]] == pytest.approx(float(row[2]), abs=0.02)


def test_kurtosis_is_scipys():
    x = np.random.default_rng(0).standard_t(5, (10, 64))
    assert distribution.kurtosis(x) == pytest.approx(float(kurtosis(x, axis=None, fisher=False)))


def test_int4():
    x = np.array([[7.0, 3.5, -1.2, 0.0]])  # scale 1: 7, 4 (ties to even), -1, 0
    assert distribution.int4_sqnr(x) == pytest.approx(10 * np.log10((49 + 12.25 + 1.44) / (0.25 + 0.04)))
    assert distribution.int4_sqnr(np.array([[7.0, -7.0]])) is None  # no noise


def test_peaks():
    spike, flat = np.eye(1, 16), np.ones((1, 16))
    assert distribution.peaks(spike) == pytest.approx([4])
    assert distribution.peaks(flat) == pytest.approx([1])
    assert distribution.peaks(np.zeros((2, 16))).size == 0


def test_all_zeros_have_no_figures():
    zeros = np.zeros((2, 8))
    shown = distribution.compare(zeros, zeros)
    assert shown["before"]["peak_median"] is None
    assert shown["blocks_lowered"] is None
    assert dict(row[:2] for row in distribution.rows(shown))["kurtosis (Gaussian: 3)"] == "–"
