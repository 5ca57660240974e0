"""Real constants in fixed point: how the coefficients of a matrix are read and rounded."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.irrational import floor_log2

LARGEST = 1 << 64
_TEXT = 1000  # a float64 as a fraction has no more


def number(name: str, value: Any) -> Fraction:
    """A constant as an exact fraction; raise HadacastError if it is no number from -2^64 to 2^64.

    Ints, Fractions, finite floats and texts such as "-4/5"; a float counts as the shortest decimal that
    prints it, as in hadacast.checks.fraction. Unlike there, numbers next to 0 have any number of bits: what
    computes an orthogonal matrix leaves such ones where zeros should be.
    """
    exact = None
    if isinstance(value, Fraction):
        exact = value
    elif isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            shown = str(value) if not isinstance(value, float) or math.isfinite(value) else ""
            ten = int(shown.lower().partition("e")[2] or 0)  # a power of ten in a text can be of any size
            exact = Fraction(shown) if len(shown) <= _TEXT and abs(ten) < 400 else None
        except (ValueError, ZeroDivisionError):
            exact = None
    if exact is None or abs(exact) > LARGEST:
        raise HadacastError(f"{name} is {checks.quote(value)}: it must be a number from -2^64 to 2^64")
    return exact


def fraction_bits(values: Iterable[Fraction], width: int) -> int | None:
    """The most fraction bits with which every value, rounded to nearest, is a signed code of `width` bits;
    None where all are 0, and any number will do."""
    values = list(values)
    low, high = min(values), max(values)
    if low == high == 0:
        return None
    top = 1 << (width - 1)
    # One step more than the leading bit allows, since rounding and the most negative code may gain it.
    fraction = width - 1 - floor_log2(max(-low, high))
    while round(high * Fraction(2) ** fraction) >= top or round(low * Fraction(2) ** fraction) < -top:
        fraction -= 1
    return fraction


def codes(name: str, values: Sequence[Fraction], format_: Format) -> tuple[int, ...]:
    """The values rounded to codes of a format, to nearest, ties to even.

    Raises HadacastError for one beyond the format: a coefficient is never clipped.
    """
    scale = Fraction(2) ** format_.fraction
    found = tuple(round(value * scale) for value in values)
    for value, code in zip(values, found, strict=True):
        if not format_.min <= code <= format_.max:
            low, high = format_.min / scale, format_.max / scale
            raise HadacastError(
                f"{name} has {float(value):g}: {format_} holds {float(low):g} to {float(high):g}"
            )
    return found
