"""Shipped samples: the file is the one its README describes, and rotation does to it what is claimed."""

import hashlib
import re

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import samples
from hadacast.errors import HadacastError
from hadacast.format import Format

README = next(iter(samples.SAMPLES.values())).with_name("README.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """The README's text on one sample."""
    return README.split(f"\n## {name}\n")[1].split("\n## ")[0]


def row(name: str, label: str) -> list[float]:
    """The numbers of one row of the README's table."""
    line = next(line for line in section(name).splitlines() if line.startswith(f"| {label} |"))
    return [float(cell) for cell in line.strip("|").split("|")[1:]]


def rotate(x: np.ndarray) -> np.ndarray:
    """Blocks of 128, float64, shape (blocks, 128)."""
    return x.astype(np.float64).reshape(-1, 128) @ hadamard(128) / np.sqrt(128)


def peak(blocks: np.ndarray) -> np.ndarray:
    """Largest magnitude over rms, per block."""
    return np.abs(blocks).max(axis=-1) / np.sqrt((blocks**2).mean(axis=-1))


def sqnr(groups: np.ndarray) -> float:
    """dB of signed 4-bit codes with one scale per row."""
    scale = np.abs(groups).max(axis=-1, keepdims=True) / 7
    error = groups - np.rint(groups / scale) * scale
    return 10 * np.log10((groups**2).sum() / (error**2).sum())


@pytest.fixture
def blocks() -> np.ndarray:
    return samples.load("minilm_mlp_down").astype(np.float64).reshape(-1, 128)


def test_every_file_has_its_section():
    assert sorted(samples.SAMPLES) == sorted(re.findall(r"^## (\w+)$", README, re.MULTILINE))
    assert "minilm_mlp_down" in samples.SAMPLES


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_file_is_the_documented_one(name):
    data = samples.SAMPLES[name].read_bytes()
    assert len(data) < 1_000_000
    assert f"| SHA-256 | `{hashlib.sha256(data).hexdigest()}` |" in section(name)
    x = samples.load(name)
    assert f"`{name}.npy`, {x.dtype}, shape {x.shape}, {len(data):,} bytes" in section(name)
    assert np.isfinite(x).all()


def test_shape(blocks):
    x = samples.load("minilm_mlp_down")
    assert x.dtype == np.float16
    assert x.shape == (96, 1536)
    assert x.min() >= -0.17  # GELU's least value is -0.16997


def test_rotation_removes_outliers(blocks):
    turned = rotate(blocks)
    np.testing.assert_allclose((turned**2).sum(axis=-1), (blocks**2).sum(axis=-1))  # only a rotation
    before, after = (np.abs(x).max() / np.sqrt((x**2).mean()) for x in (blocks, turned))
    assert [before, after] == pytest.approx(
        row("minilm_mlp_down", "largest / rms, whole tensor")[:2], abs=6e-3
    )
    assert after < before / 8
    assert np.median(peak(turned)) < np.median(peak(blocks)) / 2
    assert (peak(turned) < peak(blocks)).mean() > 0.95


def test_rotation_removes_outliers_of_ordinary_tokens(blocks):
    """Also without [CLS], whose single spike makes the whole-tensor figure, and [SEP]."""
    words = blocks.reshape(96, -1, 128)[1:-1].reshape(-1, 128)
    ratios = [np.abs(x).max() / np.sqrt((x**2).mean()) for x in (words, rotate(words))]
    assert ratios == pytest.approx(row("minilm_mlp_down", "largest / rms, whole tensor")[2:], abs=6e-3)
    assert ratios[1] < ratios[0] / 3


def test_rotation_helps_int4(blocks):
    figures = [sqnr(blocks), sqnr(rotate(blocks))]
    assert figures == pytest.approx(
        row("minilm_mlp_down", "INT4 SQNR, one scale per block (dB)")[:2], abs=6e-3
    )
    assert figures[1] > figures[0] + 8


def test_ten_fraction_bits_hold_it_and_eleven_do_not(blocks):
    ten = Format(width=16, fraction=10)
    codes = np.rint(blocks * 2**10)
    np.testing.assert_array_equal(ten.encode(blocks), codes)  # nothing was clipped
    assert (codes.min(), codes.max()) == (-174, 24848)
    assert np.abs(ten.decode(ten.encode(blocks)) - blocks).max() <= 2**-11
    assert np.rint(blocks * 2**11).max() > Format(width=16, fraction=11).max


@pytest.mark.parametrize("name", ["minilm", "", "../samples/minilm_mlp_down", "README", None, ["x"]])
def test_unknown_name_lists_the_names(name):
    with pytest.raises(HadacastError) as caught:
        samples.load(name)
    assert repr(name) in str(caught.value)
    for known in samples.SAMPLES:
        assert known in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no array", "cut"])
def test_damaged_file(content, tmp_path, monkeypatch):
    path = tmp_path / "damaged.npy"
    if content == "cut":
        content = samples.SAMPLES["minilm_mlp_down"].read_bytes()[:1000]
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setitem(samples.SAMPLES, "damaged", path)
    with pytest.raises(HadacastError, match=r"^sample file damaged\.npy is missing or damaged: "):
        samples.load("damaged")
