"""Codes split into an integer and a power of two, as arithmetic on them begins."""

from dataclasses import dataclass

import numpy as np

from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import Minifloat
from hadacast.table import Table

# A minifloat whose numbers are multiples of its unit of up to this many bits counts as an integer.
MAX_INTEGER_BITS = 8


@dataclass(frozen=True)
class Significand:
    """How codes of a format are split: a finite code is ±significand·2^(exponent + power).

    format: any element, scale or offset format.
    """

    format: Codes

    @property
    def floating(self) -> bool:
        """Whether the exponent varies."""
        item = self.format
        return isinstance(item, Minifloat) and item.multiple(item.max_code) >> MAX_INTEGER_BITS != 0

    @property
    def largest(self) -> int:
        """The largest significand."""
        item = self.format
        if isinstance(item, Table):
            return max(max(map(abs, item.values)), 1)
        if isinstance(item, Format):
            return max(item.max, -item.min)
        assert isinstance(item, Minifloat)
        return (2 << item.mantissa) - 1 if self.floating else item.multiple(item.max_code)

    @property
    def largest_exponent(self) -> int:
        """The largest exponent of a finite code; the least is 0."""
        item = self.format
        if not self.floating:
            return 0
        assert isinstance(item, Minifloat)
        return (item.max_code >> item.mantissa) - int(item.subnormal)

    @property
    def power(self) -> int:
        """The power of two that all codes share."""
        item = self.format
        return item.unit if isinstance(item, Minifloat) else -item.fraction  # type: ignore[attr-defined]

    @property
    def negative(self) -> bool:
        """Whether there are codes below zero."""
        item = self.format
        if isinstance(item, Table):
            return min(item.values) < 0
        return item.sign if isinstance(item, Minifloat) else item.signed

    @property
    def special(self) -> bool:
        """Whether there are codes that stand for no number."""
        item = self.format
        return isinstance(item, Minifloat) and item.nan_code is not None

    def split(self, codes: Ints) -> tuple[Ints, Ints]:
        """Signed significands and exponents of int64 codes; 0 for codes that stand for no finite number."""
        item = self.format
        if isinstance(item, Table):
            return np.array(item.values, dtype=np.int64)[codes], np.zeros_like(codes)
        if isinstance(item, Format):
            return codes, np.zeros_like(codes)
        assert isinstance(item, Minifloat)
        magnitude = codes & ((1 << item.magnitude_bits) - 1)
        field, low = magnitude >> item.mantissa, magnitude & ((1 << item.mantissa) - 1)
        leading = (field > 0) | (not item.subnormal)
        significand = low | np.where(leading, 1 << item.mantissa, 0)
        exponent = field - (leading & item.subnormal)
        if not self.floating:
            significand, exponent = significand << exponent, np.zeros_like(codes)
        finite = magnitude <= item.max_code
        significand, exponent = np.where(finite, significand, 0), np.where(finite, exponent, 0)
        return np.where(codes & item.sign_bit, -significand, significand), exponent
