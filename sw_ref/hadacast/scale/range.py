"""Asymmetric scales: from the smallest to the largest element of a group."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.rounding import LIMIT, clamp, to_integers
from hadacast.scale import stored
from hadacast.scale.scale import MAX_BITS, Groups, Scale

ZEROS = ("integer", "clamped", "float")


@dataclass(frozen=True, kw_only=True)
class Range(Scale):
    """s = clip·(max - min)/(2^b - 1), unsigned b-bit codes.

    zero "integer": z = round(-min/s), code = round(x/s) + z, both rounded by themselves (RotateKV,
    QuaRot's KV cache); "clamped": the same with z held in 0 … 2^b - 1; "float": code =
    round((x - min)/s), and min leaves as the offset.

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
        if self.zero == "integer" and not self.include_zero and self._most(element, input_) > 1 << LIMIT:
            raise HadacastError(
                f"include_zero is false: {element} codes of {input_.width}-bit elements have zero points "
                f"beyond {LIMIT} bits; a larger floor would do"
            )

    def ratio(self, element: Codes) -> Fraction:
        """(2^b - 1)/clip: an element is x/(max - min) times this."""
        return element.max / self.clip

    def zero_format(self, element: Codes, input_: Format) -> Format:
        """The format that holds every z."""
        if self.zero == "clamped":
            return Format(width=element.width, signed=False)
        ratio = self.ratio(element)
        if self.include_zero:  # 0 ≤ -min ≤ max - min
            return Format(width=int(ratio + Fraction(1, 2)).bit_length(), signed=False)
        return Format(width=int(self._most(element, input_)).bit_length() + 1)

    def _most(self, element: Codes, input_: Format) -> Fraction:
        """What no z is beyond: |min| ≤ 2^W, and the range is at least `floor`."""
        return (1 << input_.width) * self.ratio(element) / self.floor + 1

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        exact = self.store == stored.EXACT
        scale = stored.format_(self.store, input_.width, input_.fraction)
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
        zero = to_integers(-low, numerator, below, 0, "even" if mode == "stochastic" else mode)
        if self.zero == "clamped":
            zero = np.clip(zero, 0, element.max)
        codes = to_integers(groups.x, numerator, below[..., None], 0, mode, random) + zero[..., None]
        return clamp(codes, element, overflow), {"scale": scale, "zero": zero}
