"""What definitions share: transforms and roundings as formulas, exact on what float64 holds exactly."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sylvester(n: int) -> Floats:
    """H_n, ±1, natural order, by its recursion."""
    h = np.ones((1, 1))
    while len(h) < n:
        h = np.block([[h, h], [h, -h]])
    return h


def wht(x: Floats, n: int) -> Floats:
    """Un-normalized transform of each n in a row, along the last axis: exact while sums are."""
    return (x.reshape(*x.shape[:-1], -1, n) @ sylvester(n)).reshape(x.shape)


def nearest_ratio(numerator: Floats, denominator: Floats) -> Floats:
    """round(numerator / denominator), ties to even, for integers |·| < 2^52 in float64; denominator > 0."""
    n, d = np.broadcast_arrays(
        np.asarray(numerator).astype(np.int64), np.asarray(denominator).astype(np.int64)
    )
    low = n // d
    twice = 2 * (n - low * d)
    up = (twice > d) | ((twice == d) & (low % 2 == 1))
    return (low + up).astype(np.float64)


def away_ratio(numerator: Floats, denominator: Floats) -> Floats:
    """round(numerator / denominator), ties away from zero, likewise."""
    n, d = np.broadcast_arrays(
        np.asarray(numerator).astype(np.int64), np.asarray(denominator).astype(np.int64)
    )
    return (np.sign(n) * ((2 * np.abs(n) + d) // (2 * d))).astype(np.float64)


def grouped(x: Floats, group: int) -> Floats:
    """(frames, groups, group)."""
    return x.reshape(len(x), -1, group)
