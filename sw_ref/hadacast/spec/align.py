"""Floating point to fixed point with one exponent for a frame."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, rounding
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import BF16, E8M0, Minifloat
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 16
MAX_OUTPUT_WIDTH = 48  # what the transform and the quantizer take
ROUNDINGS = ("even", "zero")
NANS = ("poison", "zero")
INFINITIES = ("poison", "saturate")


@dataclass(frozen=True, kw_only=True)
class Align(Stage):
    """Elements as multiples of one step, 2^(e - fraction), e the largest exponent in the frame.

    A number is significand·2^exponent; a normal one's significand lies in [1, 2), a subnormal one has the
    exponent of the smallest normal. It leaves as round(significand·2^(exponent - e) / 2^-fraction), where
    fraction = mantissa bits + guard. With at least as many guard bits as exponents differ in the frame
    nothing is lost; else what leaves is off by at most half a step ("even"), or by less than one ("zero").

    The side `scale` is e as an E8M0 code, e + 127, or 255 for an invalid frame, whose elements are all 0.
    A frame of zeros has the exponent of the smallest normal: code 1 for bf16.

    Fixed point in groups under E8M0 scales, which a dequantize stage makes of MX, is aligned too: a
    group's scale is then the exponent of its elements, and 255 in it a NaN.

    Members
    -------
    frame, lanes, input: as for every Stage; a Minifloat of up to 16 bits with a sign, or a Block of fixed
        point with a group and an E8M0 scale.
    guard: G, bits below the mantissa of the largest element, 0 and up; results have at most 48 bits.
    rounding: "even": to nearest, ties to even; "zero": toward zero.
    nan: what NaN is: "poison": the frame is invalid; "zero": it counts as 0.
    inf: what infinities are: "poison", or "saturate": the largest finite number of their sign.
    """

    kind: ClassVar[str] = "align"

    input: Codes | Block = BF16
    guard: int = 8
    rounding: str = "even"
    nan: str = "poison"
    inf: str = "poison"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Block):
            self._check_block(self.input)
        elif not isinstance(self.element, Minifloat) or not self.element.sign:
            raise HadacastError(
                f"input is {self.input}: an align stage takes floating point with a sign,"
                " such as bf16 or fp16"
            )
        elif self.element.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"input is {self.input}: it has {self.element.width} bits, an align stage takes up to"
                f" {MAX_INPUT_WIDTH}"
            )
        elif not 0 <= self.lowest <= self.highest < NAN_EXPONENT:
            raise HadacastError(
                f"input is {self.input}: its exponents go from {self.lowest - EXPONENT_BIAS} to"
                f" {self.highest - EXPONENT_BIAS}, an E8M0 code holds -127 to 127"
            )
        most = MAX_OUTPUT_WIDTH - self._width
        if most < 0:
            raise HadacastError(f"width is {self._width}: an align stage takes up to {MAX_OUTPUT_WIDTH} bits")
        checks.integer("guard", self.guard, 0, most, note=f" (results of {MAX_OUTPUT_WIDTH} bits)")
        checks.choice("rounding", self.rounding, ROUNDINGS)
        checks.choice("nan", self.nan, NANS)
        checks.choice("inf", self.inf, INFINITIES)

    def _check_block(self, block: Block) -> None:
        if not isinstance(block.element, Format) or block != Block(
            element=block.element, group=block.group, scale=E8M0
        ):
            raise HadacastError(
                f"input is {block}: an align stage takes floating point,"
                " or fixed point under E8M0 scales alone"
            )
        block.check_frame(self.frame)

    @property
    def _width(self) -> int:
        """Bits of the result without guard bits: sign, leading one, mantissa."""
        element = self.element
        return element.mantissa + 2 if isinstance(element, Minifloat) else element.width

    @property
    def result(self) -> Format:
        """Format of the elements that leave."""
        element = self.element
        if isinstance(element, Format):
            return replace(element, width=element.width + self.guard, fraction=element.fraction + self.guard)
        assert isinstance(element, Minifloat)
        return Format(width=self._width + self.guard, fraction=element.mantissa + self.guard)

    @property
    def output(self) -> Block:
        return exponents(self.result, self.frame)

    @property
    def lowest(self) -> int:
        """E8M0 code of the exponent that zeros have: the smallest normal's, or a group's least."""
        if isinstance(self.input, Block):
            return 0
        assert isinstance(self.element, Minifloat)
        return EXPONENT_BIAS - self.element.bias + int(self.element.subnormal)

    @property
    def highest(self) -> int:
        """E8M0 code of the exponent of the largest number."""
        if isinstance(self.input, Block):
            return NAN_EXPONENT - 1
        assert isinstance(self.element, Minifloat)
        return EXPONENT_BIAS + self.element.emax

    @property
    def leaves(self) -> int:
        """Exponents in a beat."""
        return max(self.lanes // self.input.group, 1) if isinstance(self.input, Block) else self.lanes

    @property
    def shifted(self) -> int:
        """Bits of the word that is shifted right: sign, significand, guard bits, and the half of a step."""
        signed = self._width + (not self.result.signed)
        return signed + self.guard + (self.rounding == "even")

    @property
    def shift_bits(self) -> int:
        """Bits of a shift: larger ones leave nothing."""
        return min((self.shifted - 1).bit_length(), (self.highest - self.lowest).bit_length())

    @property
    def latency(self) -> int:
        # Two bits of the shift in a clock; a maximum of two in a clock.
        tree, shift = (self.leaves - 1).bit_length(), -(-self.shift_bits // 2)
        if self.beats == 1:
            return 3 + tree + shift
        return self.beats - 1 + 5 + tree + shift

    def transform(self, x: Frames) -> Frames:
        if x.scale is None:
            significand, exponent, poison = self._parts(x.codes)
        else:
            significand, exponent, poison = self._groups(x)
        top = exponent.max(axis=-1, keepdims=True)
        shift = self.guard - (top - exponent)
        poison = poison.any(axis=-1, keepdims=True)
        codes = rounding.to_integers(np.where(poison, 0, significand), 1, 1, shift, self.rounding)
        return Frames(codes=codes, scale=np.where(poison, NAN_EXPONENT, top))

    def _parts(self, codes: Ints) -> tuple[Ints, Ints, Any]:
        """Of each element the signed significand, the exponent as an E8M0 code, and whether it poisons."""
        element = self.element
        assert isinstance(element, Minifloat)
        magnitude = codes & ((1 << element.magnitude_bits) - 1)
        infinite = magnitude == (-1 if element.inf_code is None else element.inf_code)
        nan = (magnitude > element.max_code) & ~infinite
        magnitude = np.where(infinite, element.max_code, magnitude)
        field, mantissa = magnitude >> element.mantissa, magnitude & ((1 << element.mantissa) - 1)
        low = (field == 0) & element.subnormal
        significand = np.where(low, mantissa, mantissa | (1 << element.mantissa))
        significand = np.where(nan, 0, np.where(codes & element.sign_bit, -significand, significand))
        exponent = np.where(nan, self.lowest, EXPONENT_BIAS - element.bias + field + low)
        poison = (nan & (self.nan == "poison")) | (infinite & (self.inf == "poison"))
        return significand, exponent, poison

    def _groups(self, x: Frames) -> tuple[Ints, Ints, Any]:
        """The same of elements whose exponents are their groups' scales."""
        assert isinstance(self.input, Block)
        assert x.scale is not None
        scale = np.repeat(x.scale, self.input.group, axis=-1)
        nan = scale == NAN_EXPONENT
        poison = nan & (self.nan == "poison")
        return np.where(nan, 0, x.codes), np.where(nan, self.lowest, scale), poison
