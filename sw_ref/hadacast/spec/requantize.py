"""Dyadic requantization: integers to fewer bits by a multiplication and a shift (stage Y)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, elements
from hadacast.errors import HadacastError
from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames
from hadacast.rounding import clamp, to_integers
from hadacast.spec.scaled_plan import ScaledPlan
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48
MAX_CODE_WIDTH = 32
GEMMLOWP = "gemmlowp"
INT8 = Format(width=8)
MODES = ("even", "away", "up", "zero", GEMMLOWP)
BITS = 31  # of a multiplier made from a real number


@dataclass(frozen=True, kw_only=True)
class Requantize(Stage):
    """y = round(x·m/2^e) + z, saturating; m, e and z constant, for the tensor or for each channel.

    Channels are the places of a frame. With m = 1 and e = h - l this is the second rounding of Double
    Rounding, from a stored code of h bits to one of l.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 48 bits, whose codes are the x.
    code: format of y: "int8", "uint4", … (hadacast.elements), an integer format of up to 32 bits.
    multiplier, shift: m, 0 to 2^32, and e, -31 to 128: one, or one for each channel. Or
    scale: the real numbers that m/2^e stands for, 2^-64 to 2^31, converted as HAWQ-V3 does: s = f·2^k with f
        in [1/2, 1), as a double, m = f·2^31 rounded half away from zero, which can yield 2^31, e = 31 - k.
        Exactly one of multiplier and scale.
    zero: z, one or one for each channel, -2^24 to 2^24.
    rounding: of x·m/2^e, once: "even" (HAWQ-V3), "up" (TFLite's XNNPACK kernels), "away", "zero". Or
        "gemmlowp", twice, as gemmlowp and TFLite's reference kernels do: x·m/2^31 half up, with x shifted up
        before for e < 31, and then by 2^(e - 31), half away from zero.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "requantize"

    code: Codes = INT8
    multiplier: tuple[int, ...] = ()
    shift: tuple[int, ...] = (0,)
    scale: tuple[Fraction, ...] = ()
    zero: tuple[int, ...] = (0,)
    rounding: str = "even"

    def __post_init__(self) -> None:
        super().__post_init__()
        set_ = object.__setattr__
        if not isinstance(self.input, Format) or self.input.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"input is {self.input}: a requantize stage takes fixed point of up to {MAX_INPUT_WIDTH} bits"
            )
        set_(self, "code", elements.element("code", self.code))
        if not isinstance(self.code, Format) or self.code.width > MAX_CODE_WIDTH:
            raise HadacastError(
                f"code is {self.code}: it must be an integer format of up to {MAX_CODE_WIDTH} bits"
            )
        checks.choice("rounding", self.rounding, MODES)
        for name, low, high in (
            ("multiplier", 0, 1 << 32),
            ("shift", -31, 128),
            ("zero", -(1 << 24), 1 << 24),
        ):
            numbers = _sequence(getattr(self, name))
            set_(self, name, tuple(checks.integer(name, number, low, high) for number in numbers))
            if not numbers and name != "multiplier":
                raise HadacastError(f"{name} is empty: it must be one number, or one for each element")
        scales = (_real("scale", number) for number in _sequence(self.scale))
        set_(self, "scale", tuple(scales))
        if bool(self.multiplier) == bool(self.scale):
            raise HadacastError("a requantize stage needs multiplier or scale, and not both")
        if self.scale and self.shift != (0,):
            raise HadacastError(f"shift is {checks.quote(self.shift)}: a scale has its own, it must be 0")
        for name in ("multiplier", "shift", "scale", "zero"):
            length = len(getattr(self, name))
            if length > 1 and length != self.frame:
                raise HadacastError(
                    f"{name} has {length:,} numbers: it must be 1, or the frame, {self.frame:,}"
                )

    @cached_property
    def dyadic(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """m and e: one, or one for each channel."""
        if not self.scale:
            count = max(len(self.multiplier), len(self.shift))
            return _repeated(self.multiplier, count), _repeated(self.shift, count)
        found = [dyadic(float(number)) for number in self.scale]
        return tuple(m for m, _ in found), tuple(e for _, e in found)

    @property
    def result(self) -> Format:
        """Format of y."""
        assert isinstance(self.code, Format)
        return self.code

    @property
    def output(self) -> Codes | Block:
        return self.result

    @cached_property
    def plan(self) -> ScaledPlan:
        """How the hardware is laid out."""
        assert isinstance(self.input, Format)
        multipliers, exponents = self.dyadic
        twice = self.rounding == GEMMLOWP
        firsts = [min(e, BITS) for e in exponents] if twice else exponents
        return ScaledPlan(
            element=self.input,
            beats=self.beats,
            lanes=self.lanes,
            factors=tuple(m * Fraction(2) ** -e for m, e in zip(multipliers, firsts, strict=True)),
            zeros=self.zero,
            rounder=FixedRounder(
                output=self.result,
                rounding="away" if twice else self.rounding,
                zeros=tuple(sorted(set(self.zero))),
            ),
            shifts=tuple(max(e - BITS, 0) for e in exponents) if twice else None,
        )

    @property
    def latency(self) -> int:
        return self.plan.latency

    def transform(self, x: Frames) -> Frames:
        m, e = (np.array(numbers, dtype=np.int64) for numbers in self.dyadic)
        if self.rounding == GEMMLOWP:
            high = to_integers(x.codes, m, 1, -np.minimum(e, BITS), "up")
            codes: Ints = to_integers(high, 1, 1, -np.maximum(e - BITS, 0), "away")
        else:
            codes = to_integers(x.codes, m, 1, -e, self.rounding)
        return Frames(codes=clamp(codes + np.array(self.zero, dtype=np.int64), self.result, "saturate"))


def dyadic(scale: float) -> tuple[int, int]:
    """m and e of a positive real number, m/2^e nearest to it, m from 2^30 to 2^31."""
    fraction, power = math.frexp(scale)
    exact = Fraction(fraction) * (1 << BITS)
    return int(exact + Fraction(1, 2)), BITS - power


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


def _repeated(numbers: tuple[int, ...], count: int) -> tuple[int, ...]:
    return numbers * count if len(numbers) == 1 else numbers


def _real(name: str, value: Any) -> Fraction:
    """A number as the double that it is, or that is nearest to its text."""
    return Fraction(float(checks.fraction(name, value, Fraction(1, 1 << 64), 1 << 31, 64)))
