"""Spectra recovered from the exact reference of the front end: the true support, and amplitudes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import recipe
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.sparse.plan import bins_of, places
from hadacast.sparse.recover import recover
from hadacast.spec.bins import SINGLE
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


@pytest.fixture(scope="module")
def sparse():
    return recipe.load("sparse65536").pipeline


def samples(spec, index, amplitude, noise=0.0, seed=1):
    """Codes of a frame: x at the places of the plan, by the definition, and noise of a standard deviation."""
    sampled, order = np.unique(places(spec), return_inverse=True)
    x = np.zeros(len(sampled))
    for k, a in zip(index, amplitude, strict=True):
        x += [-a if (m & int(k)).bit_count() & 1 else a for m in sampled.tolist()]
    x = x + np.random.default_rng(seed).normal(size=len(x)) * noise
    return spec.input.encode(x[order])


def test_a_dense_transform_agrees_about_the_samples():
    """At a small size, x comes from scipy's matrix."""
    shape = {"frame": 192, "lanes": 2}
    fwht = Fwht(**shape, input=Format(width=12), size=8, stride=8)
    bins = replace(
        bins_of(recipe.load("sparse65536").pipeline),
        **shape,
        input=fwht.output,
        bits=6,
        hash=((0, 1, 2), (2, 3, 4), (4, 5, 0)),
        offsets=(11, 52),
        zero=0,
        spread=0,
    )
    spec = Pipeline(name="small", stages=(fwht, bins))
    rng = np.random.default_rng(3)
    matrix, order = hadamard(64), places(spec)
    succeeded = 0
    for _ in range(100):
        index = np.sort(rng.choice(64, 3, replace=False))
        spectrum = np.zeros(64, dtype=np.int64)
        spectrum[index] = rng.choice([-3, -2, -1, 1, 2, 3], 3)
        found = recover(spec, spec.compute((matrix @ spectrum)[order]))
        right = np.array_equal(found.index, index) and np.allclose(found.amplitude, 8 * spectrum[index])
        assert right or not found.complete  # 8: nothing divides the transform's sums
        succeeded += right
    assert succeeded >= 97


@pytest.mark.parametrize(
    ("count", "noise", "tolerance"), [(64, 0.0, 0.01), (64, 2.53, 0.25), (1, 0.0, 1 / 64)]
)
def test_the_support_is_the_true_one(sparse, count, noise, tolerance):
    """2.53² is 10 dB below 64, the signal's power. One coefficient makes all samples ±a: a is rounded."""
    rng = np.random.default_rng(count)
    index = np.sort(rng.choice(1 << 16, count, replace=False))
    amplitude = rng.choice([-1.0, 1.0], count) * (1 if noise else rng.uniform(1, 2, count))
    found = recover(sparse, sparse.compute(samples(sparse, index, amplitude, noise)))
    assert found.index.tolist() == index.tolist()
    assert np.abs(found.amplitude - amplitude).max() < tolerance
    assert found.complete


def test_an_empty_spectrum_is_empty(sparse):
    found = recover(sparse, sparse.compute(samples(sparse, [], [], noise=0.5)))
    assert (len(found.index), len(found.amplitude), found.complete, found.rounds) == (0, 0, True, 0)


def test_peeling_goes_beyond_what_the_core_sees(sparse):
    """0 shares its bin of each group with another coefficient, and is found behind those."""
    index = np.array([0, 1 << 3 | 1 << 9, 1 << 8 | 1 << 13, 1 << 2 | 1 << 14])
    amplitude = np.array([1.0, -1.5, 2.0, 1.25])
    codes = sparse.compute(samples(sparse, index, amplitude))
    seen = bins_of(sparse).split(codes)
    assert set(seen.index[seen.kind == SINGLE].tolist()) == set(index[1:].tolist())
    found = recover(sparse, codes)
    assert found.index.tolist() == index.tolist()
    assert np.abs(found.amplitude - amplitude).max() < 0.01
    assert found.complete
    assert found.rounds == 2


def test_too_many_are_not_called_complete(sparse):
    rng = np.random.default_rng(2)
    index = np.sort(rng.choice(1 << 16, 800, replace=False))
    amplitude = rng.choice([-1.0, 1.0], 800)
    found = recover(sparse, sparse.compute(samples(sparse, index, amplitude)))
    assert not found.complete


def test_one_frame_at_a_time(sparse):
    with pytest.raises(HadacastError, match="must be one frame"):
        recover(sparse, np.zeros((2, sparse.frame), dtype=np.int64))
