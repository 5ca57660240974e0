"""The factor of a transform: 1/√N, or any other constant."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.rounding import clamp, odd_parts, to_integers
from hadacast.spec.scaled_plan import ScaledPlan
from hadacast.spec.stage import MAX_FRAME, Stage

MAX_WIDTH = 48
MODES = ("even", "away", "up", "zero")
EXACT = "exact"


@dataclass(frozen=True, kw_only=True)
class Normalize(Stage):
    """y = round(x·c), saturating; c = 1/√size by default.

    For even log2(size), c is a power of two. For odd log2(size) it is 181·2^-k, the value of 1/√size in
    bfloat16 and in binary16: 181/1024 for 32, 181/2048 for 128 (0.01 % too small). Exponents of frames pass.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 48 bits.
    size: N of the 1/√N, a power of two; 0: the frame, where that is one.
    factor: c itself, exactly, in place of size: a number, or a text such as "1/3". 2^-64 … 2^64, with up to
        24 bits above and below what powers of two take.
    width: bits of y, 1 to 48; 0: as many as the largest result takes.
    fraction: fraction bits of y; "exact": as many as every result takes, for c whose denominator is a power
        of two. A c that is a power of two is then no arithmetic at all: the binary point moves.
    rounding: "even", "away", "up" or "zero" (hadacast.rounding).

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "normalize"

    size: int = 0
    factor: Fraction | str = ""
    width: int = 0
    fraction: int | str = EXACT
    rounding: str = "even"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fixed(MAX_WIDTH)
        if self.factor != "":
            if self.size:
                raise HadacastError(f"size is {checks.quote(self.size)}: with a factor it must be 0")
            found = checks.fraction("factor", self.factor, Fraction(1, 1 << 64), 1 << 64, 24)
            object.__setattr__(self, "factor", found)
        elif self.size != 0:
            checks.power_of_two("size", self.size, 1, MAX_FRAME)
        elif self.frame & (self.frame - 1):
            raise HadacastError(
                f"size is 0: the frame, {self.frame:,}, is no power of two; say the size of the transform, "
                "or a factor"
            )
        checks.choice("rounding", self.rounding, MODES)
        checks.integer("width", self.width, 0, MAX_WIDTH)
        if self.fraction != EXACT:
            Format(fraction=self.fraction)  # type: ignore[arg-type]
        elif odd_parts(self.constant)[1] > 1:
            raise HadacastError(
                f"fraction is {EXACT!r}: multiples of {self.constant} take no number of bits; "
                "it must be an integer"
            )
        checks.integer("output width", self.result.width, 1, MAX_WIDTH)

    @cached_property
    def constant(self) -> Fraction:
        """c."""
        if isinstance(self.factor, Fraction):
            return self.factor
        log2 = (self.size or self.frame).bit_length() - 1
        return Fraction(1, 1 << log2 // 2) if log2 % 2 == 0 else Fraction(181, 1 << (15 + log2) // 2)

    @cached_property
    def result(self) -> Format:
        """Format of the elements that leave."""
        element = self.element
        assert isinstance(element, Format)
        fraction = self.fraction
        if isinstance(fraction, str):
            fraction = element.fraction - odd_parts(self.constant)[2]
        if self.width:
            return Format(width=self.width, fraction=fraction, signed=element.signed)
        # The largest magnitude, rounded: no mode goes further than away from zero.
        ratio = self.constant * Fraction(2) ** (fraction - element.fraction)
        low, high = (-int(-element.min * ratio + Fraction(1, 2)), int(element.max * ratio + Fraction(1, 2)))
        width = max(high.bit_length(), (~low).bit_length() if low else 0) + element.signed
        return Format(width=max(width, 1), fraction=fraction, signed=element.signed)

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    @property
    def ratio(self) -> Fraction:
        """What a code is multiplied by."""
        assert isinstance(self.element, Format)
        return self.constant * Fraction(2) ** (self.result.fraction - self.element.fraction)

    @property
    def free(self) -> bool:
        """Whether codes stay as they are."""
        return self.ratio == 1 and self.result.width >= self.element.width

    @cached_property
    def plan(self) -> ScaledPlan:
        """How the hardware is laid out."""
        assert isinstance(self.element, Format)
        return ScaledPlan(
            element=self.element,
            beats=self.beats,
            lanes=self.lanes,
            factors=(self.ratio,),
            zeros=(0,),
            rounder=FixedRounder(output=self.result, rounding=self.rounding),
        )

    @property
    def latency(self) -> int:
        return 0 if self.free else self.plan.latency

    def transform(self, x: Frames) -> Frames:
        numerator, denominator, shift = odd_parts(self.ratio)
        codes = to_integers(x.codes, numerator, denominator, shift, self.rounding)
        return x.with_codes(clamp(codes, self.result, "saturate"))
