"""Power-of-two scales: the five rules, both ends of E8M0, and numbers of any length."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.elements import element as named
from hadacast.elements import emax
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import E2M1, E4M3, E5M2, FP32
from hadacast.scale.exponent import RULES, Exponent
from hadacast.scale.scale import Groups

# The E8M0 code of an E2M1 block, amax 4 to 8 in quarters: 127 keeps the scale at 1, 128 doubles it.
QUARTERS = np.arange(16, 33)
CODES = {
    "floor": [127] * 16 + [128],
    "ceil": [127] + [128] * 15 + [129 - 1],
    "even": [127] * 12 + [128] * 5,  # 7 and above round to 8
    "rceil": [127] * 9 + [128] * 8,  # above 6
    "three_quarters": [127] * 8 + [128] * 9,  # from 6 on
}


@pytest.mark.parametrize("rule", RULES)
def test_rules(rule):
    np.testing.assert_array_equal(Exponent(rule=rule).codes_of(QUARTERS, -2, E2M1), CODES[rule])


def test_three_quarters_brings_the_maximum_into_3_to_6():
    amax = np.arange(1, 1 << 12)
    scale = np.ldexp(1.0, Exponent(rule="three_quarters").codes_of(amax, 0, E2M1) - 127)
    assert ((amax / scale >= 3) & (amax / scale < 6)).all()


def test_a_factor_of_three_quarters():
    """As QuTLASS: 3·x/2^⌊log2 a⌋, rounded; the scale that leaves is a quarter of that power."""
    scale, e2m1 = Exponent(factor="3/4"), named("code", "e2m1")
    x = np.random.default_rng(1).integers(-5000, 5001, (300, 1, 32)) // np.arange(1, 301)[:, None, None]
    codes, sides = scale.quantize(Groups(x=x, fraction=4), e2m1, "even", "saturate")
    amax = np.abs(x).max(axis=2)
    power = np.exp2(np.floor(np.log2(np.maximum(amax, 1))))
    numbers = 3 * np.abs(x) / power[..., None]
    assert ((3 * amax / power >= 3) & (3 * amax / power < 6) | (amax == 0)).all()
    grid = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    distance = np.abs(grid - numbers[..., None]) + np.arange(8) % 2 * 1e-9  # ties to even codes
    assert (E2M1.decode(codes) == np.sign(x) * grid[distance.argmin(axis=-1)]).all()
    nonzero = amax > 0
    assert (np.ldexp(1.0, sides["scale"] - 127)[nonzero] == power[nonzero] / 4 / 16).all()
    assert scale.block(e2m1, Format(width=16), False).gain == (Fraction(4, 3),)


@pytest.mark.parametrize("name", ["e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "mxint8", "bfp5", "int4"])
def test_rceil_is_the_least_scale_that_saturates_nothing(name):
    element, amax = named("code", name), np.arange(1, 1 << 12)
    scale = np.ldexp(1.0, Exponent(rule="rceil").codes_of(amax, 0, element) - 127)
    largest = float(element.decode(element.max_code if hasattr(element, "max_code") else element.max))
    assert (amax / scale <= largest).all()
    assert (2 * amax / scale > largest).all()


def test_both_ends():
    """Scales are held in 0 … 254; a group of zeros has 0."""
    exponent = Exponent()
    powers = np.array([-1000, -126, -125, -124, 126, 127, 128, 1000])
    np.testing.assert_array_equal(
        exponent.codes_of(np.full(8, 4), powers, E2M1), [0, 1, 2, 3, 253, 254, 254, 254]
    )
    np.testing.assert_array_equal(exponent.codes_of(np.zeros(2, int), np.array([-300, 300]), E2M1), [0, 0])
    groups = Groups(x=np.array([[[0, 0]], [[5, 0]]]), fraction=0, exponent=np.array([[300], [300]]))
    codes, sides = exponent.quantize(groups, named("code", "mxint8"), "even", "saturate")
    np.testing.assert_array_equal(codes[:, 0], [[0, 0], [127, 0]])
    np.testing.assert_array_equal(sides["scale"][:, 0], [0, 254])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("element", [FP32, named("code", "int16"), E5M2], ids=str)
def test_long_numbers(rule, element):
    """48 bits of amax against 24 bits of mantissa: next to where each rule turns, in Python's integers."""
    bound, equal = Exponent(rule=rule).bound(element)
    turn = bound * (1 << 47)
    amax = [a for a in range(int(turn) - 1, int(turn) + 3) if a < 1 << 48]
    found = Exponent(rule=rule).codes_of(np.array(amax), -47, element)
    for a, code in zip(amax, found, strict=True):
        mantissa = Fraction(a, 1 << 47)
        more = mantissa >= bound if equal else mantissa > bound
        assert code == min(max(127 - emax(element) + more, 0), 254)


def test_nan_frames():
    groups = Groups(
        x=np.array([[[1, 2]], [[3, -4]]]),
        fraction=0,
        exponent=np.zeros((2, 1), int),
        invalid=np.array([[True], [False]]),
    )
    codes, sides = Exponent().quantize(groups, E4M3, "even", "saturate")
    assert codes[0].tolist() == [[0, 0]]
    assert sides["scale"].tolist() == [[255], [120 + 1]]


def test_block_floating_point():
    """m bits: e = floor(log2 a), mantissas of m - 2 fraction bits; a carry saturates, or bumps e."""
    bfp4 = named("code", "bfp4")
    groups = Groups(x=np.array([[[30, -31, 15, 4]]]), fraction=0)
    codes, sides = Exponent().quantize(groups, bfp4, "even", "saturate")
    assert (codes[0, 0].tolist(), sides["scale"][0, 0]) == ([7, -8, 4, 1], 127 + 4)
    codes, sides = Exponent(rule="even").quantize(groups, bfp4, "even", "saturate")
    assert (codes[0, 0].tolist(), sides["scale"][0, 0]) == ([4, -4, 2, 0], 127 + 5)


def test_refused():
    with pytest.raises(
        HadacastError, match=re.escape("rule is 'round': it must be one of floor, ceil, even")
    ):
        Exponent(rule="round")
    with pytest.raises(HadacastError, match=r"^factor is 1/2: it must be 1 or 3/4$"):
        Exponent(factor="1/2")
    with pytest.raises(HadacastError, match=r"^factor is 3/4: arithmetic 'torchao' has 1$"):
        Exponent(factor="3/4", arithmetic="torchao").check(E2M1, Format(width=16), False)
