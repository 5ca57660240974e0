"""Every code of every small format, and every bfloat16 and binary16 into each of them."""

import numpy as np
import pytest
from sw_ref.oracles import casts, exact, packages
from sw_ref.oracles.casts import OCP, OTHERS, UE5M3_TOPS
from sw_ref.oracles.tally import Outcome, Tally

from hadacast.errors import HadacastError
from hadacast.minifloat import BF16, E2M1, E2M3, E3M2, E4M3, E5M2, E8M0, FP16, UE5M3, Minifloat
from hadacast.rounding import to_codes

FORMATS = (*OCP, *UE5M3_TOPS, *OTHERS)


@pytest.fixture(params=FORMATS, ids=str)
def element(request) -> Minifloat:
    return request.param


@pytest.mark.parametrize("source", [BF16, FP16], ids=str)
def test_every_16_bit_float_to_every_format(element, source):
    """All 65,536 patterns: against the definition, gfloat, ml_dtypes, torch and torchao."""
    patterns = np.arange(1 << 16)
    values = source.decode(patterns)
    finite = np.isfinite(values) & (element.sign or ~np.signbit(values))
    reals = values[finite].astype(np.float32)
    codes = element.encode(reals)
    np.testing.assert_array_equal(codes, exact.cast(element, values[finite]))
    x, power = casts.integers(reals)
    exactly = to_codes(x, 1, 1, power, element, "even")
    np.testing.assert_array_equal(casts.signed_zero(exactly, reals, element), codes)
    for outcome in _packages(element, reals, codes):
        tally = Tally()
        tally.add(outcome)
        assert tally.unexplained == 0, tally.examples


def _packages(element, reals, codes):
    wide = reals.astype(np.float64)
    if packages.installed("gfloat"):
        known = casts.in_gfloat(element, reals)
        rules = casts.one_digit(element, reals[known])
        yield Outcome("gfloat", codes[known], packages.gfloat_codes(element, wide[known]), rules)
    if element in packages.ML_DTYPES and packages.installed("ml_dtypes"):
        with np.errstate(invalid="ignore", over="ignore"):
            theirs = reals.astype(packages.ml_dtypes(element)).view(np.uint8)
        yield Outcome("ml_dtypes", codes, theirs, casts.ml_dtypes_rules(element, reals))
    if element in packages.ML_DTYPES and packages.installed("torchao"):
        theirs = packages.torch_codes(element, reals)
        yield Outcome("torchao", codes, theirs, casts.torch_rules(element, reals))


def test_nan_and_infinities(element):
    """Kept where the format has them; an infinity is else the largest number, and NaN an error."""
    signs = np.array([1.0, -1.0] if element.sign else [1.0])
    codes = element.encode(np.inf * signs)
    largest = element.max_code if element.inf_code is None else element.inf_code
    np.testing.assert_array_equal(codes, [largest, element.sign_bit | largest][: len(signs)])
    if element.nan_code is None:
        with pytest.raises(HadacastError, match="has NaN values"):
            element.encode(np.nan)
    else:
        assert np.isnan(element.decode(element.encode(np.nan)))


def test_every_code_means_the_number_of_its_definition(element):
    codes = np.arange(1 << element.width)
    values = element.decode(codes)
    magnitude = codes & ~element.sign_bit
    finite = magnitude <= element.max_code
    sign = np.where(codes & element.sign_bit, -1.0, 1.0)
    numbers = exact.numbers(element)[:-1]
    np.testing.assert_array_equal(
        values[finite], (sign * numbers[np.minimum(magnitude, len(numbers) - 1)])[finite]
    )
    assert np.array_equal(np.signbit(values[finite]), sign[finite] < 0)
    assert np.array_equal(np.isinf(values), magnitude == element.inf_code)
    assert np.isnan(values[~finite & ~np.isinf(values)]).all()


@pytest.mark.parametrize("element", FORMATS, ids=str)
def test_every_code_in_gfloat(element):
    pytest.importorskip("gfloat", reason="gfloat isn't installed")
    from gfloat import decode_ndarray

    codes = np.arange(1 << element.width)
    np.testing.assert_array_equal(
        element.decode(codes), decode_ndarray(packages.gfloat_format(element), codes.astype(np.uint32))
    )


@pytest.mark.parametrize("element", OCP, ids=str)
def test_every_code_in_ml_dtypes(element):
    pytest.importorskip("ml_dtypes", reason="ml_dtypes isn't installed")
    codes = np.arange(1 << element.width)
    theirs = codes.astype(np.uint8).view(packages.ml_dtypes(element)).astype(np.float64)
    np.testing.assert_array_equal(element.decode(codes), theirs)
    assert np.array_equal(
        np.signbit(element.decode(codes))[~np.isnan(theirs)], np.signbit(theirs)[~np.isnan(theirs)]
    )


@pytest.mark.parametrize("source", [BF16, FP16], ids=str)
def test_every_16_bit_code_as_numpy_has_it(source):
    codes = np.arange(1 << 16, dtype=np.uint32)
    bf16 = (codes << 16).view(np.float32)  # the upper half of binary32
    theirs = codes.astype(np.uint16).view(np.float16) if source == FP16 else bf16
    with np.errstate(invalid="ignore"):  # signaling NaN
        np.testing.assert_array_equal(source.decode(codes), theirs.astype(np.float64))


def test_limits_are_the_published_ones():
    """OCP MX v1.0, tables 1 to 5; OFP8 v1.0, table 1: largest, exponent of the largest, least subnormal."""
    published = {
        E2M1: (6, 2, 0.5),
        E2M3: (7.5, 2, 2**-3),
        E3M2: (28, 4, 2**-4),
        E4M3: (448, 8, 2**-9),
        E5M2: (57344, 15, 2**-16),
        UE5M3: (114688, 16, 2**-17),
        casts.UE5M3_FINITE: (122880, 16, 2**-17),
        casts.UE5M3_IEEE: (61440, 15, 2**-17),
        E8M0: (2.0**127, 127, 2.0**-127),
    }
    for element, limits in published.items():
        assert (element.largest, element.emax, 2.0**element.unit) == limits
