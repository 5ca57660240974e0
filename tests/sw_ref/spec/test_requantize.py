"""Dyadic requantization against formulas of its published kinds, written here from their definitions."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.requantize import Requantize, dyadic

INT32 = Format(width=32)


def inputs(m, e, count=2000):
    """Random 32-bit numbers, the extremes, and those whose product lies next to ties."""
    rng = np.random.default_rng(1)
    x = rng.integers(-(1 << 31), 1 << 31, count) >> rng.integers(0, 31, count)
    near = [round((k + 0.5) * 2**e / m) + d for k in range(-20, 20) for d in (-1, 0, 1)] if m else []
    x[: len(near)] = np.clip(near, -(1 << 31), (1 << 31) - 1)
    x[-3:] = -(1 << 31), (1 << 31) - 1, 0
    return [int(v) for v in x]


def saturated(numbers, zero=0, bits=8):
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return [min(max(n + zero, low), high) for n in numbers]


def rounding_doubling_high_mul(a, b):
    """gemmlowp fixedpoint.h, SaturatingRoundingDoublingHighMul: C++'s division truncates."""
    if a == b == -(1 << 31):
        return (1 << 31) - 1
    ab = a * b
    nudge = 1 << 30 if ab >= 0 else 1 - (1 << 30)
    total = ab + nudge
    return total // (1 << 31) if total >= 0 else -(-total // (1 << 31))


def rounding_divide_by_pot(x, exponent):
    """gemmlowp fixedpoint.h, RoundingDivideByPOT: shifts of signed numbers, and a threshold."""
    mask = (1 << exponent) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


PAIRS = [
    (1 << 30, 31),
    ((1 << 31) - 1, 38),
    (1518500250, 40),
    (1234567891, 33),
    (1 << 31, 45),
    (1500000001, 31),
]


@pytest.mark.parametrize(("m", "e"), PAIRS)
def test_hawq_rounds_once_to_even(m, e):
    x = inputs(m, e)
    want = saturated([round(Fraction(v * m, 1 << e)) for v in x])  # Python rounds Fractions half to even
    spec = Requantize(frame=2048, input=INT32, multiplier=m, shift=e)
    assert spec.compute(np.resize(x, 2048))[: len(x)].tolist() == want


@pytest.mark.parametrize(("m", "e"), PAIRS)
def test_xnnpack_rounds_once_half_up(m, e):
    """XNNPACK's rndnu: (x·m + 2^(e-1)) >> e."""
    x = inputs(m, e)
    want = saturated([(v * m + (1 << (e - 1))) >> e for v in x], zero=5)
    spec = Requantize(frame=2048, input=INT32, multiplier=m, shift=e, rounding="up", zero=5)
    assert spec.compute(np.resize(x, 2048))[: len(x)].tolist() == want


@pytest.mark.parametrize(("m", "e"), [pair for pair in PAIRS if pair[0] < 1 << 31])
def test_gemmlowp_rounds_twice(m, e):
    x = inputs(m, e)
    want = saturated([rounding_divide_by_pot(rounding_doubling_high_mul(v, m), e - 31) for v in x])
    spec = Requantize(frame=2048, input=INT32, multiplier=m, shift=e, rounding="gemmlowp")
    assert spec.compute(np.resize(x, 2048))[: len(x)].tolist() == want


def test_gemmlowp_shifts_left_before_it_multiplies():
    m, e = 1234567891, 28
    x = [v >> 8 for v in inputs(m, e)]
    want = saturated([rounding_doubling_high_mul(v << 3, m) for v in x])
    spec = Requantize(frame=2048, input=INT32, multiplier=m, shift=e, rounding="gemmlowp")
    assert spec.compute(np.resize(x, 2048))[: len(x)].tolist() == want


def test_the_three_differ():
    """Each pair of kinds disagrees somewhere: the tests above cannot be satisfied by one of them alone."""
    m, e = 1 << 30, 34
    x = np.arange(-1024, 1024)
    found = [
        Requantize(frame=2048, input=INT32, multiplier=m, shift=e, rounding=mode).compute(x)
        for mode in ("even", "up", "gemmlowp", "away", "zero")
    ]
    for index, a in enumerate(found):
        assert all((a != b).any() for b in found[index + 1 :])


def test_scales_are_converted_as_hawq_does():
    rng = np.random.default_rng(2)
    for scale in [
        0.1,
        1.0,
        0.5,
        1 - 2**-53,
        1 - 2**-40,
        *rng.random(500) * 2.0 ** rng.integers(-30, 10, 500),
    ]:
        mantissa, exponent = np.frexp(scale)
        m = int(Decimal(float(mantissa) * 2.0**31).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        assert dyadic(float(scale)) == (m, 31 - int(exponent))
    # A mantissa next to 1 rounds up to 2^31.
    assert dyadic(1 - 2**-40) == (1 << 31, 31)


def test_channels():
    scale = (0.25, 0.1, 3.0, 1e-3)
    spec = Requantize(frame=4, input=INT32, scale=scale, zero=(0, 1, -2, 3))
    x = np.array([[1000, -777, 33, 20500], [-6, 5, 0, 123456]])
    want = [
        saturated(
            [round(Fraction(int(v)) * Fraction(m, 1 << e)) for v, m, e in zip(row, *spec.dyadic, strict=True)]
        )
        for row in x
    ]
    want = [[min(max(a + z, -128), 127) for a, z in zip(row, (0, 1, -2, 3), strict=True)] for row in want]
    assert spec.compute(x).tolist() == want


def test_double_rounding_from_8_bits_to_fewer():
    """q_l = RNE(q_h / 2^(h - l)): one stored code, several precisions."""
    x = np.arange(-128, 128)
    for bits in (6, 4, 2):
        spec = Requantize(frame=256, input=Format(width=8), code=f"int{bits}", multiplier=1, shift=8 - bits)
        assert spec.compute(x).tolist() == saturated(
            np.rint(x / 2 ** (8 - bits)).astype(int).tolist(), bits=bits
        )


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "multiplier or scale"),
        ({"multiplier": 1, "scale": 0.5}, "multiplier or scale"),
        ({"multiplier": -1}, "multiplier is -1"),
        ({"multiplier": (1 << 32) + 1}, "multiplier is"),
        ({"multiplier": (1, 2)}, "multiplier has 2"),
        ({"scale": 0.5, "shift": 3}, "shift is"),
        ({"scale": 0}, "scale is 0"),
        ({"multiplier": 1, "code": "e4m3"}, "code is e4m3"),
        ({"multiplier": 1, "input": Format(width=50)}, "up to 48 bits"),
        ({"multiplier": 1, "rounding": "stochastic"}, "rounding is"),
        ({"multiplier": 1, "zero": 1 << 25}, "zero is"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Requantize(frame=8, **settings)
