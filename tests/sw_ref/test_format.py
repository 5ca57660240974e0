"""Formats against exact rational arithmetic."""

import dataclasses
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadacast.errors import HadacastError
from hadacast.format import Format

pytestmark = pytest.mark.filterwarnings("error")

formats = st.builds(Format, width=st.integers(1, 63), fraction=st.integers(-64, 128), signed=st.booleans())
reals = st.floats(allow_nan=False, allow_infinity=False)
WIDTHS = [(width, signed) for width in range(1, 64) for signed in (True, False)]


def rounded(format_: Format, value: float | int) -> int:
    """The nearest code step, ties to even, without a limit; Fraction's round() is that."""
    return round(Fraction(value) * Fraction(2) ** format_.fraction)


def clipped(format_: Format, code: int) -> int:
    return min(max(code, format_.min), format_.max)


@st.composite
def near_codes(draw):
    """A format, and floats on, halfway between and one float beside its codes, limits included."""
    format_ = draw(formats)
    limits = st.sampled_from([format_.min, format_.max, format_.max + 1, 0])
    codes = draw(st.lists(st.integers(format_.min, format_.max) | limits, min_size=1))
    values = np.array([float(code) for code in codes]) + draw(st.sampled_from([-1, -0.5, 0, 0.5, 1]))
    values = np.ldexp(values, -format_.fraction)
    side = draw(st.sampled_from([-np.inf, None, np.inf]))
    return format_, values if side is None else np.nextafter(values, side)


@pytest.mark.parametrize(("width", "signed"), WIDTHS)
def test_range_of_every_width(width, signed):
    format_ = Format(width=width, signed=signed)
    assert format_.max - format_.min + 1 == 2**width
    assert format_.min == (-(2 ** (width - 1)) if signed else 0)
    assert 8 * format_.bytes >= width > 8 * (format_.bytes - 1)
    # One code inside, on, and outside each limit, in floats where a float can say so.
    for limit in (format_.min, format_.max):
        for value in {float(limit + step) + half for step in (-2, -1, 0, 1, 2) for half in (-0.5, 0, 0.5)}:
            code = rounded(format_, value)
            assert format_.encode(value) == clipped(format_, code)
            assert format_.saturated(value) == (code != clipped(format_, code))
    for code in {format_.min, format_.min + 1, 0, format_.max - 1, format_.max}:
        assert format_.check(code) == code
        assert format_.check(np.array([code], np.int64 if code <= 2**63 - 1 else np.uint64))[0] == code
    for code in (format_.min - 1, format_.max + 1):
        with pytest.raises(HadacastError, match=f"input is {code}: "):
            format_.check(code)


@given(formats, st.lists(reals))
def test_encode_any_floats(format_, values):
    codes = [rounded(format_, value) for value in values]
    encoded = format_.encode(np.array(values, dtype=np.float64))
    assert encoded.dtype == np.int64
    assert encoded.tolist() == [clipped(format_, code) for code in codes]
    clips = sum(code != clipped(format_, code) for code in codes)
    assert format_.saturated(np.array(values, dtype=np.float64)) == clips


@given(near_codes())
def test_encode_near_codes_and_ties(case):
    format_, values = case
    codes = [rounded(format_, value) for value in values.tolist()]
    assert format_.encode(values).tolist() == [clipped(format_, code) for code in codes]
    assert format_.saturated(values) == sum(code != clipped(format_, code) for code in codes)


