"""Rounding of exact ratios to the codes of an element format.

The value to round is x·numerator/denominator·2^shift, in whole numbers throughout: whatever quantizes
comes through here, so there is one meaning of each mode.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import Minifloat

# even: to nearest, ties to the even significand; where both are odd, for want of mantissa bits, to the
# larger magnitude (IEEE 754-2019, 4.3.1). away: to nearest, ties away from zero. up: to nearest, ties
# towards plus infinity. zero: towards zero. stochastic: |x| + r/256 of a step, r uniform 8-bit, rounded
# towards zero.
MODES = ("even", "away", "up", "zero", "stochastic")
RANDOM_BITS = 8

# saturate: the largest code. wrap: integers keep their low bits (beyond ±2^LIMIT: 0). nan, inf:
# minifloats that have them.
OVERFLOWS = ("saturate", "wrap", "nan", "inf")

# Integers saturate at ±2^LIMIT, wider than any element.
LIMIT = 48

# An int64 has room for this many bits and a sum; beyond, Python's integers take over.
_BITS = 60


def check_overflow(overflow: Any, element: Codes) -> None:
    """Raise HadacastError for an overflow policy that doesn't exist or that `element` can't follow."""
    checks.choice("overflow", overflow, OVERFLOWS)
    possible = {"saturate": True, "wrap": True, "nan": False, "inf": False}
    if isinstance(element, Minifloat):
        nan, inf = element.nan_code is not None, element.inf_code is not None
        possible = {"saturate": True, "wrap": False, "nan": nan, "inf": inf}
    if not possible[overflow]:
        allowed = ", ".join(name for name in OVERFLOWS if possible[name])
        raise HadacastError(
            f"overflow is {checks.quote(overflow)}: for {element} it must be one of {allowed}"
        )


def to_integers(
    x: Any, numerator: Any, denominator: Any, shift: Any, mode: str, random: Any = 0, limit: int = LIMIT
) -> Ints:
    """Round x·numerator/denominator·2^shift to integers, saturating at ±2^limit.

    x, numerator, denominator, shift, random: integers or int64 arrays that broadcast, x also an array of
    Python's integers; numerator ≥ 0, denominator > 0; random from 0 to 255, for mode "stochastic".
    """
    steps, negative = _round(
        x, numerator, denominator, shift, mode, random, unit=0, mantissa=None, limit=limit
    )
    return np.where(negative, -steps, steps).astype(np.int64)


def to_codes(
    x: Any,
    numerator: Any,
    denominator: Any,
    shift: Any,
    element: Codes,
    mode: str,
    overflow: str = "saturate",
    random: Any = 0,
) -> Ints:
    """Round x·numerator/denominator·2^shift to codes of `element`, as int64.

    Arguments as for to_integers. A minifloat's code keeps the sign of x though it round to zero. An
    unsigned format takes a negative value as zero.
    """
    if isinstance(element, Minifloat):
        magnitude, negative = _round(
            x,
            numerator,
            denominator,
            shift,
            mode,
            random,
            unit=element.unit,
            mantissa=element.mantissa,
            limit=0,
            first=int(not element.subnormal),
        )
        over = magnitude > element.max_code
        top = {"saturate": element.max_code, "nan": element.nan_code, "inf": element.inf_code}[overflow]
        assert top is not None
        magnitude = np.where(over, top, magnitude).astype(np.int64)
        if not element.sign:
            return np.where(negative, 0, magnitude)
        return np.where(negative, magnitude | element.sign_bit, magnitude)
    assert isinstance(element, Format)
    codes = to_integers(x, numerator, denominator, np.asarray(shift) + element.fraction, mode, random)
    return clamp(codes, element, overflow)


def odd_parts(ratio: Fraction) -> tuple[int, int, int]:
    """Odd numerator and denominator of a positive ratio, and the power of two between: small numbers
    round fast, and cost little hardware."""
    numerator, denominator = ratio.numerator, ratio.denominator
    up = (numerator & -numerator).bit_length() - 1
    down = (denominator & -denominator).bit_length() - 1
    return numerator >> up, denominator >> down, up - down


def clamp(codes: Ints, element: Format, overflow: str) -> Ints:
    """Integers to the range of an integer format: saturated, or wrapped to its low bits."""
    if overflow == "wrap":
        low = codes & ((1 << element.width) - 1)
        return np.where(low > element.max, low - (1 << element.width), low)
    return np.clip(codes, element.min, element.max)


def _round(
    x: Any,
    numerator: Any,
    denominator: Any,
    shift: Any,
    mode: str,
    random: Any,
    *,
    unit: int,
    mantissa: int | None,
    limit: int,
    first: int = 0,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Magnitudes in steps (integers) or as magnitude codes (minifloats), and which are negative."""
    random = np.asarray(random if mode == "stochastic" else 0)
    shape = np.broadcast_shapes(*(np.shape(a) for a in (x, numerator, denominator, shift, random)))
    x = x if isinstance(x, np.ndarray) and x.dtype == object else np.asarray(x, dtype=np.int64)
    numerator, denominator, shift = (np.asarray(a, dtype=np.int64) for a in (numerator, denominator, shift))
    if not shape:  # without an axis, arrays of Python's integers would turn into integers
        x, numerator, denominator, shift = (a.reshape(1) for a in (x, numerator, denominator, shift))
    extra = RANDOM_BITS if mode == "stochastic" else 1
    negative = (x < 0) if shape else (x < 0)[0]
    wide = x.dtype == object or _top_bits(x) + _top_bits(numerator) > _BITS
    a = np.abs(x)
    if wide:
        a = a.astype(object)
    top = a * numerator
    # floor(log2) of the value, or one less.
    floor = _bits(top) - 1 - _bits(denominator) + shift
    if mantissa is None:
        # What is certainly beyond the limit needs no exact quotient.
        beyond = (floor > limit + unit) & (top != 0)
        top = np.where(beyond, 1, top)
        denominator = np.where(beyond, 1, denominator)
        shift = np.where(beyond, limit + unit, shift)
        lowest = np.full(np.shape(floor), unit)
    else:
        lowest = np.maximum(floor - mantissa - 1, unit)
        lowest = np.where(top == 0, unit, lowest).astype(np.int64)
    places = np.where(top == 0, 0, shift - lowest + extra)
    left, right = np.maximum(places, 0), np.maximum(-places, 0)
    # A denominator beyond every numerator gives 0 and a remainder, however far beyond.
    right = np.minimum(right, np.maximum(_BITS + 1 - _bits(denominator), 0)) if not wide else right
    if not wide:
        most = int(np.max(_bits(top) + left, initial=0))
        if most > _BITS or int(np.max(_bits(denominator) + right, initial=0)) > _BITS + 1:
            top, denominator = top.astype(object), denominator.astype(object)
    if top.dtype == object:
        left, right, denominator = left.astype(object), right.astype(object), denominator.astype(object)
    top, bottom = top << left, denominator << right
    quotient = top // bottom
    inexact = quotient * bottom != top
    if top.dtype == object:
        quotient, inexact = quotient.astype(np.int64), inexact.astype(np.bool_)
    if mantissa is None:
        wider = np.zeros(np.shape(quotient), dtype=np.int64)
    else:
        wider = np.maximum(_bits(quotient >> extra) - 1 - mantissa, 0)
    below = extra + wider
    kept = quotient >> below
    rest, half = quotient & ((1 << below) - 1), 1 << (below - 1)
    above = (rest > half) | ((rest == half) & inexact)
    tie = (rest == half) & ~inexact
    if mode == "even":
        up = above | (tie & (kept & 1 == 1))
    elif mode == "away":
        up = above | tie
    elif mode == "up":
        up = above | (tie & ~negative)
    elif mode == "zero":
        up = np.zeros(np.shape(kept), dtype=np.bool_)
    else:
        up = (rest >> (below - RANDOM_BITS)) + random >= 1 << RANDOM_BITS
    steps = kept + up
    if mantissa is None:
        return np.minimum(steps, 1 << limit).reshape(shape), negative
    place = lowest - unit + wider - first
    # Exponents far beyond any format's would not fit when they are shifted.
    codes = np.maximum((np.minimum(place, 1 << 10) << mantissa) + steps, 0)
    return codes.reshape(shape), negative


def _bits(a: Any) -> NDArray[np.int64]:
    """Bit lengths of integers ≥ 0; one too large is possible from 2^53 on."""
    if a.dtype == object:
        return np.frompyfunc(int.bit_length, 1, 1)(a).astype(np.int64)
    return np.frexp(a.astype(np.float64))[1].astype(np.int64)


def _top_bits(a: NDArray[np.int64]) -> int:
    """Bits of the largest magnitude."""
    return max(int(a.max(initial=0)), -int(a.min(initial=0))).bit_length()
