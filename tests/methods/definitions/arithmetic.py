"""What definitions share: transforms and roundings as formulas, exact on what float64 holds exactly."""

from typing import Any

import numpy as np
from methods.bench import Near
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


def paley2(q: int) -> Floats:
    """Paley's second Hadamard matrix, of order 2(q + 1), q = 1 mod 4 a prime: of C + I, C - I, C - I, -C - I
    with C = [[0, 1], [1, Q]]."""
    c = np.ones((q + 1, q + 1))
    c[0, 0] = 0
    c[1:, 1:] = residues(q)
    i = np.eye(q + 1)
    return np.block([[c + i, c - i], [c - i, -c - i]])


def residues(q: int) -> Floats:
    """Q of a prime q: Q[a, b] is 1 where a - b is a square other than 0, -1 where it is none."""
    squares = {a * a % q for a in range(1, q)}
    of = np.array([0] + [1 if a in squares else -1 for a in range(1, q)], dtype=np.float64)
    return of[(np.arange(q)[:, None] - np.arange(q)) % q]


def stored(numerator: Floats, denominator: float, store: Any = np.float16) -> Floats:
    """numerator/denominator as fp16 or fp32, for an integer below 2^12 and numerators that float64 holds.

    float64 comes before: a quotient that is no tie is further than 2^-37 of itself from one, so the first
    rounding doesn't move it onto one.
    """
    return (np.asarray(numerator) / denominator).astype(store).astype(np.float64)


def symmetric(
    y: Floats,
    unit: float,
    most: int,
    clip: tuple[int, int] = (1, 1),
    negative: int | None = None,
    store: Any = np.float16,
) -> dict[str, Floats]:
    """Symmetric integers with one scale for each row: s = clip·max|y|/most, 1 for zeros; round(y/s), ties to
    even, held in -most - 1 … most. y: multiples of `unit`. The scale is stored as fp16 or fp32. clip: over
    and under; `negative`, over the same, is that of the negative end, where it has its own."""
    steps = np.rint(y / unit)
    top, bottom = clip
    weights = np.where(steps < 0, top if negative is None else negative, top)
    a = (np.abs(steps) * weights).max(axis=1, keepdims=True)
    codes = nearest_ratio(steps * (most * bottom), np.maximum(a, 1))
    scale = np.where(a == 0, 1, stored(a * unit, most * bottom, store))
    return {"codes": np.clip(codes, -most - 1, most), "scale": scale}


def asymmetric(
    y: Floats,
    unit: float,
    bits: int,
    clip: tuple[int, int] = (1, 1),
    least: int = 1,
    zero: bool = True,
    ends: bool = False,
) -> dict[str, Floats]:
    """Unsigned integers with scale and zero point for each row: s = clip·(max - min)/(2^bits - 1), max - min
    being `least` units or more; z = round(-min/s); round(y/s) + z, held in 0 … 2^bits - 1. `zero`: the range
    holds 0. `ends`: min and max themselves are clipped, so z is made of clip·min. The scale is stored as
    fp16."""
    steps = np.rint(y / unit)
    top, bottom = clip
    most = 2**bits - 1
    low, high = steps.min(axis=1, keepdims=True), steps.max(axis=1, keepdims=True)
    if zero:
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    span = np.maximum(high - low, least)
    z = nearest_ratio(-low * most, span) if ends else nearest_ratio(-low * (most * bottom), span * top)
    codes = nearest_ratio(steps * (most * bottom), span * top) + z
    scale = stored(span * top * unit, most * bottom)
    return {"codes": np.clip(codes, 0, most), "scale": scale, "zero": z}


def paley1(q: int) -> Floats:
    """Paley's first Hadamard matrix, of order q + 1, q = 3 mod 4 a prime: I + [[0, 1], [-1, Q]]."""
    h = np.eye(q + 1)
    h[0, 1:] = 1
    h[1:, 0] = -1
    h[1:, 1:] += residues(q)
    return h


def random_signs(seed: int, n: int) -> Floats:
    """±1 for n places: bit i of SplitMix64's outputs, lowest bits first, is 1 where place i is negative."""
    mask, bits = 0, 2**64 - 1
    for word in range(-(-n // 64)):
        z = (seed + (word + 1) * 0x9E3779B97F4A7C15) & bits
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & bits
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & bits
        mask |= (z ^ (z >> 31)) << (64 * word)
    return np.array([-1.0 if mask >> i & 1 else 1.0 for i in range(n)])


def kronecker(x: Floats, k: Floats, n: int) -> Floats:
    """(k ⊗ H_n) x for rows x: each as len(k) rows of n, H_n along rows, k along columns."""
    rows = x.reshape(-1, len(k), n) @ sylvester(n)
    return np.matmul(k, rows).reshape(x.shape)


# What real numbers become that are known within an error only. s is made of the group's extremes: if they are
# off by e, y/s with y off by E is off by (E + |y|·e/a)·most/(a - e), a the extreme that s is most-th part of.


def near_symmetric(y: Floats, error: Floats, most: int, clips: tuple[float, float]) -> dict[str, Any]:
    """Symmetric integers as by symmetric(), with a clip for the positive end and one for the negative; each y
    within `error` of what is rounded. Frames of zeros have no error, and the scale 1."""
    positive, negative = clips
    weighted = np.where(y < 0, -y * negative, y * positive)
    a = weighted.max(axis=1, keepdims=True)
    e = error.max(axis=1, keepdims=True)
    off, scale_off = quotient_error(y, error, a, e, most)
    values = np.clip(most * y / np.where(a > 0, a, 1), -most - 1, most)
    scale = np.where(a > 0, a / most, 1)
    return {"codes": Near(values, 0.5 + off), "scale": Near(scale, scale_off)}


def quotient_error(y: Floats, error: Floats, a: Floats, e: Floats, most: int) -> tuple[Floats, Floats]:
    """How far most·y/a can be off, and a/most as fp16."""
    sure = a > e
    below = np.where(sure, a - e, 1)
    off = np.where(sure, (error + np.abs(y) * e / np.where(sure, a, 1)) * most / below, 2.0 * most + 1)
    # fp16 keeps 11 bits; below 2^-14 its step is 2^-24. Of zeros the scale is 1.
    rounding = (a + e) / most * 2.0**-11 + 2.0**-25
    return np.where(a + e > 0, off, 0), np.where(a + e > 0, e / most + rounding + np.where(sure, 0, 1), 0)


def nearest_of(numbers: Floats, numerator: Floats, denominator: Floats) -> Floats:
    """The nearest of rising `numbers` to numerator/denominator ≥ 0, ties to the one of even place, as
    minifloats round; the last one for what is beyond. Products with their means are exact in float64."""
    means = (numbers[:-1] + numbers[1:]) / 2
    place = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape), dtype=np.int64)
    for below, mean in enumerate(means):
        limit = mean * denominator
        place += (numerator > limit) | ((numerator == limit) & (below % 2 == 1))
    return numbers[place]