@given(formats, st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_encode_integers(format_, values):
    expected = [clipped(format_, rounded(format_, value)) for value in values]
    assert format_.encode(values).tolist() == expected
    assert format_.encode(np.array(values, dtype=">i8")).tolist() == expected


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f4", np.int8, np.uint8, np.int16, np.uint64])
def test_encode_of_each_dtype(dtype):
    x = np.arange(0, 100, 3).astype(dtype)
    for fraction in (-3, 0, 2):
        format_ = Format(width=9, fraction=fraction)
        assert format_.encode(x).tolist() == [clipped(format_, rounded(format_, int(v))) for v in x]


def test_encode_halves_go_to_even():
    halves = np.arange(-4, 5) + 0.5
    assert Format(width=8).encode(halves).tolist() == [-4, -2, -2, 0, 0, 2, 2, 4, 4]
    assert Format(width=8, fraction=-1).encode([1, 3, 5, -1, -3]).tolist() == [0, 2, 2, 0, -2]


def test_encode_huge_values_saturate_silently():
    for format_ in (Format(width=63, fraction=128), Format(width=63, fraction=128, signed=False)):
        assert format_.encode([1.7e308, -1.7e308, 5e-324]).tolist() == [format_.max, format_.min, 0]
    assert Format(width=63, fraction=-64).encode([5e-324, -5e-324, 0.0, -0.0]).tolist() == [0, 0, 0, 0]


def test_saturated_counts_the_code_just_above_a_63_bit_limit():
    # float(max) is max + 1 here, so a comparison with max itself would miss it.
    assert Format(width=63).saturated([2.0**62, -(2.0**62), 2.0**62 - 512]) == 1
    assert Format(width=63, signed=False).saturated([2.0**63, 2.0**63 - 1024, -0.5, -0.51]) == 2


@pytest.mark.parametrize("method", ["encode", "saturated"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, np.nan], "input has NaN or infinite values: signed 16-bit"),
        (np.inf, "NaN or infinite"),
        (np.array([-np.inf], np.float16), "NaN or infinite"),
        ([1j], "dtype complex128"),
        (["1.5"], "dtype <U3"),
        ([None], "dtype object"),
        ([True], "dtype bool"),
        ([2**70], "dtype object"),
        (np.array(["2020-01-01"], "M8[D]"), "dtype datetime64"),
        ([[1.0], [1.0, 2.0]], r"input is \[\[1.0\], \[1.0, 2.0\]\]: it must be an array of numbers"),
        ([2**53 + 1], "integers beyond ±2\\^53"),
        (np.array([2**64 - 1], np.uint64), "integers beyond"),
        (np.array([-(2**63)]), "integers beyond"),
    ],
)
def test_values_refused(method, values, message):
    with pytest.raises(HadacastError, match=message) as caught:
        getattr(Format(), method)(values)
    assert str(caught.value).isprintable()


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is double here")
def test_longdouble_refused():
    # Converting it to float64 would round before encode does.
    with pytest.raises(HadacastError, match="a float of up to 64 bits"):
        Format().encode(np.ones(1, np.longdouble))


@given(formats, st.data())
def test_decode_is_the_nearest_float64(format_, data):
    codes = data.draw(st.lists(st.integers(format_.min, format_.max)))
    decoded = format_.decode(np.array(codes, dtype=np.int64))
    assert decoded.dtype == np.float64
    # float() of a Fraction rounds once, to nearest even.
    assert decoded.tolist() == [float(Fraction(code) / Fraction(2) ** format_.fraction) for code in codes]


@given(formats.filter(lambda format_: format_.width <= 53), st.data())
def test_encode_inverts_decode(format_, data):
    codes = data.draw(st.lists(st.integers(format_.min, format_.max)))
    codes = np.array([*codes, format_.min, format_.max], dtype=np.int64)
    values = format_.decode(codes)
    np.testing.assert_array_equal(format_.encode(values), codes)
    assert format_.saturated(values) == 0
    assert Fraction(format_.step) == Fraction(2) ** -format_.fraction


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_shapes_stay(shape):
    format_ = Format(width=8, fraction=2)
    x = np.ones(shape)
    codes = format_.encode(x)
    assert codes.shape == format_.check(codes).shape == format_.decode(codes).shape == shape
    assert format_.saturated(x) == 0
    assert (codes == 4).all()


