"""Asymmetric scales: from the smallest to the largest element of a group."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.rounding import LIMIT, clamp, to_integers
from hadacast.scale import stored
from hadacast.scale.division import multiple_latency
from hadacast.scale.latency import fraction_bits
from hadacast.scale.scale import MAX_BITS, Groups, Scale

ZEROS = ("integer", "clamped", "ends", "float")


@dataclass(frozen=True, kw_only=True)
class Range(Scale):
    """s = clip·(max - min)/(2^b - 1), unsigned b-bit codes.

    zero "integer": z = round(-min/s), code = round(x/s) + z, both rounded by themselves (RotateKV);
    "clamped": the same with z held in 0 … 2^b - 1; "ends": the same with clip·min for min, so that both ends
    are clipped (QuaRot's KV cache); "float": code = round((x - min)/s), and min leaves as the offset.

    Members
    -------
    clip: c, from 1/256 to 1. zero: as above.
    include_zero: whether 0 always lies in the range (min ≤ 0 ≤ max).
    floor: the least max - min, in input steps, 1 to 65,535: a constant group has this one.
    store: how the scale (and a float offset) leaves: "exact", max - min and min as integers, or s and
        min as "fp32", "bf16" or "fp16". Codes follow the exact s either way.
    """

    kind: ClassVar[str] = "range"
    reduces: ClassVar[str] = "range"

    clip: Fraction = Fraction(1)
    zero: str = "integer"
    include_zero: bool = True
    floor: int = 1
    store: str = stored.EXACT

    def __post_init__(self) -> None:
        object.__setattr__(self, "clip", checks.fraction("clip", self.clip, Fraction(1, 256), 1, 16))
        checks.choice("zero", self.zero, ZEROS)
        checks.flag("include_zero", self.include_zero)
        checks.integer("floor", self.floor, 1, (1 << 16) - 1)
        if self.zero == "ends" and not self.include_zero:
            raise HadacastError("zero is 'ends': include_zero must be true")
        if self.zero == "ends" and self.clip < Fraction(1, 2):
            raise HadacastError(f"clip is {self.clip}: with zero 'ends' it must be 1/2 to 1")

    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        stored.check(self.store, floating)
        if not isinstance(element, Format) or element.signed or element.fraction:
            raise HadacastError(f"element is {element}: a range scale needs uint2 … uint16")
        above = self.ratio(element).denominator
        if input_.width + 1 + above.bit_length() > MAX_BITS:
            raise HadacastError(
                f"clip is {self.clip}: with an input of {input_.width} bits it may have "
                f"{MAX_BITS - 1 - input_.width} bits above"
            )
        if self.zero != "float" and not self.include_zero and self._most(element, input_) > 1 << LIMIT:
            raise HadacastError(
                f"include_zero is false: {element} codes of {input_.width}-bit elements have zero points "
                f"beyond {LIMIT} bits; a larger floor would do"
            )

    def ratio(self, element: Codes) -> Fraction:
        """(2^b - 1)/clip: an element is x/(max - min) times this."""
        return element.max / self.clip

    def zero_numerator(self, element: Codes) -> int:
        """What min is multiplied by for the zero point, where elements are by the ratio's numerator."""
        ratio = self.ratio(element)
        return element.max * ratio.denominator if self.zero == "ends" else ratio.numerator

    def zero_format(self, element: Codes, input_: Format) -> Format:
        """The format that holds every z."""
        if self.zero == "clamped":
            return Format(width=element.width, signed=False)
        ratio = Fraction(self.zero_numerator(element), self.ratio(element).denominator)
        if self.include_zero:  # 0 ≤ -min ≤ max - min
            return Format(width=int(ratio + Fraction(1, 2)).bit_length(), signed=False)
        return Format(width=int(self._most(element, input_)).bit_length() + 1)

    def _most(self, element: Codes, input_: Format) -> Fraction:
        """What no z is beyond: |min| ≤ 2^W, and the range is at least `floor`."""
        return (1 << input_.width) * self.ratio(element) / self.floor + 1

    def _span_bits(self, input_: Format) -> int:
        """Bits of max - min, or of the floor."""
        return max(input_.width, self.floor.bit_length())

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        exact = self.store == stored.EXACT
        scale = stored.format_(self.store, self._span_bits(input_), input_.fraction)
        return Block(
            element=element,
            group=1,
            scale=scale,
            zero=None if self.zero == "float" else self.zero_format(element, input_),
            offset=stored.format_(self.store, input_.width, input_.fraction, input_.signed)
            if self.zero == "float"
            else None,
            gain=(1 / self.ratio(element) if exact else Fraction(1),),
        )

    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        assert isinstance(element, Format)
        ratio = self.ratio(element)
        low, high = groups.x.min(axis=-1), groups.x.max(axis=-1)
        if self.include_zero:
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        span = np.maximum(high - low, self.floor)
        below = span * ratio.denominator
        scale = stored.stored(
            self.store, span, ratio.denominator, ratio.numerator, groups.power, groups.invalid
        )
        numerator, random = ratio.numerator, groups.random
        if self.zero == "float":
            x = groups.x - low[..., None]
            codes = to_integers(x, numerator, below[..., None], 0, mode, random)
            offset = stored.stored(self.store, low, 1, 1, groups.power, groups.invalid)
            return clamp(codes, element, overflow), {"scale": scale, "offset": offset}
        # z itself is never rounded at random, and half up means the same for it as for an element.
        times = self.zero_numerator(element)
        zero = to_integers(-low, times, below, 0, "even" if mode == "stochastic" else mode)
        if self.zero == "clamped":
            zero = np.clip(zero, 0, element.max)
        codes = to_integers(groups.x, numerator, below[..., None], 0, mode, random) + zero[..., None]
        return clamp(codes, element, overflow), {"scale": scale, "zero": zero}

    def division(self, spec: Any) -> "RangeDivision":
        """How elements of a quantize stage are divided."""
        return RangeDivision(scale=self, code=spec.code, fixed=spec.element, spec=spec)

    def storing(self, spec: Any) -> tuple[stored.Storing, stored.Storing] | None:
        """How the scale and the offset of a group are stored, unless they are the integers themselves."""
        if self.store == stored.EXACT:
            return None
        fixed = spec.element
        same = {"store": self.store, "fraction": fixed.fraction, "floating": spec.floating}
        width = self._span_bits(fixed)
        return (
            stored.Storing(width=width, signed=False, ratio=1 / self.ratio(spec.code), **same),
            stored.Storing(width=fixed.width, signed=fixed.signed, ratio=Fraction(1), **same),
        )

    def group_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.range.RangeGroup."""
        found = self.division(spec).term_latency
        if storing := self.storing(spec):
            scale, offset = storing
            found = max(found, RangeDivision.SPAN + scale.latency, RangeDivision.LOW + offset.latency)
        return found

    def element_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.range.RangeElement."""
        return self.division(spec).latency


@dataclass(frozen=True, kw_only=True)
class RangeDivision:
    """How the hardware makes round(x/s) + z with few quotient bits for each element.

    Let n/d be the ratio (2^b - 1)/clip, D = d·span, and n·min = Q·D + R with 0 ≤ R < D, which is divided
    once for a group. An element x = min + δ is

        n·x/D = Q + u,   u = (R + n·δ)/D,   0 ≤ u < n/d + 1

    and z = round(-Q - R/D) = -Q - c, c = 0 or 1. So the code is round(Q + u) - Q - c: Q takes part as the
    parity that decides ties only. To nearest, the elements' quotient is u - c + 1/2, of -1/2 ≤ R/D - c ≤ 1/2:
    from 0 to n/d + 1. Otherwise it is u. A float zero is the same with Q = R = c = 0 and δ for x.

    Where both ends are clipped, n_z·min with n_z = (2^b - 1)·d takes the place of n·min, and u can be below
    0, by up to n/d - n_z/d: half of n/d, or less. One more digit below holds it, and the code is 0.

    Members
    -------
    scale: the Range. code: of the elements. fixed: of the input. spec: the stage.
    """

    # Cycles from the extremes of a group to min, and to max - min.
    LOW = 1
    SPAN = 2

    scale: Range
    code: Format
    fixed: Format
    spec: Any

    @property
    def ratio(self) -> Fraction:
        """n/d."""
        return self.scale.ratio(self.code)

    @property
    def zero_numerator(self) -> int:
        """n, or n_z."""
        return self.scale.zero_numerator(self.code)

    @property
    def below(self) -> bool:
        """Whether quotients can be below 0."""
        return self.scale.zero == "ends"

    @property
    def integer(self) -> bool:
        """Whether there is a zero point."""
        return self.scale.zero != "float"

    @property
    def clips(self) -> bool:
        """Whether a zero point may have to be clipped."""
        inside = self.scale.include_zero and self.ratio <= self.code.max
        return self.scale.zero == "clamped" and not inside

    @property
    def half(self) -> bool:
        """Whether half a unit is added before the division."""
        return self.spec.rounding in ("even", "away", "up")

    @property
    def fraction(self) -> int:
        """Quotient bits below the unit."""
        return 0 if self.half else fraction_bits(self.spec.rounding)

    @property
    def up(self) -> int:
        """Places by which numerators are shifted up: halves, or fraction bits."""
        return int(self.half) + self.fraction

    @property
    def span_bits(self) -> int:
        """Bits of max - min, or of the floor."""
        return self.scale._span_bits(self.fixed)

    @property
    def denominator_bits(self) -> int:
        """Bits of D."""
        return (((1 << self.span_bits) - 1) * self.ratio.denominator).bit_length()

    @property
    def zero_digits(self) -> int:
        """Digits of Q, the sign apart."""
        most = Fraction(self.zero_numerator, self.ratio.denominator)
        if not self.scale.include_zero:
            largest = 1 << (self.fixed.width - self.fixed.signed)
            most = most * largest / self.scale.floor
        return max(int(most).bit_length(), 1)

    @property
    def digits(self) -> int:
        """Bits of an element's quotient, fraction bits included, and one for those below 0."""
        return self.counted + self.below

    @property
    def counted(self) -> int:
        """Bits of an element's quotient from 0 up."""
        if not self.integer:
            top = int((self.ratio + Fraction(self.half, 2)) * (1 << self.fraction))
        elif not self.half:
            top = ceil((self.ratio + 1) * (1 << self.fraction)) - 1
        elif self.spec.overflow == "saturate" and not self.clips:
            # At most: a quotient of 2^digits comes out as the largest, and saturates as it does.
            top = ceil(self.ratio + 1) - 1
        else:
            top = int(self.ratio + 1)
        return max(top.bit_length(), 2, self.fraction + 1)

    @property
    def exact(self) -> str:
        """What is asked of the remainder (hadacast.core.quantizer.recurrence)."""
        if self.spec.rounding == "up":
            return "nothing"
        if self.integer:
            return "parity" if self.spec.rounding == "even" else "any"
        return "odd" if self.spec.rounding == "even" else "nothing"

    @property
    def offset_bits(self) -> int:
        """Bits of what is added to a quotient: -c, or what clipping took off a zero point."""
        if self.clips:
            return max(self.digits - self.fraction, self.code.width) + 3
        return 2 if self.integer and not self.half else 0

    @property
    def inside(self) -> bool:
        """Whether no quotient is beyond the codes."""
        return self.half and not self.offset_bits and (1 << self.digits) - 1 <= self.code.max

    @property
    def first_latency(self) -> int:
        """Cycles to D and to n·min."""
        low = self.LOW + multiple_latency(self.zero_numerator)
        return max(self.SPAN + multiple_latency(self.ratio.denominator), low)

    @property
    def term_latency(self) -> int:
        """Cycles from a group's extremes to what elements need, and to its zero point."""
        if not self.integer:
            return self.first_latency + 2
        return self.first_latency + self.zero_digits + (7 if self.clips else 4)

    @property
    def latency(self) -> int:
        """Cycles from x to its code."""
        found = multiple_latency(self.ratio.numerator) + self.digits + (self.exact != "nothing")
        return found + (1 if self.inside else 2)
