"""Random numbers of stochastic rounding."""

import time

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.random_bits import MASK, Xorshift32, step


def plain(seed: int, lanes: int, beats: int) -> np.ndarray:
    """As the definition says it, one state at a time, in Python's integers."""
    states = [(seed + 0x9E3779B9 * i) % 2**32 or 1 for i in range(-(-lanes // 4))]
    rows = []
    for _ in range(beats):
        rows.append([states[lane // 4] >> 8 * (lane % 4) & 255 for lane in range(lanes)])
        for i, state in enumerate(states):
            state ^= state << 13 & MASK
            state ^= state >> 17
            states[i] = state ^ (state << 5 & MASK)
    return np.array(rows, dtype=np.int64).reshape(beats, lanes)


@pytest.mark.parametrize("lanes", [1, 3, 4, 8, 17])
@pytest.mark.parametrize("beats", [0, 1, 2, 3, 64, 1000])
def test_draw_is_the_plain_recurrence(lanes, beats):
    for seed in (1, 0xDEADBEEF, MASK, 2**32 - 0x9E3779B9):
        found = Xorshift32(seed=seed, lanes=lanes).draw(beats)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, plain(seed, lanes, beats))


def test_published_first_numbers():
    """2463534242 is the seed of the paper's example; the numbers are of the recurrence done by hand."""
    state = np.array([2463534242], dtype=np.uint32)
    found = []
    for _ in range(3):
        state = step(state)
        found.append(int(state[0]))
    assert found == [723471715, 2497366906, 2064144800]


def test_a_million_beats_take_no_time():
    began = time.perf_counter()
    found = Xorshift32(seed=7, lanes=8).draw(1_000_000)
    assert time.perf_counter() - began < 5
    state = np.array([7], dtype=np.uint32)
    for _ in range(999_999):
        state = step(state)
    assert list(found[-1, :4]) == list(state.view(np.uint8))


def test_numbers_are_uniform_and_never_stuck():
    found = Xorshift32(seed=1, lanes=16).draw(1 << 16)
    counts = np.apply_along_axis(np.bincount, 0, found, minlength=256)
    assert np.abs(counts - 256).max() < 6 * 16  # six standard deviations
    assert len({tuple(row) for row in found[:, 4:8].tolist()}) == 1 << 16  # a state never comes back so soon


@pytest.mark.parametrize("seed", [0, -1, 1 << 32, True, "1"])
def test_seed_out_of_range(seed):
    with pytest.raises(HadacastError, match="seed is"):
        Xorshift32(seed=seed, lanes=4)
