"""Power-of-two scales of groups, as E8M0 codes: OCP MX, block floating point, shifts."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.elements import emax, largest, mantissa_bits
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block
from hadacast.minifloat import E8M0
from hadacast.rounding import odd_parts, to_codes
from hadacast.scale import mx_fp32
from hadacast.scale.exponent_plan import plan
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT, Groups, Scale

EXACT = "exact"
RULES = ("floor", "ceil", "even", "rceil", "three_quarters")
FACTORS = (Fraction(1), Fraction(3, 4))


@dataclass(frozen=True, kw_only=True)
class Exponent(Scale):
    """s = 2^(floor(log2 a) - emax + up), a the largest magnitude of the group (OCP MX v1.0, 6.3).

    `up` is 0 or 1 by the rule, mant(a) = a/2^floor(log2 a):

    - "floor": 0, the rule of the OCP specification. For block floating point of m bits (element
      bfp<m>) this is e = floor(log2 a), and a mantissa that rounds up to 2 saturates.
    - "ceil": mant(a) > 1.
    - "even": mant(a), rounded half up to the element's mantissa bits, reaches 2. For bfp<m>: the
      exponent bumps where the mantissa of a would carry.
    - "rceil": mant(a) > mant(largest number): the least s with which nothing saturates.
    - "three_quarters": mant(a) ≥ 3/2: brings a into [3, 6) for E2M1.

    The scale leaves as an E8M0 code, floor(log2 s) + 127, held in 0 … 254. A group of zeros has code 0;
    one that held NaN 255, with element codes 0.

    Members
    -------
    rule: as above.
    factor: what elements are multiplied by, 1 or 3/4: code = round(factor·x/s). 3/4 with "floor" brings a
        into [3, 6) for E2M1 as QuTLASS does, which stores 2^floor(log2 a) and rounds 3·x over that.
    arithmetic: "exact", or "torchao": the float32 operations of its `to_mx` in eager mode, bit for bit, for
        the element formats of OCP MX, to nearest even, saturating, an input of up to 25 bits. Powers of two
        are exact in float32, so all that differs is that elements under scale code 0 are divided by 2^-126
        ("rceil": by 1), and that "rceil" takes a logarithm, which just above a power of two comes out as
        the integer (hadacast.scale.mx_fp32).
    """

    kind: ClassVar[str] = "exponent"
    reduces: ClassVar[str] = "amax"

    rule: str = "floor"
    factor: Fraction = Fraction(1)
    arithmetic: str = EXACT

    def __post_init__(self) -> None:
        checks.choice("rule", self.rule, RULES)
        object.__setattr__(self, "factor", checks.fraction("factor", self.factor, Fraction(1, 4), 1, 16))
        if self.factor not in FACTORS:
            raise HadacastError(f"factor is {self.factor}: it must be 1 or 3/4")
        checks.choice("arithmetic", self.arithmetic, (EXACT, *mx_fp32.LIBRARIES))

    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        if self.arithmetic != EXACT:
            mx_fp32.check(self, element, input_)
            if self.factor != 1:
                raise HadacastError(f"factor is {self.factor}: arithmetic {self.arithmetic!r} has 1")

    @property
    def least_code(self) -> int:
        """The scale code that elements under scale code 0 are really divided by."""
        return 0 if self.arithmetic == EXACT else mx_fp32.least_code(self.rule)

    def bound(self, element: Codes) -> tuple[Fraction, bool]:
        """(b, equal): `up` is mant(a) > b, or mant(a) ≥ b where `equal`. b ≥ 2: never."""
        top = largest(element)
        return {
            "floor": (Fraction(2), False),
            "ceil": (Fraction(1), False),
            "even": (2 - Fraction(1, 2 << mantissa_bits(element)), True),
            "rceil": (top / Fraction(2) ** emax(element), False),
            "three_quarters": (Fraction(3, 2), True),
        }[self.rule]

    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        return Block(element=element, group=1, scale=E8M0, gain=(1 / self.factor,))

    def codes_of(self, amax: Ints, power: Any, element: Codes) -> Ints:
        """E8M0 codes of groups whose largest magnitude is amax·2^power."""
        if self.logarithm:
            return mx_fp32.rceil_codes(amax, power, element)
        floor = np.frexp(amax.astype(np.float64))[1].astype(np.int64) - 1
        bound, equal = self.bound(element)
        # a/2^floor against the bound, in whole numbers: Python's where an int64 has no room.
        wide = int(amax.max(initial=0)).bit_length() + bound.numerator.bit_length() > 63
        whole = amax.astype(object) if wide else amax
        left = whole * bound.denominator
        right = (np.ones_like(whole) << np.maximum(floor, 0)) * bound.numerator
        up = left >= right if equal else left > right
        code = floor + power - emax(element) + up + EXPONENT_BIAS
        return np.where(amax == 0, 0, np.clip(code, 0, NAN_EXPONENT - 1)).astype(np.int64)

    @property
    def logarithm(self) -> bool:
        """Whether the rule goes by a float32 logarithm."""
        return self.arithmetic != EXACT and self.rule == "rceil"

    def leading_only(self, spec: Any) -> bool:
        return self.rule == "floor"

    def group_latency(self, spec: Any) -> int:
        return plan(spec).group_latency

    def element_latency(self, spec: Any) -> int:
        return plan(spec).element_latency

    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        scale = self.codes_of(groups.amax, groups.power, element)
        divisor = np.where(scale == 0, self.least_code, scale) - EXPONENT_BIAS
        shift = (groups.power - divisor)[..., None]
        x = np.where(np.asarray(groups.invalid)[..., None], 0, groups.x)
        numerator, _, power = odd_parts(self.factor)
        codes = to_codes(x, numerator, 1, shift + power, element, mode, overflow, groups.random)
        return codes, {"scale": np.where(groups.invalid, NAN_EXPONENT, scale)}