@pytest.mark.parametrize("dtype", "bhilqBHILQ")
def test_check_takes_every_integer_dtype(dtype):
    info = np.iinfo(dtype)
    wide = Format(width=63)
    x = np.array([max(info.min, wide.min), 0, min(info.max, wide.max)], dtype)
    for order in "<>":
        codes = wide.check(x.astype(x.dtype.newbyteorder(order)))
        assert codes.dtype == np.int64
        assert codes.dtype.isnative
        assert codes.tolist() == x.tolist()
    for value in {info.min, info.max}:
        for format_ in (Format(width=7), Format(width=6, signed=False)):
            if format_.min <= value <= format_.max:
                assert format_.check(np.array([value], dtype)) == value
            else:
                with pytest.raises(HadacastError, match=re.escape(f"input[0] is {value}: {format_} holds")):
                    format_.check(np.array([value], dtype))


def test_check_quotes_the_first_bad_code_and_its_place():
    x = np.zeros((3, 4), int)
    x[1, 2], x[2, 0] = 128, -200
    with pytest.raises(HadacastError) as caught:
        Format(width=8, fraction=3).check(x, "block")
    assert str(caught.value) == "block[1, 2] is 128: signed 8-bit, 3 fraction bits holds -128 to 127"
    with pytest.raises(HadacastError, match=r"^block\[0, 2\] is -200: "):
        Format(width=8).check(x.T, "block")  # first in index order, whatever the order in memory


def test_check_copies():
    x = np.asfortranarray(np.arange(6).reshape(2, 3))
    x.flags.writeable = False
    codes = Format().check(x)
    assert codes.flags.c_contiguous
    assert codes.flags.writeable
    codes[:] = -1
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("method", ["check", "decode"])
@pytest.mark.parametrize("codes", [[1.0], [True], ["1"], [None], [2**64], [1j], None])
def test_codes_must_be_integers(method, codes):
    with pytest.raises(HadacastError, match=r"codes has dtype .*: it must be an integer type"):
        getattr(Format(), method)(codes, "codes")


def test_ragged_codes_refused():
    with pytest.raises(HadacastError, match=r"^input is \[\[1\], \[1, 2\]\]: it must be an array"):
        Format().check([[1], [1, 2]])


def test_decode_refuses_codes_out_of_range():
    with pytest.raises(HadacastError, match=r"^input\[1\] is 8: signed 4-bit"):
        Format(width=4).decode([7, 8])


@pytest.mark.parametrize("value", [None, True, 1.0, "8", [8], np.int64(8), 8 + 0j])
@pytest.mark.parametrize("member", ["width", "fraction"])
def test_members_must_be_integers(member, value):
    with pytest.raises(HadacastError, match=f"^{member} is {re.escape(repr(value))}: it must be an integer"):
        Format(**{member: value})


@pytest.mark.parametrize(("member", "low", "high"), [("width", 1, 63), ("fraction", -64, 128)])
def test_members_have_limits(member, low, high):
    Format(**{member: low})
    Format(**{member: high})
    for value in (low - 1, high + 1, 10**9):
        with pytest.raises(HadacastError, match=f"^{member} is {value}: .* from {low} to {high}$"):
            Format(**{member: value})


@pytest.mark.parametrize("value", [0, 1, None, "true", np.True_])
def test_signed_must_be_a_bool(value):
    with pytest.raises(
        HadacastError, match=f"^signed is {re.escape(repr(value))}: it must be true or false$"
    ):
        Format(signed=value)


def test_equal_formats_hash_equal_and_are_frozen():
    assert Format(width=8) == Format(width=8, fraction=0, signed=True) != Format(width=8, signed=False)
    assert len({Format(width=8), Format(width=8), Format(width=8, fraction=1)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        Format().width = 3
    with pytest.raises(TypeError):
        Format(8)


def test_text():
    assert str(Format(width=12, fraction=-2, signed=False)) == "unsigned 12-bit, -2 fraction bits"
