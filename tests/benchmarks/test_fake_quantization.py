"""Fake quantization against float64, written once more from the formulas."""

import importlib.util
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.samples import load

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def fake():
    spec = importlib.util.spec_from_file_location("fake_quantization", FOLDER / "fake_quantization.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def x():
    return load("minilm_mlp_down").astype(np.float64)


def quadratic_residues():
    """A Hadamard matrix of order 12, by Paley: I + S, S the skew matrix of the squares modulo 11."""
    squares = {i * i % 11 for i in range(1, 11)}
    core = [[0 if i == j else 1 if (j - i) % 11 in squares else -1 for j in range(11)] for i in range(11)]
    skew = np.block([[np.zeros((1, 1)), np.ones((1, 11))], [-np.ones((11, 1)), np.array(core)]])
    return skew + np.eye(12)


@pytest.mark.parametrize("width", [384, 1536])
def test_rotations_are_what_their_names_say(fake, x, width):
    rows = x.reshape(-1, width)[:8]
    code = fake.CODES[0]
    found = {rotation.name: fake.Site(rotation, code, rows).matrix for rotation in fake.ROTATIONS}
    assert np.array_equal(found["none"], np.eye(width))
    for block in (16, 32, 128):
        want = np.kron(np.eye(width // block), hadamard(block))
        assert np.array_equal(found[f"blocks of {block}"], want)
    full, signed = found["full"], found["full, random signs"]
    assert np.array_equal(full.astype(float) @ full.T, width * np.eye(width))
    low = hadamard(width // 12)
    h12 = full[:: len(low), :: len(low)]
    assert np.array_equal(full, np.kron(h12, low))
    # Any two Paley matrices of order 12 are alike but for signs and order of rows and columns.
    assert np.array_equal(np.abs(h12 @ h12.T), np.abs(quadratic_residues() @ quadratic_residues().T))
    signs = signed[0] * full[0]
    assert set(signs) == {-1, 1}
    assert np.array_equal(signed, full * signs)
    assert 0.4 < (signs > 0).mean() < 0.6


def int4(v, group=None):
    """Signed integers to 7, one scale a row or group."""
    g = v.reshape(-1, group or v.shape[-1])
    step = np.abs(g).max(axis=1, keepdims=True) / 7
    return (np.rint(g / step) * step).reshape(v.shape)


def int8(v):
    step = np.abs(v).max(axis=1, keepdims=True) / 127
    return np.rint(v / step) * step


def fp4(v):
    return v.astype(ml_dtypes.float4_e2m1fn).astype(np.float64)


def mxfp4(v):
    """Scales that bring the largest of 32 into [3, 6)."""
    g = v.reshape(-1, 32)
    scale = 2.0 ** np.floor(np.log2(np.abs(g).max(axis=1, keepdims=True) / 3))
    return (fp4(g / scale) * scale).reshape(v.shape)


def nvfp4(v, amax):
    """E4M3 scales of 16, under one that makes 448 of the largest."""
    g = v.reshape(-1, 16)
    tensor = amax / (6 * 448)
    scale = np.abs(g).max(axis=1, keepdims=True) / 6 / tensor
    scale = scale.astype(ml_dtypes.float8_e4m3fn).astype(np.float64) * tensor
    return (fp4(g / scale) * scale).reshape(v.shape)


def sqnr(v, decoded):
    return 10 * np.log10((v**2).sum() / ((v - decoded) ** 2).sum())


FORMULAS = {
    "INT8 per token": lambda v: int8(v),
    "INT4 per token": lambda v: int4(v),
    "INT4 g=32": lambda v: int4(v, 32),
    "MXFP4": lambda v: mxfp4(v),
    "NVFP4": lambda v: nvfp4(v, float(f"{2 * np.abs(v).max():.3g}")),  # twice the largest, in three digits
}


@pytest.mark.parametrize("name", FORMULAS)
def test_signal_over_noise_as_in_float64(fake, x, name):
    code = next(code for code in fake.CODES if code.name == name)
    for rotation in (fake.ROTATIONS[i] for i in (0, 2, 4)):
        site = fake.Site(rotation, code, x)
        rows = site.pipeline.input.decode(site.pipeline.input.encode(x))  # what 16 bits hold
        v = rows @ site.matrix.T
        signal, noise = site.energies(rows)
        want = sqnr(v, FORMULAS[name](v))
        assert 10 * np.log10(signal / noise) == pytest.approx(want, abs=0.001)


def test_a_layer_is_the_layer(fake, x):
    """With 16 bits behind every rotation, y is W·x."""
    w = np.random.default_rng(1).normal(size=(10, 384))
    rows = x.reshape(-1, 384)[:50]
    right = rows @ w.T
    for rotation in fake.ROTATIONS:
        site = fake.Site(rotation, fake.CODES[0], rows)
        y = site.quantized(rows) @ site.weights(w).T
        assert np.abs(y - right).max() < 2e-3 * np.abs(right).max()


def test_rows_in_parts_are_rows_at_once(fake, x, monkeypatch):
    site = fake.Site(fake.ROTATIONS[4], fake.CODES[-1], x)
    whole = site.quantized(x)
    monkeypatch.setattr(fake, "ROWS", 7)
    assert np.array_equal(site.quantized(x), whole)


@pytest.mark.parametrize(
    ("largest", "bits"), [(1.0, 13), (0.99, 14), (24.27, 9), (16.0, 9), (15.99, 10), (0, 15)]
)
def test_fraction_bits(fake, largest, bits):
    """The most with which 16 bits hold twice the largest."""
    assert fake.fraction_bits(largest) == bits
    if largest:
        assert 2 * largest < 2 ** (15 - bits) <= 4 * largest


def test_the_sentences():
    texts = (FOLDER / "minilm" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    other = (FOLDER / "minilm" / "calibration.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(texts)) == 100
    assert not set(texts) & set(other)
