"""How the hardware of a static scale is laid out: numbers, widths and latencies."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from hadacast.fixed_rounder import FixedRounder
from hadacast.irrational import floor_log2
from hadacast.minifloat import Minifloat
from hadacast.place_table import PlaceTable
from hadacast.ratio import Ratio, matters
from hadacast.right_shift import all_ones, shift_latency
from hadacast.rounding import LIMIT
from hadacast.scale.latency import fraction_bits, rounder_latency
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT


@dataclass(frozen=True)
class StaticPlan:
    """|x| times a ratio of its place, shifted by the frame's exponent if there is one, and rounded.

    spec: the Quantize stage, with a static scale.
    """

    spec: Any

    @property
    def largest(self) -> int:
        """Of |x|."""
        element = self.spec.element
        return max(element.max, -element.min)

    @property
    def unit(self) -> int:
        """log2 of what the code's integers count."""
        code = self.spec.code
        return code.unit if isinstance(code, Minifloat) else -code.fraction

    @cached_property
    def zeros(self) -> tuple[int, ...]:
        """All zero points, each once."""
        return tuple(sorted(set(self.spec.scale.zero)))

    @property
    def shifted_zero(self) -> bool:
        """Whether zero points are added."""
        return any(self.zeros)

    @property
    def rounder(self) -> FixedRounder:
        """The last step where zero points are added."""
        spec = self.spec
        return FixedRounder(
            output=spec.code,
            rounding=spec.rounding,
            overflow=spec.overflow,
            narrow=spec.narrow,
            zeros=self.zeros,
        )

    @property
    def integer(self) -> int:
        """Bits of a quotient above the unit that the last step takes."""
        code = self.spec.code
        if self.shifted_zero:
            return self.rounder.integer
        return code.multiple(code.max_code).bit_length() if isinstance(code, Minifloat) else code.width

    @property
    def wraps(self) -> bool:
        """Whether a quotient beyond the code's range still matters."""
        return bool(self.spec.overflow == "wrap")

    @property
    def over(self) -> int:
        """log2 of the least quotient that is certainly beyond any code."""
        return LIMIT if self.wraps else self.integer

    @cached_property
    def ratios(self) -> tuple[Fraction, ...]:
        """What |x| is multiplied by to count units: one, or one for each channel."""
        fraction = self.spec.element.fraction
        return tuple(
            1 / s * Fraction(2) ** (-fraction - self.unit) for s in self.spec.scale.steps(self.spec.code)
        )

    @cached_property
    def bits(self) -> int:
        """Low bits of |x| that are multiplied; with any above, x is beyond every code."""
        if self.wraps or self.spec.floating:
            return self.largest.bit_length()
        return matters(self.largest, min(self.ratios), self.integer)

    # With exponents, quotients are made for the largest that matters, and shifted right.

    @cached_property
    def highest(self) -> int:
        """The frame exponent from which even |x| = 1 is beyond any code."""
        if not self.spec.floating:
            return 0
        return min(
            max(self.over - floor_log2(min(self.ratios)), -EXPONENT_BIAS), NAN_EXPONENT - 1 - EXPONENT_BIAS
        )

    @cached_property
    def furthest(self) -> int:
        """The largest shift that matters, or beyond: further on, less than a quarter counts."""
        if not self.spec.floating:
            return 0
        lowest = -self.fraction - 2 - floor_log2(max(self.ratios) * self.largest)
        return all_ones(self.highest - min(max(lowest, -EXPONENT_BIAS), self.highest))

    @property
    def fraction(self) -> int:
        """F: bits below the unit that the last step takes."""
        return fraction_bits(self.spec.rounding)

    @cached_property
    def gap(self) -> int:
        """Zeros between the unit and the lowest bits that matter: a minifloat's least element may be so large
        that it is never subnormal."""
        code = self.spec.code
        if not isinstance(code, Minifloat) or self.spec.floating:
            return 0
        return max(floor_log2(min(self.ratios)) - code.mantissa - 1, 0)

    @cached_property
    def _by_lane(self) -> list[Ratio]:
        count = self.spec.lanes if len(self.ratios) > 1 else 1
        fraction = self.fraction + self.highest - self.gap
        largest = min(self.largest, (1 << self.bits) - 1)
        return [
            Ratio(largest=largest, factors=self.ratios[lane :: self.spec.lanes], fraction=fraction)
            for lane in range(count)
        ]

    def ratio(self, lane: int) -> Ratio:
        """The multiplication in a lane."""
        return self._by_lane[lane % len(self._by_lane)]

    def multipliers(self, lane: int) -> PlaceTable:
        """The multiplier of each beat in a lane."""
        return self._table(self.ratio(lane).multipliers)

    def zero_table(self, lane: int) -> PlaceTable:
        """The zero point of each beat in a lane."""
        zero = self.spec.scale.zero
        return self._table(zero[lane % len(zero) :: self.spec.lanes])

    def _table(self, rows: tuple[int, ...]) -> PlaceTable:
        return PlaceTable(rows=rows if len(rows) == self.spec.beats else rows * self.spec.beats)

    @cached_property
    def entry(self) -> int:
        """Cycles to the magnitude and its multiplier."""
        lanes = range(self.spec.lanes)
        tables = [self.multipliers(lane).latency for lane in (lanes if len(self.ratios) > 1 else lanes[:1])]
        zeros = [self.zero_table(lane).latency for lane in (lanes if len(self.zeros) > 1 else lanes[:1])]
        return max(1, *tables, *zeros)

    @cached_property
    def product(self) -> int:
        """Cycles of the multiplication, the longest of any lane's."""
        return max(ratio.latency for ratio in self._by_lane)

    @property
    def shift(self) -> int:
        """Cycles of the shift by the frame's exponent."""
        return shift_latency(self.furthest)

    @property
    def last(self) -> int:
        """Cycles of the last step."""
        return self.rounder.latency if self.shifted_zero else rounder_latency(self.spec, self.integer)

    @cached_property
    def latency(self) -> int:
        """Cycles from an element to its code."""
        return self.entry + self.product + self.shift + self.last


@lru_cache(maxsize=64)
def plan(spec: Any) -> StaticPlan:
    """The plan of a Quantize stage with a static scale."""
    return StaticPlan(spec)
