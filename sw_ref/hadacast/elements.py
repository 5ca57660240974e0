"""Element formats by name, as recipes write them."""

import re
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from functools import cache
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format
from hadacast.minifloat import NAMED, Minifloat

ALLOWED = f"int2 … int16, uint2 … uint16, mxint8, bfp2 … bfp16, {', '.join(NAMED)}, or a table of fields"
NAMES = (
    *NAMED,
    "mxint8",
    *(f"{kind}{width}" for kind in ("int", "uint", "bfp") for width in range(2, 17)),
)


def element(name: str, value: Any) -> Codes:
    """The format that a recipe's `value` names; a Codes is itself.

    intB and uintB are integers. mxint8 is the OCP MX INT8, 1 sign, 1 integer and 6 fraction bits; bfpB
    the mantissa of block floating point, 1 sign, 1 integer and B - 2 fraction bits. A table has the
    fields of Minifloat (with `exponent`) or of Format (with `width`).

    Raises HadacastError, which says `name`, for what is none of these.
    """
    if isinstance(value, Codes):
        return value
    if isinstance(value, Mapping):
        cls = Minifloat if "exponent" in value else Format
        known = [field.name for field in fields(cls)]
        for key in value:
            if key not in known:
                raise HadacastError(
                    f"{name} has no field {checks.quote(key)}: it must be one of {', '.join(known)}"
                )
        needed = {"exponent", "mantissa"} if cls is Minifloat else {"width"}
        if missing := needed - set(value):
            raise HadacastError(f"{name} has no {min(missing)}: a table must say it")
        return cls(**value)
    if isinstance(value, str):
        if value in NAMED:
            return NAMED[value]
        if value == "mxint8":
            return Format(width=8, fraction=6)
        if found := re.fullmatch(r"(int|uint|bfp)([0-9]{1,2})", value):
            kind, width = found[1], int(found[2])
            if 2 <= width <= 16:
                return Format(width=width, fraction=width - 2 if kind == "bfp" else 0, signed=kind != "uint")
    raise HadacastError(f"{name} is {checks.quote(value)}: it must be one of {ALLOWED}")


@cache
def name(item: Codes) -> str:
    """The name by which `element` knows a format, or "" if it has none; mxint8 rather than bfp8."""
    return next((text for text in NAMES if element("", text) == item), "")


def largest(item: Codes) -> Fraction:
    """The largest finite number of an element format, exactly."""
    if isinstance(item, Minifloat):
        return item.multiple(item.max_code) * Fraction(2) ** item.unit
    assert isinstance(item, Format)
    return item.max * Fraction(2) ** -item.fraction


def emax(item: Codes) -> int:
    """Floor of log2 of the largest finite number."""
    number = largest(item)
    return (number.numerator.bit_length() - 1) - (number.denominator.bit_length() - 1)


def mantissa_bits(item: Codes) -> int:
    """Bits right of the leading one of the largest numbers: M of a minifloat."""
    return item.mantissa if isinstance(item, Minifloat) else item.max.bit_length() - 1


def levels(item: Codes) -> int:
    """Magnitudes other than zero."""
    return item.max_code if isinstance(item, Minifloat) else max(item.max, -item.min)
