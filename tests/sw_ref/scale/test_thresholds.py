"""Thresholds of floating scales, against the functions that they come from."""

from dataclasses import replace

import numpy as np
import pytest

from hadacast import elements
from hadacast.format import Format
from hadacast.scale import thresholds
from hadacast.scale.floating import Floating
from hadacast.scale.fp32 import LIBRARIES

E2M1 = elements.element("code", "e2m1")
AMAX = [None, "77.7", "1/18446744073709551616", 1 << 64]


@pytest.mark.parametrize("top", [0, 1, 5, 63])
def test_least(top):
    """Of every monotone function of small numbers."""
    limits = np.arange(top + 2)
    found = thresholds.least(lambda x: x >= limits, top, limits.shape)
    assert found.tolist() == limits.tolist()


@pytest.mark.parametrize("floating", [False, True])
@pytest.mark.parametrize("arithmetic", ["exact", *LIBRARIES])
@pytest.mark.parametrize("amax", AMAX, ids=str)
def test_scale_codes(arithmetic, amax, floating):
    """A code is how many thresholds its key reaches: next to each, and at random."""
    scale = Floating(arithmetic=arithmetic, tensor_amax=amax)
    keys = thresholds.Keys(Format(width=12, fraction=3), floating)
    first, last = thresholds.scale_range(scale, E2M1, keys)
    found = np.array(thresholds.scale_thresholds(scale, E2M1, keys), dtype=np.int64)
    assert len(found) == last - first
    key = np.concatenate([found, found - 1, np.random.default_rng(1).integers(0, keys.top + 1, 1000)])
    number, power = keys.numbers(key)
    counted = first + (key[:, None] >= found).sum(axis=1)
    assert counted.tolist() == scale.scale_codes(number, power, E2M1).tolist()


def maker(arithmetic, amax, floating, fraction=12, rounding="even", width=16):
    scale = Floating(arithmetic=arithmetic, tensor_amax=amax)
    fixed = Format(width=width, fraction=fraction)
    return thresholds.LadderMaker(scale, E2M1, fixed, floating, rounding, "saturate")


@pytest.mark.parametrize("amax", AMAX, ids=str)
@pytest.mark.parametrize("fraction", [-30, 3, 25, 120])
@pytest.mark.parametrize("arithmetic", LIBRARIES)
def test_float32_ladders_hold(arithmetic, fraction, amax):
    """Next to every threshold, for all scale codes under all exponents of frames that they come with."""
    found = maker(arithmetic, amax, True, fraction)
    assert found.holds(found.make())


@pytest.mark.parametrize("rounding", ["even", "away", "up", "zero"])
def test_exact_ladders_hold(rounding):
    for amax in AMAX:
        found = maker("exact", amax, False, 6, rounding)
        assert found.holds(found.make())


@pytest.mark.parametrize("arithmetic", ["exact", *LIBRARIES])
def test_a_wrong_ladder_is_found(arithmetic):
    found = maker(arithmetic, "77.7", False)
    ladder = found.make()
    for row in range(len(ladder.rows)):
        for step in range(7):
            rows = [list(r) for r in ladder.rows]
            # A change of the lowest bit that an element can see.
            rows[row][step] += 1 << max(ladder.rows[row][step].bit_length() - 12, 0)
            wrong = tuple(map(tuple, rows))
            assert not found.holds(replace(ladder, rows=wrong, negative=wrong)), (row, step)
