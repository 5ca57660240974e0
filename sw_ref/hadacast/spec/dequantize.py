"""The inverse of a quantizer: codes and scales to fixed point (stage Q⁻¹)."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import E8M0, Minifloat
from hadacast.rounding import clamp, odd_parts, to_integers
from hadacast.significand import Significand
from hadacast.spec.dequantize_plan import DequantizePlan
from hadacast.spec.stage import Stage
from hadacast.table import Table

MAX_WIDTH = 48
MODES = ("even", "away", "up", "zero")
# Sums and products of up to this many bits are made in int64.
_BITS = 62


@dataclass(frozen=True, kw_only=True)
class Dequantize(Stage):
    """y = round((element(code) - zero - zero_point)·scale·gain + offset), exact up to that one rounding.

    What a Block's numbers are (hadacast.frames.Block), in fixed point, to nearest by default, saturating. NaN
    becomes 0, as do an infinite scale of 0 and a scale of 0 of an infinite element; infinities become the
    largest number of their sign.

    Members
    -------
    frame, lanes, input: as for every Stage; a Block, or elements without scales.
    width, fraction: of the result, signed fixed point of 1 to 48 bits.
    rounding: "even", "away", "up" or "zero" (hadacast.rounding).
    exponents: keep the scale as the frame's exponent, and convert elements only: for one E8M0 scale a frame.
        Results are then fixed point under an exponent (hadacast.frames.exponents), as an align stage leaves
        it.

    Raises HadacastError where a member is out of range, and for Blocks that no quantizer leaves.
    """

    kind: ClassVar[str] = "dequantize"

    width: int = 16
    fraction: int = 0
    rounding: str = "even"
    exponents: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("width", self.width, 1, MAX_WIDTH)
        Format(width=self.width, fraction=self.fraction)
        checks.choice("rounding", self.rounding, MODES)
        checks.flag("exponents", self.exponents)
        if not isinstance(self.element, Format | Minifloat | Table):
            raise HadacastError(f"input is {self.input}: a dequantize stage takes codes; unpack them first")
        block = self.block
        block.check_frame(self.frame)
        for name in ("gain", "zero_point"):
            if len(getattr(block, name)) not in (1, self.frame):
                raise HadacastError(
                    f"{name} has {len(getattr(block, name)):,} numbers: it must be 1 or {self.frame:,}"
                )
        if self.exponents and (
            block != replace(exponents(block.element, self.frame), gain=block.gain) or len(block.gain) > 1
        ):
            raise HadacastError(
                f"exponents is true: {block} must have one {E8M0} scale for each frame, and no other side"
            )
        self._check_block(block)

    def _check_block(self, block: Block) -> None:
        """Raise HadacastError for what the arithmetic isn't defined or built for."""
        fixed = isinstance(block.element, Format) and block.element.fraction == 0
        if (block.zero is not None or any(block.zero_point)) and not fixed:
            raise HadacastError(f"element is {block.element}: only integers have zero points")
        if block.zero is not None and not (isinstance(block.zero, Format) and block.zero.fraction == 0):
            raise HadacastError(f"zero is {block.zero}: it must be an integer format")
        if isinstance(block.scale, Format) and block.scale.signed:
            raise HadacastError(f"scale is {block.scale}: it must be unsigned")
        for gain in block.gain + block.wide_gain:
            if gain <= 0 or max(odd_parts(gain)[:2]).bit_length() > MAX_WIDTH:
                raise HadacastError(
                    f"gain is {checks.quote(gain)}: it must be more than 0, "
                    f"with up to {MAX_WIDTH} bits above and below"
                )
        if block.wide is not None and (
            block.zero is not None or any(block.zero_point) or len(block.gain) > 1
        ):
            raise HadacastError("wide groups must have no zero points, and one gain")
        if isinstance(block.offset, Minifloat) and self.plan.exponent_of_gain is None:
            raise HadacastError(
                f"offset is {block.offset}: the gain must be a power of two, not {block.gain[0]}"
            )
        if isinstance(block.offset, Format) and self.plan.largest_exponent:
            raise HadacastError(f"offset is {block.offset}: scale and elements must be integers too")

    @cached_property
    def block(self) -> Block:
        """The input as a Block."""
        if isinstance(self.input, Block):
            return self.input
        return Block(element=self.input, group=self.frame)

    @cached_property
    def plan(self) -> DequantizePlan:
        """How the hardware is laid out."""
        return DequantizePlan(self)

    @property
    def result(self) -> Format:
        """Format of the elements that leave."""
        return Format(width=self.width, fraction=self.fraction)

    @property
    def output(self) -> Codes | Block:
        return exponents(self.result, self.frame) if self.exponents else self.result

    @property
    def latency(self) -> int:
        return self.plan.latency

    def transform(self, x: Frames) -> Frames:
        block = self.block
        scale = x.scale
        if self.exponents:
            assert scale is not None
            block, x = replace(block, scale=None), replace(x, scale=None)
        with np.errstate(invalid="ignore"):
            real = block.decode(x)
        significand, exponent, factor = self._elements(block, x)
        if block.scale is not None and x.scale is not None:
            split = Significand(block.scale)
            more, power = (part[..., None] for part in split.split(x.scale))
            significand = _times(significand, more)
            exponent = exponent + power + split.power
        index, factors = factor
        parts = [odd_parts(f) for f in factors]
        above, below, shift = (np.array([p[k] for p in parts], dtype=np.int64)[index] for k in range(3))
        shift = shift + exponent + self.fraction
        if block.offset is not None and x.offset is not None:
            significand, shift = self._offset(
                block.offset, x.offset, _times(significand, above), below, shift
            )
            above = np.int64(1)
        codes = to_integers(significand, above, below, shift, self.rounding)
        codes = block.ungrouped(clamp(codes, self.result, "saturate"))
        codes = np.where(np.isnan(real), 0, codes)
        codes = np.where(np.isinf(real), np.where(real > 0, self.result.max, self.result.min), codes)
        codes = np.ascontiguousarray(codes.astype(np.int64))
        return Frames(codes=codes, scale=scale) if self.exponents else Frames(codes=codes)

    def _elements(self, block: Block, x: Frames) -> tuple[Any, Any, tuple[Any, list[Fraction]]]:
        """(..., K, g) significands and exponents of the elements, without their zeros; and of which gain."""
        codes = block.grouped(x.codes)
        split = Significand(block.element)
        index = block.grouped(np.broadcast_to(np.arange(x.codes.shape[-1]) % len(block.gain), x.codes.shape))
        factors = list(block.gain)
        if block.wide is None or x.wide is None:
            significand, exponent = split.split(codes)
            exponent = exponent + split.power
        else:
            flag, other = x.wide[..., None] == 1, Significand(block.wide)
            narrow, wide = split.split(np.where(flag, 0, codes)), other.split(np.where(flag, codes, 0))
            significand = np.where(flag, wide[0], narrow[0])
            exponent = np.where(flag, wide[1] + other.power, narrow[1] + split.power)
            factors.append((block.wide_gain or block.gain)[0])
            index = np.where(flag, 1, 0)
        zeros = np.resize(np.array(block.zero_point, dtype=np.int64), x.codes.shape[-1])
        significand = significand - block.grouped(np.broadcast_to(zeros, x.codes.shape))
        if x.zero is not None:
            significand = significand - x.zero[..., None]
        return significand, exponent, (index, factors)

    def _offset(self, format_: Codes, codes: Ints, product: Any, below: Any, shift: Any) -> tuple[Any, Any]:
        """product·2^shift/below + offset, over the same denominator: its numerator, and power of two."""
        split = Significand(format_)
        offset, power = (part[..., None] for part in split.split(codes))
        power = power + split.power + self.fraction
        least = np.minimum(shift, power)
        product, offset, below, left, right = (
            np.asarray(a).astype(object) for a in (product, offset, below, shift - least, power - least)
        )
        return (product << left) + ((offset * below) << right), least


def _times(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """a·b, as Python's integers where an int64 has no room for it."""
    if a.dtype != object and _bits(a) + _bits(b) > _BITS:
        a = a.astype(object)
    return np.asarray(a * b)


def _bits(a: NDArray[Any]) -> int:
    return max(int(a.max(initial=0)), -int(a.min(initial=0))).bit_length()
