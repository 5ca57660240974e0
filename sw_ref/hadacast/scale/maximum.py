"""Scales proportional to the largest magnitude of a group."""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.elements import largest
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.minifloat import Minifloat
from hadacast.rounding import odd_parts, to_codes
from hadacast.scale import stored
from hadacast.scale.division import Division, multiple_latency
from hadacast.scale.scale import MAX_BITS, Groups, Scale

# What clips of both ends have in common is a constant of the hardware.
MAX_COMMON = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Maximum(Scale):
    """s = clip·a/divisor + epsilon, a the largest magnitude of the group; code = round(x/s).

    With clip 1 and divisor 2^(n-1) - 1 this is symmetric INTn per token or per group (QuaRot), with an
    E4M3 element and 448 FP8 per token.

    Members
    -------
    clip: c, from 1/256 to 1; what lies beyond c·a saturates.
    clip_negative: c of the negative end, where it has its own (FlatQuant): c·a is then the larger one of clip
        times the largest positive element and clip_negative times the largest magnitude of a negative one.
    divisor: what a is divided by; by default the element's largest number. 127.5 for int8 is torchao's.
    floor: the least a, in input steps: a group of zeros has this one. 0 to 65,535.
    epsilon: what is added to s, in the input's units, so small that it matters for ties only: with it no
        quotient is half way between codes. 0 by default. For integer codes, rounded "even" or "away", and
        store "exact": a leaves as it is.
    store: how the scale leaves: "exact", the integer a itself, or s as "fp32", "bf16" or "fp16" (to
        nearest, ties to even; 1.0 for a group of zeros). Codes follow the exact s either way.
    """

    kind: ClassVar[str] = "maximum"
    reduces: ClassVar[str] = "amax"

    clip: Fraction = Fraction(1)
    clip_negative: Fraction | None = None
    divisor: Fraction | None = None
    floor: int = 1
    epsilon: Fraction = Fraction(0)
    store: str = stored.EXACT

    def __post_init__(self) -> None:
        object.__setattr__(self, "clip", checks.fraction("clip", self.clip, Fraction(1, 256), 1, 16))
        if self.clip_negative is not None:
            found = checks.fraction("clip_negative", self.clip_negative, Fraction(1, 256), 1, 16)
            object.__setattr__(self, "clip_negative", found)
        if self.divisor is not None:
            found = checks.fraction("divisor", self.divisor, Fraction(1, 256), 1 << 16, 17)
            object.__setattr__(self, "divisor", found)
        checks.integer("floor", self.floor, 0, (1 << 16) - 1)
        object.__setattr__(self, "epsilon", checks.fraction("epsilon", self.epsilon, 0, 1, 24))
        if self.ends and self.floor != 1:
            raise HadacastError(f"floor is {self.floor}: with a clip_negative it must be 1")
        if self.ends and self.epsilon:
            raise HadacastError(f"epsilon is {float(self.epsilon):g}: with a clip_negative it must be 0")
        if self.common > MAX_COMMON:
            raise HadacastError(
                f"clip is {self.clip}, clip_negative {self.clip_negative}: their common denominator, "
                f"{self.common:,}, must be up to {MAX_COMMON:,}"
            )

    @property
    def ends(self) -> bool:
        return self.clip_negative is not None

    @property
    def common(self) -> int:
        """The common denominator of both ends' clips, where each has its own; else 1."""
        if self.clip_negative is None:
            return 1
        return lcm(self.clip.denominator, self.clip_negative.denominator)

    @property
    def weights(self) -> tuple[int, int]:
        """What the largest positive and the largest negative magnitude are multiplied by."""
        if self.clip_negative is None:
            return 1, 1
        return int(self.clip * self.common), int(self.clip_negative * self.common)

    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        stored.check(self.store, floating)
        _, above, _ = odd_parts(self.ratio(element))
        width = self._width(input_)
        if width + above.bit_length() > MAX_BITS:
            raise HadacastError(
                f"clip/divisor is {1 / self.ratio(element)}: with an input of {input_.width} bits it may "
                f"have {MAX_BITS - width} bits above"
            )
        if self.epsilon:
            self._check_epsilon(element, input_)
        if self.ends and not input_.signed:
            raise HadacastError(f"clip_negative is {self.clip_negative}: {input_} has no negative end")

    def _check_epsilon(self, element: Codes, input_: Format) -> None:
        shown = f"epsilon is {float(self.epsilon):g}"
        if not isinstance(element, Format) or self.store != stored.EXACT:
            raise HadacastError(f"{shown}: it is for integer codes and store 'exact' only")
        # x·r/a in code steps, r = n·2^shift/d, is no nearer to a tie than 1/(2·a·d·2^-shift), or is one;
        # of |x| ≤ a, epsilon takes less than r·E/a away, E in input steps.
        ratio = self.ratio(element) * Fraction(2) ** element.fraction
        _, denominator, shift = odd_parts(ratio)
        most = 1 / (ratio * self.ratio(element) * 2 * denominator * (1 << max(-shift, 0)))
        if self.epsilon * Fraction(2) ** input_.fraction > most:
            step = float(most * Fraction(2) ** -input_.fraction)
            raise HadacastError(f"{shown}: for {element} codes of {input_} it may be {step:.3g} at most")
        if input_.width + self._shifted(element, input_)[1].bit_length() > MAX_BITS:
            raise HadacastError(f"{shown}: it has too many bits for an input of {input_.width}")

    def _shifted(self, element: Codes, input_: Format) -> tuple[int, int]:
        """E = p/q, what epsilon adds to a, in input steps."""
        found = self.epsilon * self.ratio(element) * Fraction(2) ** input_.fraction
        return found.numerator, found.denominator

    def ratio(self, element: Codes) -> Fraction:
        """divisor/clip: an element is x/a times this; a of both ends' weights where they have their own."""
        return (self.divisor or largest(element)) * (self.common if self.ends else 1 / self.clip)

    def _width(self, input_: Format) -> int:
        """Bits of a."""
        bits = (max(self.weights) << (input_.width - input_.signed)).bit_length() if self.ends else 0
        return max(bits, input_.width, self.floor.bit_length())

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        scale = stored.format_(self.store, self._width(input_), input_.fraction)
        gain = 1 / self.ratio(element) if self.store == stored.EXACT else Fraction(1)
        return Block(element=element, group=1, scale=scale, gain=(gain,))

    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        numerator, denominator, shift = odd_parts(self.ratio(element))
        found = groups.amax
        if self.ends:
            positive, negative = self.weights
            x = groups.x
            found = np.maximum(x.max(axis=-1) * positive, -x.min(axis=-1) * negative)
        amax = np.maximum(found, self.floor)
        below = np.maximum(amax, 1)[..., None] * denominator
        if self.epsilon:
            p, q = self._shifted(element, Format(width=1, fraction=groups.fraction))
            below = (amax * q + p)[..., None] * denominator
            numerator *= q
        codes = to_codes(groups.x, numerator, below, shift, element, mode, overflow, groups.random)
        scale = stored.stored(
            self.store,
            amax,
            denominator,
            numerator,
            groups.power - shift,
            groups.invalid,
            one=groups.amax == 0,
        )
        return codes, {"scale": scale}

    def division(self, spec: Any) -> Division:
        """How elements of a quantize stage are divided."""
        code, fixed = spec.code, spec.element
        unit = Fraction(2) ** (code.unit if isinstance(code, Minifloat) else -code.fraction)
        ratio = self.ratio(code) / unit
        largest = 1 << (fixed.width - 1) if fixed.signed else fixed.max
        return Division(
            code=code,
            rounding=spec.rounding,
            ratio=ratio,
            largest=largest,
            common=max(largest * max(self.weights), self.floor),
            bound=ratio / min(self.weights),
            below=bool(self.epsilon),
        )

    def storing(self, spec: Any) -> stored.Storing | None:
        """How the scale of a group is stored, unless it is the largest magnitude itself."""
        if self.store == stored.EXACT:
            return None
        return stored.Storing(
            store=self.store,
            width=self._width(spec.element),
            signed=False,
            ratio=1 / self.ratio(spec.code),
            fraction=spec.element.fraction,
            floating=spec.floating,
        )

    @property
    def ends_latency(self) -> int:
        """Cycles to the larger one of both ends, multiplied."""
        return max(map(multiple_latency, self.weights)) + 1 if self.ends else 0

    def group_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.maximum.MaximumGroup."""
        storing = self.storing(spec)
        return (
            self.ends_latency + 1 + max(self.division(spec).term_latency, storing.latency if storing else 0)
        )

    def element_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.maximum.MaximumElement."""
        return self.division(spec).latency
