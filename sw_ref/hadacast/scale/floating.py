"""Floating-point scales of groups under a constant for the whole tensor: NVFP4 and its kin."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, elements
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.minifloat import E4M3, Minifloat
from hadacast.rounding import odd_parts, to_codes
from hadacast.scale import fp32, thresholds
from hadacast.scale.division import FloatDivision, normalize_latency
from hadacast.scale.scale import EXPONENT_BIAS, Groups, Magnitudes, Scale

EXACT = "exact"
ARITHMETICS = (EXACT, *fp32.LIBRARIES)


@dataclass(frozen=True, kw_only=True)
class Floating(Scale):
    """Two levels: s = round(min(a·S/e, f)), code = round(x·S/s).

    a is the largest magnitude of the group, e the largest number of the element (6 for E2M1), f that
    of the scale's format (448 for E4M3), S = e·f/tensor_amax the constant of the tensor, or 1 without
    one. s is rounded to nearest, ties to even, saturating; a group with s = 0 has codes 0 ("Pretraining
    Large Language Models with NVFP4", arXiv:2509.25149, appendix C).

    Members
    -------
    format: of the scale, "e4m3", "ue5m3" or any minifloat of up to 8 bits.
    tensor_amax: largest magnitude of the tensor in the input's units; None for S = 1.
    minimum: the least s; 0 by default.
    arithmetic: "exact": real numbers, rounded where it says so and nowhere else. A library's name: its
        float32 operations in its order, matched bit for bit (hadacast.scale.fp32); E2M1, E4M3, round
        to nearest even, an input of up to 25 bits. torchao's scales are 2^-6 at least.
    """

    kind: ClassVar[str] = "floating"
    reduces: ClassVar[str] = "amax"

    format: Codes = E4M3
    tensor_amax: Fraction | None = None
    minimum: Fraction = Fraction(0)
    arithmetic: str = EXACT

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", elements.element("format", self.format))
        if not isinstance(self.format, Minifloat) or self.format.width > 8 or not self.format.subnormal:
            raise HadacastError(
                f"format is {self.format}: it must be a minifloat of up to 8 bits with a zero"
            )
        if self.tensor_amax is not None:
            found = checks.fraction("tensor_amax", self.tensor_amax, Fraction(1, 1 << 64), 1 << 64, 24)
            object.__setattr__(self, "tensor_amax", found)
        found = checks.fraction("minimum", self.minimum, 0, elements.largest(self.format), 24)
        object.__setattr__(self, "minimum", found)
        checks.choice("arithmetic", self.arithmetic, ARITHMETICS)

    @property
    def scale_format(self) -> Minifloat:
        """`format`, as the minifloat that it is."""
        assert isinstance(self.format, Minifloat)
        return self.format

    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        if not isinstance(element, Minifloat):
            raise HadacastError(f"element is {element}: a floating scale needs a minifloat")
        if self.arithmetic != EXACT:
            fp32.check(self, element, input_)

    def constant(self, element: Codes) -> Fraction:
        """S."""
        if self.tensor_amax is None:
            return Fraction(1)
        return elements.largest(element) * elements.largest(self.format) / self.tensor_amax

    @property
    def minimum_code(self) -> int:
        """The code of the least s: `minimum` rounded to nearest even."""
        if self.minimum == 0:
            return 0
        numerator, denominator, shift = odd_parts(self.minimum)
        return int(to_codes(numerator, 1, denominator, shift, self.format, "even"))

    def scale_codes(self, amax: Ints, power: Any, element: Codes) -> Ints:
        """Scale codes of groups whose largest magnitude is amax·2^power."""
        if self.arithmetic != EXACT:
            return fp32.scale_codes(self, amax, power)
        ratio = self.constant(element) / elements.largest(element)
        numerator, denominator, shift = odd_parts(ratio)
        codes = to_codes(amax, numerator, denominator, power + shift, self.format, "even")
        return np.maximum(codes, self.minimum_code)

    def element_codes(
        self, x: Ints, power: Any, scale: Ints, element: Codes, mode: str, overflow: str, random: Any
    ) -> Ints:
        """Codes of elements x·2^power under scale codes that broadcast against them."""
        if self.arithmetic != EXACT:
            return fp32.element_codes(self, x, power, scale)
        numerator, denominator, shift = odd_parts(self.constant(element))
        significand, exponent = self.split(scale)
        none = significand == 0
        below = np.where(none, 1, significand) * denominator
        return to_codes(
            np.where(none, 0, x), numerator, below, power + shift - exponent, element, mode, overflow, random
        )

    def split(self, scale: Ints) -> tuple[Ints, Ints]:
        """Significands and exponents: a scale code stands for significand·2^exponent."""
        mantissa = self.scale_format.mantissa
        exponent, low = scale >> mantissa, scale & ((1 << mantissa) - 1)
        normal = exponent > 0
        significand = np.where(normal, low | (1 << mantissa), low)
        return significand, np.where(normal, exponent - 1, 0) + self.scale_format.unit

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        return Block(element=element, group=1, scale=self.format, gain=(1 / self.constant(element),))

    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        scale = self.scale_codes(groups.amax, groups.power, element)
        power = np.asarray(groups.power)[..., None] if np.ndim(groups.power) else groups.power
        codes = self.element_codes(groups.x, power, scale[..., None], element, mode, overflow, groups.random)
        if self.scale_format.nan_code is not None:
            scale = np.where(groups.invalid, self.scale_format.nan_code, scale)
        return codes, {"scale": scale}

    # What the hardware is built by: hadacast.core.quantizer.floating.

    def keys(self, spec: Any) -> thresholds.Keys:
        """What scale codes of a quantize stage are looked up by."""
        return thresholds.Keys(spec.element, spec.floating)

    def compares(self, spec: Any) -> bool:
        """Whether elements are compared with thresholds, rather than divided."""
        few = thresholds.steps(spec.code, spec.overflow) <= thresholds.MAX_STEPS
        return few and spec.rounding != "stochastic"

    def magnitudes(self, spec: Any) -> Magnitudes:
        """Where the scale saturates, what is beyond all that elements are compared with looks alike."""
        if spec.floating or not self.compares(spec):
            return super().magnitudes(spec)
        least = thresholds.alike(
            self,
            spec.code,
            spec.element,
            spec.rounding,
            spec.overflow,
            spec.code.sign and spec.element.signed,
        )
        return Magnitudes.up_to(least, spec.element.width)

    def ladder(self, spec: Any) -> thresholds.Ladder:
        """Where elements reach the steps of a code."""
        return thresholds.ladder(self, spec.code, spec.element, spec.floating, spec.rounding, spec.overflow)

    def float_division(self, spec: Any) -> FloatDivision:
        """How elements are divided by what belongs to a scale code of significand s and exponent e:

            x·n·2^(shift + zeros)/D,   D = s·d·2^z, its highest bit in place,   zeros = highest e - e + z + p

        with S = n/d·2^(…) and p the frame's exponent code, or 0.
        """
        numerator, denominator, shift = odd_parts(self.constant(spec.code))
        rows = thresholds.Significands(self.scale_format)
        bias = EXPONENT_BIAS if spec.floating else 0
        power = shift - spec.element.fraction - bias - spec.code.unit - self.scale_format.unit
        return FloatDivision(
            code=spec.code,
            rounding=spec.rounding,
            n=numerator,
            largest=thresholds.largest_magnitude(spec.element),
            denominator_bits=(((2 << self.scale_format.mantissa) - 1) * denominator).bit_length(),
            shift=power - rows.highest,
            most_zeros=rows.highest - rows.lowest + 1 + (2 * bias + 1 if spec.floating else 0),
        )

    def divisors(self, spec: Any) -> list[tuple[int, int]]:
        """(D, z) of each significand."""
        _, denominator, _ = odd_parts(self.constant(spec.code))
        bits = self.float_division(spec).denominator_bits
        found = []
        for row in range(1 << self.scale_format.mantissa):
            product = ((1 << self.scale_format.mantissa) | row) * denominator
            zeros = bits - product.bit_length()
            found.append((product << zeros, zeros))
        return found

    def search_latency(self, spec: Any) -> int:
        """Cycles from a group's largest magnitude to its scale code."""
        first, last = thresholds.scale_range(self, spec.code, self.keys(spec))
        found = (last - first).bit_length()
        return found + (normalize_latency(spec.element.width) + 1 if spec.floating else 0)

    def group_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.floating.FloatingGroup."""
        return self.search_latency(spec) + 2

    def element_latency(self, spec: Any) -> int:
        """Of hadacast.core.quantizer.floating.FloatingElement."""
        return 5 if self.compares(spec) else self.float_division(spec).latency
