"""Minifloats: what a format is, and what it refuses. Numbers and rounding: tests/sw_ref/oracles."""

import dataclasses
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sw_ref.oracles import exact

from hadacast.errors import HadacastError
from hadacast.minifloat import (
    E2M1,
    E2M3,
    E4M3,
    E5M2,
    E8M0,
    FP16,
    FP32,
    NAMED,
    TOPS,
    UE5M3,
    Minifloat,
)

pytestmark = pytest.mark.filterwarnings("error")


@st.composite
def minifloats(draw, width=10):
    exponent = draw(st.integers(1, 8))
    top = draw(st.sampled_from(TOPS if exponent > 1 else ("finite", "nan")))
    return Minifloat(
        exponent=exponent,
        mantissa=draw(st.integers(0, max(width - exponent, 0))),
        bias=draw(st.integers(-256, 256)),
        top=top,
        sign=draw(st.booleans()),
        subnormal=draw(st.booleans()),
    )


@given(minifloats())
def test_every_code_of_any_format(element):
    """The number of its definition, and back to the code it came from."""
    codes = np.arange(1 << element.width)
    values = element.decode(codes)
    magnitude = codes & ~element.sign_bit
    finite = magnitude <= element.max_code
    assert element.max_code == exact.top(element)
    for code in codes[finite]:
        number = exact.number(element, int(magnitude[code]))
        assert Fraction(float(values[code])) == (-number if code & element.sign_bit else number)
    np.testing.assert_array_equal(element.encode(values[finite]), codes[finite])
    assert not np.isfinite(values[~finite]).any()


