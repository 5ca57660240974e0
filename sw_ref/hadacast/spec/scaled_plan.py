"""How the hardware of stages that multiply by constants is laid out: numbers, widths and latencies."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Format
from hadacast.place_table import PlaceTable
from hadacast.ratio import Ratio, matters
from hadacast.right_shift import shift_latency


@dataclass(frozen=True, kw_only=True)
class ScaledPlan:
    """y = clamp(round(x·r) + z), r and z constant for each place of a frame.

    Members
    -------
    element: format of x. beats, lanes: of a frame.
    factors: r, one or one for each place. zeros: z, likewise.
    rounder: the last step.
    shifts: None, or how far each place's number goes right in a second rounding, behind the first one to a
        whole number, half up: one, or one for each place.
    negative: whether a place's factor is -r: one, or one for each place.
    code_bits: 0, or bits of a factor's code, two's complement, where factors can be changed at run time.
    step: then what one of a code stands for; all factors are multiples of it.
    """

    element: Format
    beats: int
    lanes: int
    factors: tuple[Fraction, ...]
    zeros: tuple[int, ...]
    rounder: FixedRounder
    shifts: tuple[int, ...] | None = None
    negative: tuple[bool, ...] = (False,)
    code_bits: int = 0
    step: Fraction = Fraction(1)

    @property
    def largest(self) -> int:
        """Of |x|."""
        return max(self.element.max, -self.element.min)

    @cached_property
    def bits(self) -> int:
        """Low bits of |x| that are multiplied; with any above, y saturates."""
        if self.code_bits:
            return self.largest.bit_length()  # a factor can be 0
        count = max(len(self.factors), len(self.shifts or ()))
        shifts = self.shifts or (0,)
        pairs = ((self.factors[i % len(self.factors)], shifts[i % len(shifts)]) for i in range(count))
        return matters(self.largest, min(r / (1 << s) for r, s in pairs), self.rounder.integer)

    @cached_property
    def _by_lane(self) -> list[Ratio]:
        if self.code_bits:
            ends = (self.step, self.step * (1 << self.code_bits - 1))
            return [Ratio(largest=self.largest, factors=ends, fraction=self.rounder.fraction)]
        count = self.lanes if len(self.factors) > 1 else 1
        largest = min(self.largest, (1 << self.bits) - 1)
        fraction = 1 if self.shifts is not None else self.rounder.fraction
        return [
            Ratio(largest=largest, factors=self.factors[lane :: self.lanes], fraction=fraction)
            for lane in range(count)
        ]

    def ratio(self, lane: int) -> Ratio:
        """The multiplication in a lane."""
        return self._by_lane[lane % len(self._by_lane)]

    def multipliers(self, lane: int) -> PlaceTable:
        """Its multiplier in each beat."""
        return self._table(self.ratio(lane).multipliers)

    @property
    def codes(self) -> tuple[int, ...]:
        """The factors that can be changed, as multiples of the step: one, or one for each place."""
        count = max(len(self.factors), len(self.negative))
        found = [int(self.factors[i % len(self.factors)] / self.step) for i in range(count)]
        return tuple(-c if self.negative[i % len(self.negative)] else c for i, c in enumerate(found))

    def code_table(self, lane: int) -> PlaceTable:
        """The same of each beat in a lane, where there are several: magnitude, and the sign above it."""
        rows = tuple(abs(c) | (c < 0) << self.code_bits for c in self.codes[lane :: self.lanes])
        return PlaceTable(rows=rows, loadable=True, bits=self.code_bits + 1)

    def zero_table(self, lane: int) -> PlaceTable:
        """The zero point of each beat in a lane."""
        return self._table(self.zeros[lane % len(self.zeros) :: self.lanes])

    def shift_table(self, lane: int) -> PlaceTable:
        """The second rounding's shift of each beat in a lane."""
        assert self.shifts is not None
        return self._table(self.shifts[lane % len(self.shifts) :: self.lanes])

    def sign_table(self, lane: int) -> PlaceTable:
        """Whether the factor of each beat in a lane is negative, 1 or 0."""
        return self._table(tuple(map(int, self.negative[lane % len(self.negative) :: self.lanes])))

    def _table(self, rows: tuple[int, ...]) -> PlaceTable:
        return PlaceTable(rows=rows if len(rows) == self.beats else rows * self.beats)

    # Latencies, in cycles.

    @cached_property
    def entry(self) -> int:
        """To the magnitude and its multiplier."""
        lanes = range(self.lanes)
        if self.code_bits:
            return self.code_table(0).latency if len(self.codes) > 1 else 1
        tables = [self.multipliers(lane) for lane in lanes[: len(self._by_lane)]]
        tables += [self.zero_table(lane) for lane in lanes[: len(self.zeros)]]
        tables += [self.sign_table(lane) for lane in lanes[: len(self.negative)]]
        if self.shifts is not None:
            tables += [self.shift_table(lane) for lane in lanes[: len(self.shifts)]]
        return max(1, *(table.latency for table in tables))

    @cached_property
    def product(self) -> int:
        """Of the multiplication, the longest of any lane's."""
        return max(ratio.latency for ratio in self._by_lane)

    @property
    def second(self) -> int:
        """Of the first of two roundings, and the shift before the second."""
        return 0 if self.shifts is None else 1 + shift_latency(max(self.shifts))

    @property
    def latency(self) -> int:
        """From an element to its result."""
        return self.entry + self.product + self.second + self.rounder.latency
