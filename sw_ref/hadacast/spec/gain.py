"""A diagonal of real numbers: channel scales, and the spectrum between two transforms."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, coefficients
from hadacast.errors import HadacastError
from hadacast.fixed_rounder import FixedRounder
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.irrational import floor_log2
from hadacast.rounding import clamp, odd_parts, to_integers
from hadacast.settings import Register, Setting, Table
from hadacast.spec.normalize import EXACT, MAX_WIDTH, MODES
from hadacast.spec.scaled_plan import ScaledPlan
from hadacast.spec.stage import Stage

MAX_BITS = 32
LIMIT = Fraction(1 << 64)


@dataclass(frozen=True, kw_only=True)
class Gain(Stage):
    """y_i = round(x_i·g_i), saturating; g_i constant for each place i of the frame, of either sign or 0.

    Each gain is first rounded to `bits` significant bits, |g| = m·2^-e with 2^(bits-1) ≤ m ≤ 2^bits, m to
    nearest, ties to even: it is off by at most 2^-bits of itself. (Loadable ones see below.) The product is
    exact, and rounded once. Exponents of frames pass.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 48 bits.
    gain: g, numbers repeated to the end of the frame; 0, or of a magnitude from 2^-64 to 2^64.
    reciprocal: multiply by 1/g instead; no g is 0 then. What is rounded is 1/g.
    bits: of m, 1 to 32.
    width: bits of y, 1 to 48; 0: as many as the largest result takes.
    fraction: fraction bits of y; "exact": as many as every result takes, and nothing is rounded.
    rounding: "even", "away", "up" or "zero" (hadacast.rounding).
    loadable: whether other gains can be written at run time. They are then in fixed point, multiples c of one
        step, |c| < 2^bits: a gain is off by half a step at most. bits is up to 31 then.
    up_to: the largest magnitude of a gain that can be written; it sets the step. 0: of those in `gain`.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "gain"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"gain", "reciprocal", "up_to"})

    gain: tuple[Fraction, ...] = ()
    reciprocal: bool = False
    bits: int = 16
    width: int = 0
    fraction: int | str = EXACT
    rounding: str = "even"
    loadable: bool = False
    up_to: Fraction | int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fixed(MAX_WIDTH)
        checks.flag("reciprocal", self.reciprocal)
        given: Any = self.gain
        numbers = given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
        gains = tuple(coefficients.number("gain", value) for value in numbers)
        if not gains or self.frame % len(gains):
            raise HadacastError(
                f"gain has {len(gains):,} numbers: they must divide the frame, {self.frame:,}"
            )
        for g in gains:
            if not (1 / LIMIT <= abs(g) <= LIMIT or (g == 0 and not self.reciprocal)):
                allowed = "of a magnitude from 2^-64 to 2^64" + ("" if self.reciprocal else ", or 0")
                raise HadacastError(f"gain has {float(g):g}: it must be {allowed}")
        object.__setattr__(self, "gain", gains)
        checks.flag("loadable", self.loadable)
        checks.integer("bits", self.bits, 1, MAX_BITS - self.loadable)
        self._check_up_to()
        checks.choice("rounding", self.rounding, MODES)
        checks.integer("width", self.width, 0, MAX_WIDTH)
        if self.fraction != EXACT:
            Format(fraction=self.fraction)  # type: ignore[arg-type]
        checks.integer("output width", self._least_width, 1, MAX_WIDTH)

    def _check_up_to(self) -> None:
        given = self.up_to
        if isinstance(given, int) and not isinstance(given, bool) and given == 0:
            largest = max(map(abs, self.wanted))
            if self.loadable and not largest:
                raise HadacastError("gain is 0: with loadable, up_to must be the largest to be written")
            return
        if not self.loadable:
            raise HadacastError(f"up_to is {checks.quote(given)}: without loadable it must be 0")
        up_to = checks.fraction("up_to", given, 1 / LIMIT, LIMIT)
        object.__setattr__(self, "up_to", up_to)
        for g in self.wanted:
            if abs(g) > up_to:
                raise HadacastError(f"gain has {float(g):g}: up_to, {float(up_to):g}, must be as large")

    @property
    def step(self) -> Fraction:
        """What gains that can be written are multiples of: the least power of two, `bits` suffice."""
        largest = Fraction(self.up_to) or max(map(abs, self.wanted))
        step = Fraction(2) ** (floor_log2(largest) + 1 - self.bits)
        return step if round(largest / step) < 1 << self.bits else 2 * step

    @cached_property
    def wanted(self) -> tuple[Fraction, ...]:
        """The gains before they are rounded."""
        return tuple(1 / g for g in self.gain) if self.reciprocal else self.gain

    @cached_property
    def gains(self) -> tuple[Fraction, ...]:
        """The gains that multiply."""
        if self.loadable:
            return tuple(round(g / self.step) * self.step for g in self.wanted)
        return tuple(_significant(g, self.bits) for g in self.wanted)

    @property
    def gain_error(self) -> Fraction:
        """The most by which a gain is off, as a part of itself; at most 2^-bits, but where loadable."""
        both = zip(self.gains, self.wanted, strict=True)
        return max((abs(rounded / g - 1) for rounded, g in both if g), default=Fraction(0))

    @cached_property
    def _point(self) -> int:
        """Fraction bits of the result."""
        element, fraction = self.element, self.fraction
        assert isinstance(element, Format)
        if not isinstance(fraction, str):
            return fraction
        if self.loadable:
            return element.fraction - floor_log2(self.step)
        return element.fraction - min((odd_parts(abs(g))[2] for g in self.gains if g), default=0)

    @cached_property
    def ratios(self) -> tuple[Fraction, ...]:
        """What codes are multiplied by: one, or one for each place."""
        found = tuple(g * self._scale for g in self.gains)
        same = len(found) == 1 if self.loadable else len(set(found)) == 1
        return found[:1] if same else found * (self.frame // len(found))

    @property
    def _scale(self) -> Fraction:
        """Steps of y in a product of a step of x and 1."""
        assert isinstance(self.element, Format)
        return Fraction(2) ** (self._point - self.element.fraction)

    @property
    def _signed(self) -> bool:
        """Whether results have a sign."""
        return self.element.signed or self.loadable or min(self.gains) < 0

    @cached_property
    def _least_width(self) -> int:
        """Bits of a result, or as many as the largest takes."""
        if self.width:
            return self.width
        # The largest magnitudes, rounded: no mode goes further than away from zero.
        ratios = set(self.ratios)
        if self.loadable:
            unit = self.step * self._scale
            ratios = {unit * -(1 << self.bits), unit * ((1 << self.bits) - 1)}
        ends = [r * end for r in ratios for end in (self.element.min, self.element.max)]
        low, high = -int(Fraction(1, 2) - min(ends)), int(max(ends) + Fraction(1, 2))
        return max(high.bit_length(), (~low).bit_length() if low < 0 else 0, 1 - self._signed) + self._signed

    @cached_property
    def result(self) -> Format:
        """Format of the elements that leave."""
        return Format(width=self._least_width, fraction=self._point, signed=self._signed)

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    @property
    def free(self) -> bool:
        """Whether codes stay as they are."""
        return not self.loadable and self.ratios == (1,) and self.result.width >= self.element.width

    @cached_property
    def plan(self) -> ScaledPlan:
        """How the hardware is laid out."""
        assert isinstance(self.element, Format)
        negative = tuple(r < 0 for r in self.ratios)
        return ScaledPlan(
            element=self.element,
            beats=self.beats,
            lanes=self.lanes,
            factors=tuple(map(abs, self.ratios)),
            zeros=(0,),
            rounder=FixedRounder(output=self.result, rounding=self.rounding),
            negative=negative if any(negative) else (False,),
            code_bits=self.bits + 1 if self.loadable else 0,
            step=self.step * self._scale if self.loadable else Fraction(1),
        )

    @property
    def built(self) -> dict[str, Any]:
        return super().built | ({"step": self.step} if self.loadable else {})

    @property
    def lane_bits(self) -> int:
        """Bits of a lane's number in a table of gains."""
        return (self.lanes - 1).bit_length()

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        codes, power = self.plan.codes, floor_log2(self.step)
        if len(codes) == 1:
            high = (1 << self.bits) - 1
            text = f"the gain, in steps of 2^{power}"
            return (Register(name="gain", text=text, low=-high - 1, high=high, init=codes[0]),)
        padding = (0,) * ((1 << self.lane_bits) - self.lanes)
        beats = (codes[at : at + self.lanes] for at in range(0, self.frame, self.lanes))
        text = f"the gains, in steps of 2^{power}; a beat takes {1 << self.lane_bits} places"
        init = tuple(code for beat in beats for code in (*beat, *padding))
        return (Table(name="gains", text=text, width=self.bits + 1, signed=True, init=init),)

    @property
    def latency(self) -> int:
        return 0 if self.free else self.plan.latency

    def transform(self, x: Frames) -> Frames:
        parts = [(*odd_parts(abs(r))[::2], r < 0) if r else (0, 0, False) for r in self.ratios]
        numerators, shifts, negative = (np.array(part) for part in zip(*parts, strict=True))
        places = np.where(negative, -x.codes, x.codes)
        codes = to_integers(places, numerators, 1, shifts, self.rounding)
        return x.with_codes(clamp(codes, self.result, "saturate"))


def _significant(g: Fraction, bits: int) -> Fraction:
    """A number rounded to `bits` significant bits."""
    if not g:
        return g
    step = Fraction(2) ** (floor_log2(abs(g)) - bits + 1)
    return round(g / step) * step
