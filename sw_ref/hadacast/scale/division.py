"""How the hardware divides by what a group has in common: the numbers behind hadacast.core.quantizer."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hadacast.format import Codes, Format
from hadacast.minifloat import Minifloat
from hadacast.ratio import signed_digits, tree
from hadacast.rounding import odd_parts
from hadacast.scale.latency import fraction_bits, rounder_latency

# Constants of at most so many bits are divided by in tables, two quotient bits a register.
TABLE_BITS = 4


def multiple_latency(constant: int) -> int:
    """Of hadacast.core.quantizer.multiple.Multiple."""
    return tree(len(signed_digits(constant)))


def normalize_latency(width: int) -> int:
    """Of hadacast.core.quantizer.normalize.Normalize: a register a shift, one for the shortest two."""
    return max((width - 1).bit_length() - 1, 1)


def float_round_latency(mantissa: int, lowest: int) -> int:
    """Of hadacast.core.quantizer.float_round.FloatRound."""
    return 4 if lowest < mantissa else 2


def constant_division_latency(divisor: int, digits: int) -> int:
    """Of hadacast.core.quantizer.constant_division.ConstantDivision."""
    return -(-digits // 2) if divisor.bit_length() <= TABLE_BITS else digits


@dataclass(frozen=True, kw_only=True)
class FloatDivision:
    """Floating quotients x·n·2^(shift + zeros)/D, in units of a minifloat, of a normalized D: its highest bit
    is 1. As many quotient bits are found as matter.

    Members
    -------
    code: of the elements. rounding: as in hadacast.rounding. n: odd. largest: of x.
    denominator_bits: of D. shift, most_zeros: of `zeros`, from 0. bound: what no quotient is beyond, or None.
    """

    code: Minifloat
    rounding: str
    n: int
    largest: int
    denominator_bits: int
    shift: int
    most_zeros: int
    bound: Fraction | None = None

    @property
    def numerator_bits(self) -> int:
        """Bits of x·n."""
        return (self.largest * self.n).bit_length()

    @property
    def significant(self) -> int:
        """Bits behind the point of a quotient from 1/2 to 2: mantissa, one for those below 1, and what
        rounding looks at."""
        return self.code.mantissa + 1 + fraction_bits(self.rounding)

    @property
    def exact(self) -> bool:
        """Whether rounding asks if there is a remainder."""
        return self.rounding in ("even", "up")

    @property
    def offset(self) -> int:
        """The exponent of a quotient from 1 up, before leading zeros count."""
        return self.numerator_bits - self.denominator_bits + self.shift

    @property
    def lowest(self) -> int:
        """The least exponent of a quotient in units, of a number other than 0."""
        return self.shift - self.denominator_bits

    @property
    def highest(self) -> int:
        """What no exponent is beyond."""
        if self.bound is not None:
            return int(self.bound).bit_length() - 1
        return self.offset + self.most_zeros

    @property
    def latency(self) -> int:
        """Cycles from x to its code."""
        found = multiple_latency(self.n) + normalize_latency(self.numerator_bits)
        found += 1 + self.significant + self.exact + 1
        return found + float_round_latency(self.code.mantissa, self.lowest)


@dataclass(frozen=True, kw_only=True)
class Division:
    """Elements over what their group has in common: x·n·2^shift/(a·d) in units of a code, x ≥ 0, a ≥ 1.

    Units are steps of an integer format, 2^unit of a minifloat.

    Members
    -------
    code: of the elements. rounding: as in hadacast.rounding. ratio: n·2^shift/d.
    largest: of x. common: the largest a. bound: what no quotient is beyond.
    below: whether what is a tie is really below it, by less than anything else is.
    """

    code: Codes
    rounding: str
    ratio: Fraction
    largest: int
    common: int
    bound: Fraction
    below: bool = False

    @cached_property
    def parts(self) -> tuple[int, int, int]:
        """n and d, odd, and shift."""
        return odd_parts(self.ratio)

    @property
    def numerator_bits(self) -> int:
        """Bits of x·n."""
        return (self.largest * self.parts[0]).bit_length()

    @property
    def denominator_bits(self) -> int:
        """Bits of a·d."""
        return (self.common * self.parts[1]).bit_length()

    @property
    def half(self) -> bool:
        """Whether half a unit is added before the division: integers to nearest, ties by magnitude."""
        return isinstance(self.code, Format) and self.rounding in ("even", "away")

    @property
    def rounds_itself(self) -> bool:
        """Whether the quotient is the code's magnitude, but for ties, and needs no rounder."""
        return self.half or (isinstance(self.code, Format) and self.rounding == "zero")

    @property
    def fraction(self) -> int:
        """Quotient bits below the unit."""
        return 0 if self.rounds_itself else fraction_bits(self.rounding)

    @property
    def exact(self) -> str:
        """What is asked of the remainder (hadacast.core.quantizer.recurrence)."""
        if self.rounding not in ("even", "up") or self.below:
            return "nothing"
        return "odd" if isinstance(self.code, Format) else "any"

    @property
    def digits(self) -> int:
        """Bits of the quotient as an integer, fraction bits included."""
        top = self.bound * (1 << self.fraction) + Fraction(self.half, 2)
        return max(int(top).bit_length(), 2, self.fraction + 1)

    @property
    def integer(self) -> int:
        """Bits of the quotient above the unit."""
        return self.digits - self.fraction

    @cached_property
    def float_division(self) -> FloatDivision:
        """The same with normalized denominators."""
        assert isinstance(self.code, Minifloat)
        return FloatDivision(
            code=self.code,
            rounding=self.rounding,
            n=self.parts[0],
            largest=self.largest,
            denominator_bits=self.denominator_bits,
            shift=self.parts[2],
            most_zeros=self.denominator_bits - 1,
            bound=self.bound,
        )

    @cached_property
    def floating(self) -> bool:
        """Whether elements are normalized first, and only as many quotient bits found as matter."""
        if not isinstance(self.code, Minifloat):
            return False
        width = max(self.numerator_bits, self.denominator_bits)
        fixed = self.digits * (self.denominator_bits + 1)
        shifts = 1 + (self.numerator_bits - 1).bit_length()
        digits = self.float_division.significant
        return digits * (width + 1) + shifts * self.numerator_bits < fixed

    @property
    def term_latency(self) -> int:
        """Cycles from a to what elements need of it."""
        _, d, _ = self.parts
        if self.floating:
            return multiple_latency(d) + normalize_latency(self.denominator_bits)
        return multiple_latency(d) + self.half

    @property
    def latency(self) -> int:
        """Cycles from x to its code."""
        if self.floating:
            return self.float_division.latency
        found = multiple_latency(self.parts[0]) + self.digits + (self.exact != "nothing")
        return found + (1 if self.rounds_itself else rounder_latency(self, self.integer))
