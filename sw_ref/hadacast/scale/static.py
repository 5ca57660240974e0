"""Constant scales, per tensor or per channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.elements import largest
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.rounding import clamp, odd_parts, to_codes, to_integers
from hadacast.scale.scale import Groups, Scale
from hadacast.scale.static_plan import plan


@dataclass(frozen=True, kw_only=True)
class Static(Scale):
    """code = round(x/s) + z, s and z constant.

    Members
    -------
    step: s, in the input's units: one number for the tensor, or one for each channel (a place in the
        frame). Or
    threshold: the magnitude that the element's largest number stands for, as from a percentile of
        calibration data: s = threshold/largest. One or one for each channel. Exactly one of the two.
    zero: z, an integer (one, or one for each channel), for integer elements.
    """

    kind: ClassVar[str] = "static"

    step: tuple[Fraction, ...] = ()
    threshold: tuple[Fraction, ...] = ()
    zero: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for name in ("step", "threshold"):
            numbers = _sequence(name, getattr(self, name))
            found = tuple(checks.fraction(name, n, Fraction(1, 1 << 64), 1 << 64, 24) for n in numbers)
            object.__setattr__(self, name, found)
        if bool(self.step) == bool(self.threshold):
            raise HadacastError("a static scale needs step or threshold, and not both")
        zeros = _sequence("zero", self.zero)
        object.__setattr__(self, "zero", tuple(checks.integer("zero", z, -(1 << 24), 1 << 24) for z in zeros))

    def steps(self, element: Codes) -> tuple[Fraction, ...]:
        """s: one, or one for each channel."""
        return self.step or tuple(t / largest(element) for t in self.threshold)

    @property
    def channels(self) -> int:
        """Channels that the tables are for; 1 for any number."""
        return max(len(self.step), len(self.threshold), len(self.zero))

    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        if any(self.zero) and (not isinstance(element, Format) or element.fraction):
            raise HadacastError(
                f"zero is {checks.quote(self.zero)}: {element} has no zero point, it must be 0"
            )
        for name in ("step", "threshold", "zero"):
            length = len(getattr(self, name))
            if length > 1 and length != self.channels:
                raise HadacastError(f"{name} has {length:,} numbers: it must be 1, or {self.channels:,}")

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        return Block(element=element, group=1, gain=self.steps(element), zero_point=self.zero)

    def element_latency(self, spec: Any) -> int:
        return plan(spec).latency

    def ratios(self, element: Codes) -> tuple[list[int], list[int], list[int]]:
        """Of each channel, 1/s as odd numerator, odd denominator and power of two."""
        found = [odd_parts(1 / s) for s in self.steps(element)]
        return [f[0] for f in found], [f[1] for f in found], [f[2] for f in found]

    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        numerator, denominator, shift = (np.array(part, dtype=np.int64) for part in self.ratios(element))
        power = np.asarray(groups.power)[..., None] if np.ndim(groups.power) else groups.power
        total = shift + power
        if not any(self.zero):
            return (
                to_codes(groups.x, numerator, denominator, total, element, mode, overflow, groups.random),
                {},
            )
        assert isinstance(element, Format)
        codes = to_integers(groups.x, numerator, denominator, total + element.fraction, mode, groups.random)
        return clamp(codes + np.array(self.zero), element, overflow), {}


def _sequence(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) > 1 << 16:
            raise HadacastError(f"{name} has {len(value):,} numbers: 65,536 are the most")
        return value
    return (value,)
