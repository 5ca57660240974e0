"""Element formats that decode by a table."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints, as_array

MAX_WIDTH = 12
MAX_VALUE_BITS = 48


@dataclass(frozen=True, kw_only=True)
class Table(Codes):
    """Codes 0 … 2^width - 1, each for a number of its own: code k stands for values[k]·2^-fraction.

    Members
    -------
    width: bits of a code, 1 to 12.
    values: what each code stands for, in steps of 2^-fraction; integers of up to 48 bits and a sign. Codes
        beyond them are not used.
    fraction: bits of a value behind the binary point, -128 to 128.
    name: what people call it; it has no part in comparisons.

    Raises HadacastError where a member is out of range.
    """

    width: int
    values: tuple[int, ...]
    fraction: int = 0
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        checks.integer("width", self.width, 1, MAX_WIDTH)
        checks.instance("values", self.values, tuple)
        if not 1 <= len(self.values) <= 1 << self.width:
            raise HadacastError(
                f"values has {len(self.values):,} numbers: "
                f"codes of {self.width} bits have 1 to {1 << self.width:,}"
            )
        for value in self.values:
            checks.integer("a value", value, -(1 << MAX_VALUE_BITS), 1 << MAX_VALUE_BITS)
        checks.integer("fraction", self.fraction, -128, 128)
        checks.text("name", self.name)

    @property
    def signed(self) -> bool:  # type: ignore[override]
        """Codes are places in the table: never negative."""
        return False

    @property
    def max(self) -> int:
        """The largest code."""
        return len(self.values) - 1

    @property
    def numbers(self) -> NDArray[np.float64]:
        """What each code stands for."""
        return np.ldexp(np.array(self.values, dtype=np.float64), -self.fraction)

    def __str__(self) -> str:
        return self.name or f"table of {len(self.values):,} values, {self.width} bits"

    def decode(self, codes: ArrayLike, name: str = "input") -> NDArray[np.float64]:
        """The numbers of codes, exactly. Same shape. Raises HadacastError as check() does."""
        return np.asarray(self.numbers[self.check(codes, name)])

    def encode(self, values: ArrayLike, name: str = "input") -> Ints:
        """The nearest code of real values, the smaller number's on a tie; same shape.

        Raises HadacastError for NaN, and for a dtype that isn't a real number of up to 64 bits.
        """
        real = self._real(values, name)
        order = np.argsort(self.numbers, kind="stable")
        numbers = self.numbers[order]
        middles = numbers[:-1] + np.diff(numbers) / 2
        return order[np.searchsorted(middles, real, side="left")].astype(np.int64)

    def saturated(self, values: ArrayLike, name: str = "input") -> int:
        """How many of the real `values` lie beyond all numbers. Raises HadacastError as encode() does."""
        real = self._real(values, name)
        return int(np.count_nonzero((real < self.numbers.min()) | (real > self.numbers.max())))

    def _real(self, values: ArrayLike, name: str) -> NDArray[np.float64]:
        array = as_array(values, name)
        if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
            raise HadacastError(
                f"{name} has dtype {array.dtype}: it must be an integer or a float of up to 64 bits"
            )
        if np.isnan(array).any():
            raise HadacastError(f"{name} has NaN values: {self} holds none")
        return array.astype(np.float64)
