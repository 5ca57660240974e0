"""Random groups of numbers, as the integers that hardware sees and as the float32 that packages take."""

from typing import Any

import numpy as np

from hadacast.scale.scale import Groups

# A group's magnitudes stay below 2^MOST; a float32 holds each exactly.
MOST = 40


def groups(
    rng: np.random.Generator, count: int, size: int, low: int = -149, high: int = 127
) -> tuple[Any, Any, Any]:
    """x (count, size) int64, power (count,) and the values x·2^power as float32, exactly.

    A mixture, group by group: normal and heavy-tailed numbers, small integers (ties), one huge outlier,
    largest magnitudes next to where scale rules change their mind, all equal, one number alone, zeros;
    exponents all over float32's range between 2^low and 2^high, its ends included.
    """
    kind = rng.integers(0, 8, (count, 1))
    normal = rng.standard_normal((count, size)) * (1 << 20)
    heavy = np.sign(normal) * np.exp2(rng.uniform(0, 23, (count, size)))
    small = rng.integers(-96, 97, (count, size)).astype(np.float64)
    outlier = np.where(np.arange(size) == rng.integers(0, size, (count, 1)), normal * (1 << 14), normal / 16)
    top = _near(rng, (count, 1)) * np.where(rng.integers(0, 2, (count, 1)) == 0, 1.0, -1.0)
    edge = np.where(np.arange(size) == 0, top, np.clip(normal, -np.abs(top), np.abs(top)) / 4)
    equal = np.broadcast_to(np.trunc(normal[:, :1]), normal.shape)
    alone = np.where(np.arange(size) == rng.integers(0, size, (count, 1)), normal, 0)
    found = np.select([kind == k for k in range(7)], [normal, heavy, small, outlier, edge, equal, alone], 0.0)
    x = np.trunc(_twenty_four_bits(found)).astype(np.int64)
    bits = np.frexp(np.abs(x).max(axis=1).astype(np.float64))[1]
    power = rng.integers(low, high + 1 - bits, count)
    ends = rng.integers(0, 16, count)
    power = np.where(ends == 0, high + 1 - bits, np.where(ends == 1, low, power))
    real = np.ldexp(x.astype(np.float64), power[:, None])
    floats = real.astype(np.float32)
    assert np.array_equal(floats.astype(np.float64), real)
    return x, power, floats


def framed(x: Any, power: Any, random: Any = 0) -> Groups:
    """One group a frame, each with its own exponent."""
    return Groups(x=x[:, None, :], fraction=0, exponent=power[:, None], random=random)


def _near(rng: np.random.Generator, shape: tuple[int, int]) -> Any:
    """Integers of 24 bits next to where a mantissa decides about an exponent."""
    mantissa = rng.choice([1, 1.25, 1.5, 1.75, 1.875, 1.9375, 1.96875, 2 - 2.0**-7, 2 - 2.0**-8], shape)
    return mantissa * (1 << 23) + rng.integers(-2, 3, shape)


def _twenty_four_bits(values: Any) -> Any:
    return values.astype(np.float32).astype(np.float64)
