"""How the hardware of a dequantize stage is laid out: numbers, widths and latencies."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Format
from hadacast.irrational import floor_log2
from hadacast.minifloat import Minifloat
from hadacast.place_table import PlaceTable
from hadacast.ratio import Ratio, product_latency
from hadacast.right_shift import all_ones, shift_latency
from hadacast.significand import Significand
from hadacast.table import Table


@dataclass(frozen=True)
class DequantizePlan:
    """Significands of element and scale are multiplied, then by the gain, a constant ratio; what exponents
    vary shifts the quotient right, from the place that it has under the largest one that matters.

    A fixed-point offset is added to the quotient. A floating-point one is added before the shift: the two
    numbers are aligned at the larger one's top in an accumulator with room for a sum that cancels.

    spec: the Dequantize stage.
    """

    spec: Any

    @property
    def block(self) -> Any:
        return self.spec.block

    # Elements and scales.

    @cached_property
    def elements(self) -> list[Significand]:
        """The elements' format, and that of wide groups."""
        block = self.block
        return [Significand(block.element)] + ([Significand(block.wide)] if block.wide is not None else [])

    @cached_property
    def scale(self) -> Significand | None:
        """The scale's format, where it is multiplied."""
        return None if self.block.scale is None or self.spec.exponents else Significand(self.block.scale)

    @property
    def zeros(self) -> bool:
        """Whether anything is subtracted from element codes."""
        return self.block.zero is not None or any(self.block.zero_point)

    @cached_property
    def numbers(self) -> tuple[int, int]:
        """The least and the largest significand of an element, without its zero point."""
        low = min(-split.largest if split.negative else 0 for split in self.elements)
        high = max(split.largest for split in self.elements)
        if isinstance(self.block.element, Format):
            high = max(split.format.max for split in self.elements)
        if not self.zeros:
            return low, high
        zero, points = self.block.zero, self.block.zero_point
        return (
            low - max(points) - (zero.max if zero is not None else 0),
            high - min(points) - (zero.min if zero is not None else 0),
        )

    @property
    def largest(self) -> int:
        """Of an element's magnitude."""
        return max(-self.numbers[0], self.numbers[1], 1)

    @property
    def scale_bits(self) -> int:
        """Bits of a scale's significand; 0 where it is always 1."""
        if self.scale is None or self.scale.largest == 1:
            return 0
        return self.scale.largest.bit_length()

    @property
    def product(self) -> int:
        """The largest product of the two."""
        return self.largest * (self.scale.largest if self.scale is not None else 1)

    @property
    def largest_exponent(self) -> int:
        """Of the sum of the two exponents; 0 where nothing varies."""
        return max(s.largest_exponent for s in self.elements) + (
            self.scale.largest_exponent if self.scale else 0
        )

    @cached_property
    def factors(self) -> tuple[Fraction, ...]:
        """What products are multiplied by to count steps of the result, under exponent 0: one, one for each
        place, or one for narrow and one for wide groups."""
        power = self.spec.fraction + (self.scale.power if self.scale is not None else 0)
        gains = list(self.block.gain)
        powers = [self.elements[0].power] * len(gains)
        if self.block.wide is not None:
            gains.append((self.block.wide_gain or self.block.gain)[0])
            powers.append(self.elements[1].power)
        return tuple(g * Fraction(2) ** (p + power) for g, p in zip(gains, powers, strict=True))

    @property
    def selects(self) -> bool:
        """Whether the factor depends on the group's flag `wide`."""
        return self.block.wide is not None and self.factors[0] != self.factors[1]

    @property
    def exponent_of_gain(self) -> int | None:
        """log2 of the one factor, if it is a power of two."""
        factor = self.factors[0]
        power = floor_log2(factor)
        return power if len(self.factors) == 1 and factor == Fraction(2) ** power else None

    # The result.

    @cached_property
    def rounder(self) -> FixedRounder:
        """The last step."""
        return FixedRounder(output=self.spec.result, rounding=self.spec.rounding)

    @property
    def offset(self) -> Significand | None:
        """The offset's format."""
        return None if self.block.offset is None else Significand(self.block.offset)

    @property
    def floating_offset(self) -> bool:
        """Whether the offset is added before the shift."""
        return isinstance(self.block.offset, Minifloat)

    @property
    def fixed_offset(self) -> bool:
        """Whether the offset is added behind the multiplication by the gain."""
        return self.offset is not None and not self.floating_offset

    @cached_property
    def fraction(self) -> int:
        """Bits of a quotient behind the point: those of the rounding, and all of a fixed-point offset's."""
        fraction = self.rounder.fraction
        if self.fixed_offset:
            fraction = max(fraction, self.block.offset.fraction - self.spec.fraction)
        return fraction

    @cached_property
    def offset_shift(self) -> int:
        """Places that a fixed-point offset goes up to have as many bits behind the point as a quotient."""
        return self.fraction + self.spec.fraction - self.block.offset.fraction

    @cached_property
    def sum_integer(self) -> int:
        """Bits before the point with which a fixed-point offset is added: products of more saturate."""
        assert self.offset is not None
        largest = self.offset.largest << self.offset_shift >> self.fraction
        return (largest + 1 + (1 << self.rounder.integer)).bit_length()

    # Shifts by exponents that vary.

    @cached_property
    def highest(self) -> int:
        """The exponent from which on all but 0 saturates."""
        if self.floating_offset:
            most = self.top_of_product + self.largest_exponent
            most = max(most, self.top_of_offset + self._offset_exponent)
            return max(min(self.rounder.integer + self.accumulator, most), self.accumulator - self.fraction)
        return min(max(self.rounder.integer - floor_log2(min(self.factors)), 0), self.largest_exponent)

    @cached_property
    def furthest(self) -> int:
        """The largest shift that matters, or beyond."""
        if self.floating_offset:
            least = max(-self.fraction - 3, min(self.top_of_product, self.top_of_offset))
            return all_ones(max(self.highest - least, 0))
        lowest = -self.fraction - 2 - floor_log2(max(self.factors) * self.product)
        return all_ones(self.highest - min(max(lowest, 0), self.highest))

    # Floating-point offsets: numbers below 2^top, aligned at the larger top in an accumulator.

    @property
    def product_bits(self) -> int:
        """Bits of a product."""
        return self.product.bit_length()

    @property
    def offset_bits(self) -> int:
        """Bits of an offset's significand."""
        assert self.offset is not None
        return self.offset.largest.bit_length()

    @property
    def _offset_exponent(self) -> int:
        assert self.offset is not None
        return self.offset.largest_exponent

    @property
    def top_of_product(self) -> int:
        """A product is less than 2^top steps of the result under exponent 0."""
        assert self.exponent_of_gain is not None
        return self.exponent_of_gain + self.product_bits

    @property
    def top_of_offset(self) -> int:
        """An offset is less than 2^top steps of the result under exponent 0."""
        assert self.offset is not None
        return self.offset.power + self.spec.fraction + self.offset_bits

    @cached_property
    def accumulator(self) -> int:
        """A: bits below the larger top T that are kept, with a sticky bit for the rest.

        Only the number with the lower top loses bits. If it does, it is less than 2^(T - A) times its own
        bits, and the other one, unless it is 0 and its top doesn't count, at least 2^(T - its bits): with A
        of both together and 2 they don't cancel, and the sum is at least 2^(T - bits - 1). That saturates,
        or T is so small that the last of A bits lies below all that rounding looks at.
        """
        bits = max(self.product_bits, self.offset_bits)
        return max(
            self.product_bits + self.offset_bits + 2,
            self.rounder.integer + self.rounder.fraction + bits + 3,
        )

    # Lanes.

    @cached_property
    def _by_lane(self) -> list[Ratio]:
        lanes = self.spec.lanes
        if self.floating_offset:
            # Its own power of two is part of the tops.
            return [Ratio(largest=self.product, factors=(Fraction(1),), fraction=0)]
        if len(self.block.gain) > 1:
            by_lane = [self.factors[lane::lanes] for lane in range(lanes)]
        else:
            by_lane = [self.factors if self.selects else self.factors[:1]]
        return [
            Ratio(largest=self.product, factors=factors, fraction=self.fraction + self.highest)
            for factors in by_lane
        ]

    def ratio(self, lane: int) -> Ratio:
        """The multiplication by the gain in a lane."""
        return self._by_lane[lane % len(self._by_lane)]

    def multipliers(self, lane: int) -> PlaceTable:
        """Its multiplier in each beat."""
        return self._table(self.ratio(lane).multipliers)

    def zero_points(self, lane: int) -> PlaceTable:
        """The constant zero point of each beat in a lane."""
        points = self.block.zero_point
        return self._table(points[lane % len(points) :: self.spec.lanes])

    def _table(self, rows: tuple[int, ...]) -> PlaceTable:
        return PlaceTable(rows=rows if len(rows) == self.spec.beats else rows * self.spec.beats)

    def values(self) -> PlaceTable | None:
        """The numbers of a table's codes."""
        element = self.block.element
        if not isinstance(element, Table):
            return None
        return PlaceTable(rows=element.values + (0,) * ((1 << element.width) - len(element.values)))

    # Latencies, in cycles.

    @cached_property
    def before_entry(self) -> int:
        """From a code to its signed number: of a table, or of the zero points that are subtracted."""
        values = self.values()
        if values is not None:
            return values.latency
        if not self.zeros:
            return 0
        lanes = range(self.spec.lanes if len(self.block.zero_point) > 1 else 1)
        return max(self.zero_points(lane).latency for lane in lanes) + 1

    @cached_property
    def entry(self) -> int:
        """From a code to its sign, significand and exponent."""
        tables = []
        if not self.selects:
            tables = [self.multipliers(lane).latency for lane in range(len(self._by_lane))]
        return max(self.before_entry + 1, *tables, 1)

    @property
    def multiplication(self) -> int:
        """Of the two significands."""
        return product_latency(self.largest.bit_length(), self.scale_bits) if self.scale_bits else 0

    @cached_property
    def gain(self) -> int:
        """Of the multiplication by the gain, the longest of any lane's; a shift's distance takes one."""
        aims = bool(self.furthest) and not self.floating_offset and not self.multiplication
        return max(*(ratio.latency for ratio in self._by_lane), int(aims))

    @property
    def addition(self) -> int:
        """Of adding an offset: compare tops and align; give signs, add, and take the magnitude."""
        if self.floating_offset:
            return 5 + shift_latency(self.accumulator) + 3
        return 3 if self.fixed_offset else 0

    @property
    def shift(self) -> int:
        """Of the shift by exponents."""
        return shift_latency(self.furthest)

    @property
    def latency(self) -> int:
        """From a code to its number."""
        return (
            self.entry + self.multiplication + self.gain + self.addition + self.shift + self.rounder.latency
        )
