"""The last step of stages that leave fixed point: round, add a zero point, keep to the range."""

from dataclasses import dataclass

from hadacast.format import Format
from hadacast.scale.latency import fraction_bits


@dataclass(frozen=True, kw_only=True)
class FixedRounder:
    """What hadacast.core.fixed_rounder is built from.

    Members
    -------
    output: the format of the result. rounding, overflow: as in hadacast.rounding; saturate or wrap.
    narrow: whether the most negative code is left out.
    zeros: all that may be added to the rounded number.
    """

    output: Format
    rounding: str = "even"
    overflow: str = "saturate"
    narrow: bool = False
    zeros: tuple[int, ...] = (0,)

    @property
    def fraction(self) -> int:
        """F: bits of a quotient behind the point."""
        return fraction_bits(self.rounding)

    @property
    def largest_zero(self) -> int:
        """The largest magnitude in `zeros`."""
        return max(map(abs, self.zeros))

    @property
    def integer(self) -> int:
        """I: bits of a quotient before the point; 2^I or more saturates, whichever zero is added."""
        if self.overflow == "wrap":
            return self.output.width
        return (self.largest_zero + (1 << self.output.width)).bit_length()

    @property
    def latency(self) -> int:
        """Cycles: round; add a zero; saturate."""
        return 3 if any(self.zeros) else 2
