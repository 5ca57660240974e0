"""Ten million values of what no package computes: requantization and pulses, by formulas of their own."""

import numpy as np
import pytest

from hadacast.format import Format
from hadacast.spec.pvq import Pvq
from hadacast.spec.requantize import Requantize

COUNT = 10_000_000
INT32 = Format(width=32)


def product(m: int, e: int, rounding: str, x: np.ndarray) -> np.ndarray:
    """x·m/2^e in int64: 32 bits times 31."""
    total = x * m
    if rounding == "gemmlowp":
        high = np.where(total >= 0, (total + (1 << 30)) >> 31, -((-(total + 1 - (1 << 30))) >> 31))
        down = e - 31
        mask = (1 << down) - 1
        return (high >> down) + ((high & mask) > (mask >> 1) + (high < 0))
    whole, rest, half = total >> e, total & ((1 << e) - 1), 1 << (e - 1)
    if rounding == "up":
        return whole + (rest >= half)
    return whole + ((rest > half) | ((rest == half) & (whole & 1 == 1)))


@pytest.mark.long
@pytest.mark.parametrize("rounding", ["even", "up", "gemmlowp"])
@pytest.mark.parametrize(("m", "e"), [(1518500250, 40), (1 << 30, 45), ((1 << 31) - 1, 38)])
def test_requantize(rounding, m, e):
    rng = np.random.default_rng(e)
    stage = Requantize(frame=64, input=INT32, code="int8", multiplier=m, shift=e, rounding=rounding)
    for _ in range(COUNT // 1_000_000):
        x = rng.integers(-(1 << 30), 1 << 30, 1_000_000) >> rng.integers(0, 30, 1_000_000)
        ties = ((2 * rng.integers(-200, 200, 20_000) + 1) << (e - 1)) // m
        x[: len(ties)] = ties
        found = stage.compute(x.reshape(-1, 64)).ravel()
        np.testing.assert_array_equal(found, np.clip(product(m, e, rounding, x), -128, 127))


def pulses_of(x: np.ndarray, pulses: int) -> np.ndarray:
    """(groups, n): pulses one by one, places compared in whole numbers."""
    a = np.abs(x)
    total = a.sum(axis=1, keepdims=True)
    y = np.where(total > 0, pulses * a // np.maximum(total, 1), 0)
    y[total[:, 0] == 0, 0] = pulses
    while (left := y.sum(axis=1) < pulses).any():
        along, energy = (a * y).sum(axis=1), (y * y).sum(axis=1)
        best = np.zeros(len(a), dtype=np.int64)
        top, bottom = (along + a[:, 0]) ** 2, energy + 2 * y[:, 0] + 1
        for place in range(1, a.shape[1]):
            other, under = (along + a[:, place]) ** 2, energy + 2 * y[:, place] + 1
            wins = other * bottom > top * under
            best, top, bottom = (
                np.where(wins, place, best),
                np.where(wins, other, top),
                np.where(wins, under, bottom),
            )
        y[np.flatnonzero(left), best[left]] += 1
    return np.where(x < 0, -y, y)


@pytest.mark.long
@pytest.mark.parametrize(("group", "pulses"), [(4, 3), (8, 4), (8, 12), (16, 8)])
def test_pvq(group, pulses):
    rng = np.random.default_rng(group)
    spec = Pvq(frame=16, group=group, pulses=pulses, input=Format(width=12))
    for _ in range(COUNT // 1_000_000):
        x = rng.integers(-2048, 2048, (62_500, 16)) >> rng.integers(0, 12, (62_500, 1))
        found = spec.compute(x)
        want = pulses_of(x.reshape(-1, group), pulses)
        np.testing.assert_array_equal(found.codes.reshape(-1, group), want)
