"""Rounding of ratios, against Python's Fractions, however long the numbers and far the shifts."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sw_ref.oracles.rational import code, rounded, two

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import E2M1, E4M3, E5M2, E8M0, FP32, Minifloat
from hadacast.rounding import LIMIT, MODES, check_overflow, clamp, odd_parts, to_codes, to_integers

pytestmark = pytest.mark.filterwarnings("error")

modes = st.sampled_from(MODES)
numbers = st.integers(-(1 << 48) + 1, (1 << 48) - 1)
ratios = st.tuples(st.integers(0, (1 << 62) - 1), st.integers(1, (1 << 62) - 1))
elements = st.sampled_from(
    [
        named("code", name)
        for name in (
            "e2m1",
            "e3m2",
            "e4m3",
            "e5m2",
            "ue5m3",
            "e8m0",
            "fp16",
            "fp32",
            "int4",
            "uint8",
            "mxint8",
        )
    ]
    + [
        Minifloat(exponent=5, mantissa=0),
        Minifloat(exponent=3, mantissa=2, subnormal=False),
        Format(width=63),
    ]
)


@settings(max_examples=400)
@given(numbers, ratios, st.integers(-2000, 2000) | st.integers(-40, 40), modes, st.integers(0, 255))
def test_integers(x, ratio, shift, mode, random):
    value = Fraction(x * ratio[0], ratio[1]) * two(shift)
    expected = min(max(rounded(value, mode, random), -(1 << LIMIT)), 1 << LIMIT)
    assert to_integers(x, *ratio, shift, mode, random) == expected


@settings(max_examples=400)
@given(elements, numbers, ratios, st.integers(-600, 600) | st.integers(-40, 40), modes, st.integers(0, 255))
def test_codes(element, x, ratio, shift, mode, random):
    value = Fraction(x * ratio[0], ratio[1]) * two(shift)
    found = int(to_codes(x, *ratio, shift, element, mode, "saturate", random))
    if isinstance(element, Format):
        beyond = Fraction(1 << LIMIT) / two(element.fraction)
        value = min(max(value, -beyond), beyond)
    expected = code(element, value, mode, random)
    if isinstance(element, Minifloat) and x < 0 and value == 0:
        expected |= element.sign_bit
    assert found == expected


@given(st.lists(st.tuples(numbers, ratios, st.integers(-700, 700)), min_size=2), elements, modes)
def test_an_array_is_its_elements(rows, element, mode):
    """Whatever the widest element of an array asks for, the others stay what they are."""
    x, above, below, shift = (
        np.array(column) for column in zip(*((x, *ratio, shift) for x, ratio, shift in rows), strict=True)
    )
    random = np.arange(len(rows)) * 37 % 256
    each = [
        to_codes(*row, element, mode, "saturate", r)
        for *row, r in zip(x, above, below, shift, random, strict=True)
    ]
    np.testing.assert_array_equal(to_codes(x, above, below, shift, element, mode, "saturate", random), each)


@given(st.lists(numbers, min_size=2).map(sorted), ratios, st.integers(-80, 80), elements, modes)
def test_order_is_kept(x, ratio, shift, element, mode):
    found = element.decode(to_codes(np.array(x), *ratio, shift, element, mode))
    assert (np.diff(found) >= 0).all()


def test_zeros_stay_zero_under_any_shift():
    for element in (FP32, E4M3, Format(width=8), Format(width=8, fraction=6)):
        found = to_codes(np.array([0, 1]), 1, 1, np.array([300, 300]), element, "even")
        np.testing.assert_array_equal(found, [0, element.max_code if isinstance(element, Minifloat) else 127])


def test_broadcasting():
    x = np.arange(-6, 6).reshape(3, 4)
    found = to_codes(x, np.array([1, 3, 5, 7]), np.array([[2], [3], [4]]), 0, Format(width=8), "even")
    expected = [
        [round(Fraction(int(v) * n, d)) for v, n in zip(row, (1, 3, 5, 7), strict=True)]
        for row, d in zip(x, (2, 3, 4), strict=True)
    ]
    np.testing.assert_array_equal(found, expected)
    assert to_codes(np.zeros((0, 4), int), 1, 3, 0, E2M1, "even").shape == (0, 4)
    assert to_integers(5, 1, 2, 0, "even").shape == ()


# Halves around zero: |x| = 1/2, 1, 3/2, 2, 5/2.
HALVES = {
    "even": [-2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2],
    "away": [-3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3],
    "up": [-2, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3],
    "zero": [-2, -2, -1, -1, 0, 0, 0, 1, 1, 2, 2],
}


@pytest.mark.parametrize("mode", HALVES)
def test_halves(mode):
    np.testing.assert_array_equal(to_integers(np.arange(-5, 6), 1, 2, 0, mode), HALVES[mode])


def test_stochastic_takes_its_share():
    """Of 256 random numbers, as many round x + n/256 away from zero as n says."""
    for n in range(256):
        found = to_integers(np.array([[256 + n], [-256 - n]]), 1, 256, 0, "stochastic", np.arange(256))
        assert (np.abs(found) == 2).sum(axis=1).tolist() == [n, n]
    # In E2M1, 2.5 lies between 2 and 3, and 5 between 4 and 6.
    found = to_codes(np.array([[5], [10]]), 1, 2, 0, E2M1, "stochastic", "saturate", np.arange(256))
    assert (found == [[5], [7]]).sum(axis=1).tolist() == [128, 128]


def test_the_sign_of_what_rounds_to_zero():
    assert to_codes(-1, 1, 100, 0, E2M1, "even") == 8
    assert to_codes(0, 1, 100, 0, E2M1, "even") == 0


def test_an_unsigned_format_takes_negative_values_as_zero():
    np.testing.assert_array_equal(
        to_codes(np.array([-9, 9]), 1, 1, 0, named("code", "ue5m3"), "even") > 0, [False, True]
    )
    np.testing.assert_array_equal(
        to_codes(np.array([-9, 9]), 1, 1, 0, Format(width=4, signed=False), "even"), [0, 9]
    )


def test_without_a_zero_the_least_number_is_as_near_as_it_gets():
    assert to_codes(0, 1, 1, 0, E8M0, "even") == to_codes(1, 1, 1, -200, E8M0, "even") == 0


OVERFLOWS = [
    (E4M3, "saturate", 0x7E, 0xFE),
    (E4M3, "nan", 0x7F, 0xFF),
    (E5M2, "nan", 0x7E, 0xFE),
    (E5M2, "inf", 0x7C, 0xFC),
    (E2M1, "saturate", 7, 15),
    (Format(width=4), "saturate", 7, -8),
    (Format(width=4), "wrap", 0, 0),
    (Format(width=4, signed=False), "saturate", 15, 0),
]


@pytest.mark.parametrize(("element", "overflow", "above", "below"), OVERFLOWS)
def test_overflow(element, overflow, above, below):
    x = np.array([1 << 20, -(1 << 20)])
    np.testing.assert_array_equal(to_codes(x, 1, 1, 0, element, "even", overflow), [above, below])


def test_overflow_begins_beyond_the_largest_number():
    """What rounds back to it is none: 464 is a tie that goes to 448."""
    assert to_codes(464, 1, 1, 0, E4M3, "even", "nan") == 0x7E
    assert to_codes(465, 1, 1, 0, E4M3, "even", "nan") == 0x7F
    assert to_codes(465, 1, 1, 0, E4M3, "zero", "nan") == 0x7E
    assert to_codes(61440, 1, 1, 0, E5M2, "even", "inf") == 0x7C


@given(st.integers(-(1 << 47), 1 << 47), st.integers(1, 16), st.booleans())
def test_wrap_keeps_the_low_bits(x, width, signed):
    element = Format(width=width, signed=signed)
    found = int(to_codes(x, 1, 1, 0, element, "even", "wrap"))
    assert (found - x) % (1 << width) == 0
    assert element.min <= found <= element.max


def test_wrap_far_beyond():
    assert to_codes((1 << 48) + 3, 1, 1, 0, Format(width=8), "even", "wrap") == 0


REFUSED = [
    ("clip", E2M1, "overflow is 'clip': it must be one of saturate, wrap, nan, inf"),
    ("nan", E2M1, "overflow is 'nan': for e2m1 it must be one of saturate"),
    ("inf", E4M3, "overflow is 'inf': for e4m3 it must be one of saturate, nan"),
    ("wrap", E5M2, "overflow is 'wrap': for e5m2 it must be one of saturate, nan, inf"),
    (
        "nan",
        Format(width=4),
        "overflow is 'nan': for signed 4-bit, 0 fraction bits it must be one of saturate, wrap",
    ),
]


@pytest.mark.parametrize(("overflow", "element", "text"), REFUSED)
def test_overflows_that_there_are_not(overflow, element, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}$"):
        check_overflow(overflow, element)


@given(st.fractions(min_value=Fraction(1, 1 << 80)))
def test_odd_parts(ratio):
    above, below, shift = odd_parts(ratio)
    assert above % 2 == below % 2 == 1
    assert Fraction(above, below) * two(shift) == ratio


def test_clamp():
    codes = np.array([-9, -8, 0, 7, 8])
    np.testing.assert_array_equal(clamp(codes, Format(width=4), "saturate"), [-8, -8, 0, 7, 7])
    np.testing.assert_array_equal(clamp(codes, Format(width=4), "wrap"), [7, -8, 0, 7, -8])
