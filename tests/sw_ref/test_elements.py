"""Element formats by name."""

import re
from fractions import Fraction

import pytest

from hadacast import elements
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import E2M1, E4M3, E8M0, NAMED, UE5M3, Minifloat

KNOWN = {
    "int2": Format(width=2),
    "int16": Format(width=16),
    "uint4": Format(width=4, signed=False),
    "mxint8": Format(width=8, fraction=6),
    "bfp2": Format(width=2),
    "bfp12": Format(width=12, fraction=10),
    **NAMED,
}


@pytest.mark.parametrize("name", KNOWN)
def test_by_name(name):
    assert elements.element("code", name) == KNOWN[name]


def test_a_format_is_itself():
    assert elements.element("code", E4M3) is E4M3


def test_tables():
    assert elements.element("code", {"exponent": 4, "mantissa": 3, "top": "nan"}) == E4M3
    assert elements.element("code", {"width": 5, "signed": False}) == Format(width=5, signed=False)


@pytest.mark.parametrize("text", [text for text in elements.NAMES if text != "bfp8"])
def test_names_lead_back(text):
    found = elements.name(elements.element("code", text))
    assert elements.element("code", found) == elements.element("code", text)


def test_names_of_what_has_two_or_none():
    assert elements.name(elements.element("", "bfp8")) == "mxint8"
    assert elements.name(Format(width=17)) == ""


WRONG = [
    ("int1", "code is 'int1': it must be one of int2"),
    ("int17", "code is 'int17': "),
    ("float", "code is 'float': "),
    ("E2M1", "code is 'E2M1': "),
    (4, "code is 4: "),
    (None, "code is None: "),
    ({"mantissa": 3}, "code has no field 'mantissa': it must be one of width, fraction, signed"),
    ({"exponent": 3}, "code has no mantissa: a table must say it"),
    ({}, "code has no width: a table must say it"),
    ({"exponent": 9, "mantissa": 1}, "exponent is 9: it must be an integer from 1 to 8"),
]


@pytest.mark.parametrize(("value", "text"), WRONG)
def test_refused(value, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        elements.element("code", value)


SIZES = {  # largest, floor of its log2, bits right of the leading one, magnitudes other than zero
    "int4": (7, 2, 2, 8),
    "uint4": (15, 3, 3, 15),
    "int8": (127, 6, 6, 128),
    "mxint8": (Fraction(127, 64), 0, 6, 128),
    "bfp4": (Fraction(7, 4), 0, 2, 8),
    "e2m1": (6, 2, 1, 7),
    "e2m3": (Fraction(15, 2), 2, 3, 31),
    "e3m2": (28, 4, 2, 31),
    "e4m3": (448, 8, 3, 126),
    "e5m2": (57344, 15, 2, 123),
    "ue5m3": (114688, 16, 3, 254),
    "e8m0": (2**127, 127, 0, 254),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    item = elements.element("code", name)
    found = (elements.largest(item), elements.emax(item), elements.mantissa_bits(item), elements.levels(item))
    assert found == SIZES[name]


def test_exactly_as_decoded():
    for item in (E2M1, E4M3, UE5M3, E8M0, Minifloat(exponent=8, mantissa=2, bias=256)):
        assert elements.largest(item) == Fraction(float(item.decode(item.max_code)))
