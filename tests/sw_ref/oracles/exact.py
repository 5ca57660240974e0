"""The definitions themselves, written another way than the reference: tables of numbers and midpoints."""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from hadacast.format import Codes, Format
from hadacast.minifloat import Minifloat


def number(element: Codes, code: int) -> Fraction:
    """The number that a finite magnitude code stands for, from the definition of the format."""
    if isinstance(element, Format):
        return Fraction(code) / Fraction(2) ** element.fraction
    exponent, mantissa = divmod(code, 1 << element.mantissa)
    fraction = Fraction(mantissa, 1 << element.mantissa)
    if exponent == 0 and element.subnormal:
        return fraction * Fraction(2) ** (1 - element.bias)
    return (1 + fraction) * Fraction(2) ** (exponent - element.bias)


def top(element: Codes) -> int:
    """The largest finite magnitude code: what is left of the code space when the special codes are gone."""
    if isinstance(element, Format):
        return element.max
    codes = 1 << (element.exponent + element.mantissa)
    return codes - 1 - {"finite": 0, "nan": 1, "ieee": 1 << element.mantissa}[element.top]


@cache
def numbers(element: Codes) -> Any:
    """Every magnitude as float64, and one that would come next: what lies beyond rounds between them."""
    found = [number(element, code) for code in range(top(element) + 2)]
    table = np.array([float(value) for value in found])
    assert all(Fraction(value) == exact for value, exact in zip(table, found, strict=True))
    return table


def cast(element: Codes, values: Any, mode: str = "even", random: Any = 0) -> Any:
    """Saturated codes of float64 values whose neighbours are at most 2^28 apart from them in precision:
    differences and midpoints below are exact. Sign-magnitude for minifloats, two's complement for integers.
    """
    table, magnitude, negative = numbers(element), np.abs(values), np.signbit(values)
    below = np.clip(np.searchsorted(table, magnitude, side="right") - 1, 0, len(table) - 2)
    low, high = table[below], table[below + 1]
    middle = (low + high) / 2
    if mode == "even":
        odd = below % 2 == 1
        if isinstance(element, Minifloat) and element.mantissa == 0:
            odd = np.ones_like(odd)  # every significand is: IEEE 754 takes the larger number
            odd &= ~(low == 0)  # but zero's
        up = (magnitude > middle) | ((magnitude == middle) & odd)
    elif mode == "away":
        up = magnitude >= middle
    elif mode == "up":
        up = (magnitude > middle) | ((magnitude == middle) & ~negative)
    elif mode == "zero":
        up = np.zeros(np.shape(magnitude), dtype=bool)
    else:
        up = (magnitude - low) * 256 >= (256 - random) * (high - low)
    codes = below + (up & (magnitude > low))
    if isinstance(element, Format):
        return np.where(negative, np.maximum(-codes, element.min), np.minimum(codes, element.max))
    codes = np.minimum(codes, len(table) - 2)
    if not element.sign:
        return np.where(negative, 0, codes)
    return codes + np.where(negative, 1 << (element.exponent + element.mantissa), 0)


def cast_fraction(element: Codes, value: Fraction, mode: str = "even", random: int = 0) -> int:
    """cast() of one exact number by search among all of them; -0 is for the caller."""
    limit, magnitude = top(element), abs(value)
    low_code, high_code = 0, limit + 1
    while high_code - low_code > 1:
        mid = (low_code + high_code) // 2
        if number(element, mid) <= magnitude:
            low_code = mid
        else:
            high_code = mid
    low, high = number(element, low_code), number(element, low_code + 1)
    place = (magnitude - low) / (high - low)
    half = Fraction(1, 2)
    odd = low_code % 2 == 1
    if isinstance(element, Minifloat) and element.mantissa == 0:
        odd = low != 0
    up = {
        "even": place > half or (place == half and odd),
        "away": place >= half,
        "up": place > half or (place == half and value >= 0),
        "zero": place >= 1,
        "stochastic": place + Fraction(random, 256) >= 1,
    }[mode] and magnitude > low
    code = low_code + up
    if isinstance(element, Format):
        return max(element.min, -code) if value < 0 else min(code, element.max)
    code = min(code, limit)
    if value < 0:
        return code | 1 << (element.exponent + element.mantissa) if element.sign else 0
    return code


def nearest(above: Any, below: Any) -> Any:
    """above/below, whole numbers ≥ 0 and > 0, rounded to nearest, ties to even."""
    quotient = above // below
    twice = 2 * (above - quotient * below)
    return quotient + ((twice > below) | ((twice == below) & (quotient % 2 == 1)))
