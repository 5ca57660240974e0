"""Floating-point element formats of a few bits: bit layout, range, encode and decode."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints, as_array

# What the codes of the largest exponent mean.
TOPS = ("finite", "nan", "ieee")


@dataclass(frozen=True, kw_only=True)
class Minifloat(Codes):
    """A binary floating-point format: sign, `exponent` bits E, `mantissa` bits M, from the top.

    E > 0 stands for ±(1 + M/2^mantissa)·2^(E - bias), E = 0 for ±(M/2^mantissa)·2^(1 - bias). Codes
    are bit patterns, read as unsigned integers.

    Members
    -------
    exponent: exponent bits, 1 to 8. mantissa: mantissa bits, 0 to 23.
    bias: of the exponent, -256 to 256; by default 2^(exponent-1) - 1.
    top: "finite": every code is a number (the OCP MX FP4 and FP6); "nan": the code of all ones, and
        with sign its negative, is NaN (OFP8 E4M3, OCP E8M0); "ieee": the largest exponent holds
        infinities and NaN (IEEE 754, OFP8 E5M2).
    sign: whether there is a sign bit.
    subnormal: whether E = 0 holds zero and subnormals. If not it is like any other exponent, and
        there is no zero (E8M0).
    name: what people call it; it has no part in comparisons.

    Raises HadacastError where a member is out of range.
    """

    exponent: int
    mantissa: int
    bias: int = 1 << 30  # stands for the default until __post_init__
    top: str = "finite"
    sign: bool = True
    subnormal: bool = True
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        checks.integer("exponent", self.exponent, 1, 8)
        checks.integer("mantissa", self.mantissa, 0, 23)
        if self.bias == 1 << 30:
            object.__setattr__(self, "bias", (1 << (self.exponent - 1)) - 1)
        checks.integer("bias", self.bias, -256, 256)
        checks.choice("top", self.top, TOPS)
        checks.flag("sign", self.sign)
        checks.flag("subnormal", self.subnormal)
        checks.text("name", self.name)
        if self.top == "ieee" and self.exponent < 2:
            raise HadacastError(f"exponent is {self.exponent}: with top 'ieee' it must be 2 or more")

    @property
    def width(self) -> int:  # type: ignore[override]
        """Bits of a code."""
        return int(self.sign) + self.exponent + self.mantissa

    @property
    def signed(self) -> bool:  # type: ignore[override]
        """Codes are bit patterns: never negative."""
        return False

    @property
    def magnitude_bits(self) -> int:
        """Bits of a code without the sign."""
        return self.exponent + self.mantissa

    @property
    def sign_bit(self) -> int:
        """The sign's place value; 0 without a sign."""
        return 1 << self.magnitude_bits if self.sign else 0

    @property
    def max_code(self) -> int:
        """The magnitude code of the largest finite number."""
        if self.top == "ieee":
            return (((1 << self.exponent) - 1) << self.mantissa) - 1
        return (1 << self.magnitude_bits) - 1 - (self.top == "nan")

    @property
    def nan_code(self) -> int | None:
        """A (quiet) NaN, or None where there is none."""
        if self.top == "finite":
            return None
        if self.top == "nan":
            return (1 << self.magnitude_bits) - 1
        return (1 << self.magnitude_bits) - (1 << (self.mantissa - 1) if self.mantissa > 1 else 1)

    @property
    def inf_code(self) -> int | None:
        """Plus infinity, or None where there is none."""
        return self.max_code + 1 if self.top == "ieee" and self.mantissa else None

    @property
    def unit(self) -> int:
        """log2 of the smallest step: every finite number is a whole multiple of 2^unit."""
        return (1 if self.subnormal else 0) - self.bias - self.mantissa

    @property
    def emax(self) -> int:
        """Exponent of the largest finite number: floor of its log2."""
        return int(self.multiple(self.max_code)).bit_length() - 1 + self.unit

    def multiple(self, magnitude: int) -> int:
        """The finite number of a magnitude code, in steps of 2^unit, exactly."""
        exponent, mantissa = magnitude >> self.mantissa, magnitude & ((1 << self.mantissa) - 1)
        if exponent == 0 and self.subnormal:
            return mantissa
        return ((1 << self.mantissa) | mantissa) << (exponent - int(self.subnormal))

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(np.ldexp(float(self.multiple(self.max_code)), self.unit))

    def __str__(self) -> str:
        if self.name:
            return self.name
        kind = "e" if self.sign else "ue"
        return f"{kind}{self.exponent}m{self.mantissa} bias {self.bias} {self.top}"

    def decode(self, codes: ArrayLike, name: str = "input") -> NDArray[np.float64]:
        """The numbers of bit patterns, exactly; NaN and infinities as such. Same shape.

        Raises HadacastError as check() does.
        """
        bits = self.check(codes, name)
        magnitude = bits & ((1 << self.magnitude_bits) - 1)
        exponent, mantissa = magnitude >> self.mantissa, magnitude & ((1 << self.mantissa) - 1)
        low = (exponent == 0) & self.subnormal
        significand = np.where(low, mantissa, mantissa | (1 << self.mantissa)).astype(np.float64)
        power = np.where(low, 0, exponent - int(self.subnormal)) + self.unit
        values = np.ldexp(significand, power)
        values = np.where(magnitude > self.max_code, np.nan, values)
        if self.inf_code is not None:
            values = np.where(magnitude == self.inf_code, np.inf, values)
        return np.where(bits & self.sign_bit, -values, values)

    def encode(self, values: ArrayLike, name: str = "input") -> Ints:
        """Round real values to bit patterns, ties to even, saturating at the largest number.

        Infinities and NaN stay what they are where the format has them; else an infinity becomes the
        largest number. Raises HadacastError for NaN that the format cannot hold, a negative value
        without a sign bit, and a dtype that isn't a real number of up to 64 bits.
        """
        array = self._real(values, name)
        magnitude = np.abs(array)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            finite = np.where(np.isfinite(magnitude), magnitude, 0.0)
            _, power = np.frexp(finite)
            step = np.where(finite == 0, self.unit, np.maximum(power - 1 - self.mantissa, self.unit))
            steps = np.rint(np.ldexp(finite, -step))
        first = int(not self.subnormal)
        shift = (step - self.unit).astype(np.int64)
        wide = np.minimum(shift, 1 << 10)  # far beyond the largest: saturates
        code = (wide << self.mantissa) + steps.astype(np.int64) - (first << self.mantissa)
        code = np.clip(code, 0, self.max_code)
        code = np.where(np.isinf(magnitude), self.max_code if self.inf_code is None else self.inf_code, code)
        if self.nan_code is not None:
            code = np.where(np.isnan(magnitude), self.nan_code, code)
        return np.where(np.signbit(array), code | self.sign_bit, code).astype(np.int64)

    def saturated(self, values: ArrayLike, name: str = "input") -> int:
        """How many of the real `values` encode() would clip. Raises HadacastError as encode() does."""
        array = np.abs(self._real(values, name))
        finite = array[np.isfinite(array)] if self.inf_code is not None else array[~np.isnan(array)]
        last, following = self.multiple(self.max_code), self.multiple(self.max_code + 1)
        limit = np.ldexp(float(last + following), self.unit - 1)
        # A tie rounds back to an even significand: without mantissa bits, only zero's is.
        tie_stays = self.max_code % 2 == 0 if self.mantissa else last == 0
        return int(np.count_nonzero(finite > limit if tie_stays else finite >= limit))

    def _real(self, values: ArrayLike, name: str) -> NDArray[np.float64]:
        array = as_array(values, name)
        if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
            raise HadacastError(
                f"{name} has dtype {array.dtype}: it must be an integer or a float of up to 64 bits"
            )
        array = array.astype(np.float64)
        if self.nan_code is None and np.isnan(array).any():
            raise HadacastError(f"{name} has NaN values: {self} holds none")
        if not self.sign and (array < 0).any():
            raise HadacastError(f"{name} has negative values: {self} holds none")
        return array


def _named(name: str, exponent: int, mantissa: int, **settings: object) -> Minifloat:
    return Minifloat(exponent=exponent, mantissa=mantissa, name=name, **settings)  # type: ignore[arg-type]


# OCP Microscaling Formats (MX) v1.0, tables 1 to 7; OFP8 v1.0; IEEE 754 binary16; bfloat16.
E2M1 = _named("e2m1", 2, 1)
E2M3 = _named("e2m3", 2, 3)
E3M2 = _named("e3m2", 3, 2)
E4M3 = _named("e4m3", 4, 3, top="nan")
E5M2 = _named("e5m2", 5, 2, top="ieee")
UE5M3 = _named("ue5m3", 5, 3, top="nan", sign=False)
E8M0 = _named("e8m0", 8, 0, bias=127, top="nan", sign=False, subnormal=False)
FP16 = _named("fp16", 5, 10, top="ieee")
BF16 = _named("bf16", 8, 7, top="ieee")
FP32 = _named("fp32", 8, 23, top="ieee")

NAMED = {item.name: item for item in (E2M1, E2M3, E3M2, E4M3, E5M2, UE5M3, E8M0, FP16, BF16, FP32)}
