"""Fixed-point number formats: bit layout, range, encode and decode."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast import checks
from hadacast.errors import HadacastError

# Results are int64 in NumPy, so no format may need more than 63 magnitude bits.
MAX_WIDTH = 63

Ints = NDArray[np.int64]


class Codes(ABC):
    """What every element format has: codes of `width` bits, read as integers from `min` to `max`."""

    width: int
    signed: bool

    @property
    def min(self) -> int:
        """The smallest code."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max(self) -> int:
        """The largest code."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def bytes(self) -> int:
        """Whole bytes that hold one code, as on AXI4-Stream and in files."""
        return -(-self.width // 8)

    def check(self, codes: ArrayLike, name: str = "input") -> Ints:
        """Return `codes` as a new int64 array of the same shape, in C order.

        Raises HadacastError for a dtype that isn't an integer, and for a code outside [min, max],
        quoting the first one and its place.
        """
        array = as_array(codes, name)
        if array.dtype.kind not in "iu":
            raise HadacastError(f"{name} has dtype {array.dtype}: it must be an integer type")
        # Two reductions need no memory; masks are for the error only.
        if array.size and (array.min() < self.min or array.max() > self.max):
            bad = (array < self.min) | (array > self.max)
            at = np.unravel_index(int(np.argmax(bad)), array.shape)
            place = "[" + ", ".join(map(str, at)) + "]" if at else ""
            raise HadacastError(f"{name}{place} is {array[at]}: {self} holds {self.min:,} to {self.max:,}")
        return array.astype(np.int64, order="C")

    @abstractmethod
    def encode(self, values: ArrayLike, name: str = "input") -> Ints:
        """Round real values to codes, ties to even, saturating; same shape."""

    @abstractmethod
    def saturated(self, values: ArrayLike, name: str = "input") -> int:
        """How many of the real `values` encode() would clip."""

    @abstractmethod
    def decode(self, codes: ArrayLike, name: str = "input") -> NDArray[np.float64]:
        """The real values of codes; same shape."""


@dataclass(frozen=True, kw_only=True)
class Format(Codes):
    """A fixed-point format: the integer code k stands for k·2^-fraction.

    Members
    -------
    width: bits of a code, 1 to 63, the sign included.
    fraction: bits right of the binary point, -64 to 128; it only gives codes a meaning, no
        arithmetic depends on it.
    signed: two's complement if true, else unsigned. A signed format of 1 bit holds -1 and 0.

    Raises HadacastError where a member is out of range.
    """

    width: int = 16
    fraction: int = 0
    signed: bool = True

    def __post_init__(self) -> None:
        checks.integer("width", self.width, 1, MAX_WIDTH)
        checks.integer("fraction", self.fraction, -64, 128)
        checks.flag("signed", self.signed)

    @property
    def step(self) -> float:
        """The value of one code step, 2^-fraction."""
        return 2.0**-self.fraction

    def __str__(self) -> str:
        sign = "signed" if self.signed else "unsigned"
        return f"{sign} {self.width}-bit, {self.fraction} fraction bits"

    def encode(self, values: ArrayLike, name: str = "input") -> Ints:
        """Round real values to codes, ties to even, saturating at min and max; same shape.

        Raises HadacastError for NaN or infinity, for a dtype that isn't an integer or a float of up
        to 64 bits, and for integers beyond ±2^53, which float64 does not hold exactly.
        """
        scaled = self._scaled(values, name)
        # Compare as floats, cast only what is strictly inside: a 63-bit limit is no float64.
        above, below = scaled >= self.max, scaled <= self.min
        inside = np.where(above | below, 0.0, scaled).astype(np.int64)
        return np.where(above, self.max, np.where(below, self.min, inside)).astype(np.int64)

    def saturated(self, values: ArrayLike, name: str = "input") -> int:
        """How many of the real `values` encode() would clip. Raises HadacastError as encode() does."""
        scaled = self._scaled(values, name)
        # max + 1 is a power of two, so a float64; a 63-bit max is not.
        return int(np.count_nonzero((scaled < self.min) | (scaled >= self.max + 1)))

    def decode(self, codes: ArrayLike, name: str = "input") -> NDArray[np.float64]:
        """The real values of integer codes; same shape. Codes over 53 significant bits are rounded.

        Raises HadacastError as check() does.
        """
        return np.ldexp(self.check(codes, name).astype(np.float64), -self.fraction)

    def _scaled(self, values: ArrayLike, name: str) -> NDArray[np.float64]:
        """Real values in code steps, rounded to integers, ties to even, not clipped."""
        array = as_array(values, name)
        if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
            raise HadacastError(
                f"{name} has dtype {array.dtype}: it must be an integer or a float of up to 64 bits"
            )
        if array.dtype.kind != "f" and array.size and max(-int(array.min()), int(array.max())) > 1 << 53:
            raise HadacastError(
                f"{name} holds integers beyond ±2^53: encode takes what float64 holds exactly"
            )
        if not np.isfinite(array).all():
            raise HadacastError(f"{name} has NaN or infinite values: {self} holds finite numbers only")
        # ldexp is exact, or overflows to an infinity that saturates, or falls far below half a step:
        # the only rounding is rint's.
        with np.errstate(over="ignore", under="ignore"):
            return np.rint(np.ldexp(array.astype(np.float64), self.fraction))


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """`values` as a NumPy array; raises HadacastError for what is none."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths, for one
        raise HadacastError(f"{name} is {checks.quote(values)}: it must be an array of numbers") from None