@given(minifloats(), st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_encode_is_the_definition_for_any_float64(element, values):
    values = np.array(values if element.sign else np.abs(values))
    for value, code in zip(values, element.encode(values), strict=True):
        expected = exact.cast_fraction(element, Fraction(float(value)))
        assert code == (expected | element.sign_bit if np.signbit(value) else expected)


@given(minifloats())
def test_saturated_counts_what_rounds_beyond_the_largest(element):
    """At, and beside, half a step above the largest: a tie stays where the largest code is even."""
    last, following = (exact.number(element, element.max_code + more) for more in (0, 1))
    middle = float((last + following) / 2)
    values = np.array([float(last), middle, np.nextafter(middle, 0), np.nextafter(middle, np.inf), 1e300])
    wrong = [exact.cast_fraction(_wider(element), Fraction(v)) > element.max_code for v in values]
    assert element.saturated(values) == sum(wrong)


def _wider(element):
    """The same numbers, and codes for larger ones: a bit more of exponent, all finite."""
    if element.exponent < 8:
        return dataclasses.replace(element, exponent=element.exponent + 1, top="finite")
    return dataclasses.replace(element, top="finite") if element.top != "finite" else _Longer(element)


class _Longer:
    """A format of nine exponent bits, which Minifloat doesn't have."""

    def __init__(self, element):
        self.__dict__.update(dataclasses.asdict(element), exponent=9)


EXAMPLES = [
    (E4M3, 464, 0),
    (E4M3, 464.001, 1),
    (E5M2, 61439.9, 0),
    (E5M2, 61440, 1),
    (E2M1, 6.9, 0),
    (E2M1, -7, 1),
]


@pytest.mark.parametrize(("element", "value", "count"), EXAMPLES)
def test_saturated(element, value, count):
    assert element.saturated([value, 1.0]) == count


def test_saturated_infinities():
    """An infinity is clipped only where there is none to become."""
    assert E4M3.saturated([np.inf, -np.inf, np.nan]) == 2
    assert E5M2.saturated([np.inf, -np.inf, np.nan]) == 0


def test_defaults():
    element = Minifloat(exponent=4, mantissa=3)
    assert (element.bias, element.top, element.sign, element.subnormal, element.name) == (
        7,
        "finite",
        True,
        True,
        "",
    )
    assert dataclasses.replace(element, top="nan") == E4M3  # the name has no part
    assert (element.width, element.bytes, element.signed, element.min, element.max) == (8, 1, False, 0, 255)


@pytest.mark.parametrize("element", NAMED.values(), ids=str)
def test_names(element):
    assert str(element) == element.name


def test_str_of_what_has_no_name():
    assert str(Minifloat(exponent=3, mantissa=4, bias=-2, top="ieee")) == "e3m4 bias -2 ieee"
    assert str(Minifloat(exponent=3, mantissa=4, sign=False)) == "ue3m4 bias 3 finite"


CODES = {
    E2M1: (8, 7, None, None),
    E4M3: (0x80, 0x7E, 0x7F, None),
    E5M2: (0x80, 0x7B, 0x7E, 0x7C),
    UE5M3: (0, 0xFE, 0xFF, None),
    E8M0: (0, 0xFE, 0xFF, None),
    FP16: (0x8000, 0x7BFF, 0x7E00, 0x7C00),
    FP32: (1 << 31, 0x7F7FFFFF, 0x7FC00000, 0x7F800000),
}


@pytest.mark.parametrize("element", CODES, ids=str)
def test_special_codes(element):
    assert (element.sign_bit, element.max_code, element.nan_code, element.inf_code) == CODES[element]


def test_ieee_without_mantissa_has_no_infinity():
    element = Minifloat(exponent=3, mantissa=0, top="ieee")
    assert (element.inf_code, element.nan_code) == (None, 7)
    assert np.isnan(element.decode(7))


def test_shapes_and_dtypes():
    x = np.arange(12).reshape(3, 4)[:, ::2]
    assert E2M3.encode(x).shape == (3, 2)
    assert E2M3.encode(x).dtype == np.int64
    assert E2M3.encode(3).shape == ()
    assert E2M3.encode(np.float16([1.5]))[0] == E2M3.encode(np.uint8([3]) / 2)[0]
    assert E2M3.decode(np.zeros((2, 0), int)).shape == (2, 0)


WRONG = [
    ({"exponent": 0}, "exponent is 0: it must be an integer from 1 to 8"),
    ({"exponent": 9}, "exponent is 9: "),
    ({"mantissa": -1}, "mantissa is -1: it must be an integer from 0 to 23"),
    ({"mantissa": True}, "mantissa is True: "),
    ({"bias": 257}, "bias is 257: it must be an integer from -256 to 256"),
    ({"top": "inf"}, "top is 'inf': it must be one of finite, nan, ieee"),
    ({"sign": 1}, "sign is 1: it must be true or false"),
    ({"subnormal": None}, "subnormal is None: it must be true or false"),
    ({"name": 3}, "name is 3: "),
    ({"exponent": 1, "top": "ieee"}, "exponent is 1: with top 'ieee' it must be 2 or more"),
]


@pytest.mark.parametrize(("settings", "text"), WRONG)
def test_refused(settings, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Minifloat(**{"exponent": 4, "mantissa": 3, **settings})


VALUES = [
    (E2M1, [0.0, np.nan], "input has NaN values: e2m1 holds none"),
    (UE5M3, [1.0, -1.0], "input has negative values: ue5m3 holds none"),
    (E4M3, [1j], "input has dtype complex128: "),
    (E4M3, np.zeros(1, np.longdouble), "input has dtype float128: "),
    (E4M3, ["1"], "input has dtype <U1: "),
    (E4M3, [[1], [1, 2]], "input is [[1], [1, 2]]: it must be an array of numbers"),
]


@pytest.mark.parametrize(("element", "values", "text"), VALUES)
def test_values_refused(element, values, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        element.encode(values)


def test_codes_refused():
    with pytest.raises(HadacastError, match=re.escape("input[1] is 16: e2m1 holds 0 to 15")):
        E2M1.decode([3, 16])
    with pytest.raises(HadacastError, match="input has dtype float64: it must be an integer type"):
        E2M1.decode([1.0])
