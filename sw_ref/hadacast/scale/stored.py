"""How an integer maximum, range or offset of a group is stored beside its codes."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import BF16, FP16, FP32, Minifloat
from hadacast.rounding import odd_parts, to_codes
from hadacast.scale.division import (
    constant_division_latency,
    float_round_latency,
    multiple_latency,
    normalize_latency,
)
from hadacast.scale.scale import EXPONENT_BIAS

STORES: dict[str, Minifloat] = {"fp32": FP32, "bf16": BF16, "fp16": FP16}
EXACT = "exact"


def check(store: Any, floating: bool) -> None:
    """Raise HadacastError unless `store` is known, and a float where the input carries exponents."""
    checks.choice("store", store, (EXACT, *STORES))
    if floating and store == EXACT:
        raise HadacastError(
            f"store is {store!r}: after an align stage exponents vary; it must be one of {', '.join(STORES)}"
        )


def format_(store: str, width: int, fraction: int, signed: bool = False) -> Codes:
    """The format of what is stored: the integer itself, or a float."""
    if store == EXACT:
        return Format(width=width, fraction=fraction, signed=signed)
    return STORES[store]


def stored(
    store: str, number: Ints, numerator: int, denominator: int, power: Any, invalid: Any, one: Any = False
) -> Ints:
    """`number` itself, or number·numerator/denominator·2^power as a float, to nearest, ties to even.

    Where `invalid`, NaN; where `one`, 1.0. Overflow gives infinity.
    """
    if store == EXACT:
        return number
    target = STORES[store]
    codes = to_codes(number, numerator, denominator, power, target, "even", "inf")
    assert target.nan_code is not None
    codes = np.where(one, target.bias << target.mantissa, codes)
    return np.where(invalid, target.nan_code, codes)


@dataclass(frozen=True, kw_only=True)
class Storing:
    """How the hardware makes stored() of whole numbers: normalized, times or over a constant, rounded.

    Members
    -------
    store: other than "exact". width, signed: of the number. ratio: the factor, numerator over denominator.
    fraction: of the input format. floating: whether frames come with an exponent.
    """

    store: str
    width: int
    signed: bool
    ratio: Fraction
    fraction: int
    floating: bool

    @property
    def target(self) -> Minifloat:
        """The format that is stored."""
        return STORES[self.store]

    @property
    def parts(self) -> tuple[int, int, int]:
        """Odd numerator and denominator of the ratio, and the power of two between."""
        return odd_parts(self.ratio)

    @property
    def product_bits(self) -> int:
        """Bits of a magnitude times the numerator."""
        largest = 1 << (self.width - 1) if self.signed else (1 << self.width) - 1
        return (largest * self.parts[0]).bit_length()

    @property
    def offset(self) -> int:
        """The exponent, in units of the target, of a product whose highest bit is 1: over the denominator
        and before what a frame's exponent adds, which is its code."""
        _, denominator, shift = self.parts
        power = shift - self.fraction - (EXPONENT_BIAS if self.floating else 0)
        return self.product_bits - denominator.bit_length() + power - self.target.unit

    @property
    def lowest(self) -> int:
        """The least exponent of a number other than 0."""
        return self.offset - (self.product_bits - 1) - (self.parts[1] > 1)

    @property
    def highest(self) -> int:
        """The greatest exponent."""
        return self.offset + (2 * EXPONENT_BIAS if self.floating else 0)

    @property
    def significant(self) -> int:
        """Bits of the quotient: mantissa, leading one, one for a quotient below 1, one to round at."""
        return self.target.mantissa + 3

    @property
    def latency(self) -> int:
        """Cycles from a number to its code."""
        numerator, denominator, _ = self.parts
        found = int(self.signed) + multiple_latency(numerator) + normalize_latency(self.product_bits)
        if denominator > 1:
            found += constant_division_latency(denominator, self.significant)
        return found + 1 + float_round_latency(self.target.mantissa, self.lowest)
