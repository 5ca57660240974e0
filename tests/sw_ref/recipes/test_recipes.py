"""The shipped recipes: each core is exact, can be built as it stands, and does what its comments say."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import boards, recipe, samples
from hadacast.core.top import AxiTop
from hadacast.sim import Stimulus, compare, simulate

NAMES = tuple(recipe.catalogue())


def codes(spec, rng, frames):
    return rng.integers(spec.input.min, spec.input.max, (frames, spec.frame), endpoint=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_core_is_exact(name):
    spec = recipe.load(name).pipeline
    x = codes(spec, np.random.default_rng(1), 2)
    x[0] = spec.input.min if spec.input.signed else spec.input.max  # the largest result there is
    sent = Stimulus.frames(x, spec.lanes)
    trace = simulate(AxiTop(spec), sent)
    verdict = compare(spec, sent, trace)
    assert verdict.ok, verdict.problems
    assert verdict.samples == 2 * spec.frame
    assert trace.latency == spec.latency
    assert trace.beats_per_cycle == 1
    assert (trace.data.reshape(2, -1) == x @ hadamard(spec.frame, dtype=np.int64)).all()


@pytest.mark.parametrize("name", NAMES)
def test_board_and_sample_are_there(name):
    chosen = recipe.load(name)
    boards.get(chosen.board)
    if chosen.sample != "random":
        assert samples.load(chosen.sample).shape[-1] % chosen.pipeline.frame == 0


def test_rht16_is_the_published_rotation():
    spec = recipe.load("rht16").pipeline
    rng = np.random.default_rng(2)
    signs = rng.choice([-1, 1], 16)
    x = codes(spec, rng, 8) // 2
    published = spec.input.decode(x) @ (np.diag(signs) @ hadamard(16) / 4)
    assert (spec.output.decode(spec.compute(x * signs)) / 4 == published).all()


def test_head128_keeps_dot_products():
    spec = recipe.load("head128").pipeline
    q, k = codes(spec, np.random.default_rng(3), 2)
    assert spec.compute(q) @ spec.compute(k) == 128 * (q @ k)


def test_imaging4096_gives_the_image_back():
    spec = recipe.load("imaging4096").pipeline
    rng = np.random.default_rng(4)
    image = np.zeros(4096, np.int64)
    image[rng.integers(0, 4096, 40)] = rng.integers(0, 100, 40)  # 12 bits hold the sum
    image[0] = 7
    masks = (hadamard(4096, dtype=np.int8) == 1).astype(np.int64)
    detector = masks @ image
    y = spec.compute(detector)
    assert (y % 2048 == 0).all()
    found = y // 2048
    found[0] -= detector[0]
    assert (found == image).all()


@pytest.mark.parametrize("copies", [1, 3, 5])
def test_decoder128_corrects(copies):
    """Up to 31 wrong bits in one copy of 128; as many in each copy, wherever they are, in several."""
    spec = recipe.load("decoder128").pipeline
    rng = np.random.default_rng(5)
    place = np.arange(128)
    for _ in range(200):
        index, sign = int(rng.integers(128)), int(rng.integers(2))
        word = np.array([(sign + (index & j).bit_count()) % 2 for j in place.tolist()])
        received = np.tile(word, (copies, 1))
        for copy in received:
            copy[rng.choice(128, 31, replace=False)] ^= 1
        y = spec.compute((1 - 2 * received).sum(0))
        peak = int(np.abs(y).argmax())
        assert (peak, int(y[peak] < 0)) == (index, sign)
