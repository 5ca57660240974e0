"""One fixed-point format as another: what hadacast.core.rescale is built from."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Format, Ints
from hadacast.ratio import Ratio, matters
from hadacast.rounding import clamp, to_integers


@dataclass(frozen=True, kw_only=True)
class Rescale:
    """The same number in another format: rounded to its step, saturating at its ends.

    Members
    -------
    input, output: the formats. rounding: "even", "away", "up" or "zero" (hadacast.rounding).
    """

    input: Format
    output: Format
    rounding: str = "even"

    @property
    def factor(self) -> Fraction:
        """Steps of the output in one of the input."""
        return Fraction(2) ** (self.output.fraction - self.input.fraction)

    @property
    def free(self) -> bool:
        """Whether codes stay as they are."""
        return self.factor == 1 and self.output.min <= self.input.min and self.input.max <= self.output.max

    @property
    def largest(self) -> int:
        """Of |x|."""
        return max(self.input.max, -self.input.min)

    @cached_property
    def rounder(self) -> FixedRounder:
        """The last step."""
        return FixedRounder(output=self.output, rounding=self.rounding)

    @cached_property
    def bits(self) -> int:
        """Low bits of |x| that matter; with any above them set, the result saturates."""
        return matters(self.largest, self.factor, self.rounder.integer)

    @cached_property
    def ratio(self) -> Ratio:
        """The shift."""
        largest = min(self.largest, (1 << self.bits) - 1)
        return Ratio(largest=largest, factors=(self.factor,), fraction=self.rounder.fraction)

    @property
    def latency(self) -> int:
        """Cycles: the magnitude, what is cut off, rounding."""
        return 0 if self.free else 1 + self.ratio.latency + self.rounder.latency

    def compute(self, x: Ints) -> Ints:
        """Codes of the output format for codes of the input format; same shape."""
        shift = self.output.fraction - self.input.fraction
        return clamp(to_integers(x, 1, 1, shift, self.rounding), self.output, "saturate")
