"""What every kind of scale has in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block

# The exponent that an aligned frame carries (an E8M0 code) when it held NaN, or infinities that count as
# such.
NAN_EXPONENT = 255
EXPONENT_BIAS = 127

# Of a group's maximum times a constant: an int64 has room for it.
MAX_BITS = 62


@dataclass(frozen=True, kw_only=True)
class Groups:
    """What a scale works on.

    Members
    -------
    x: (..., K, g) integers, group by group; element i stands for x·2^(exponent - fraction).
    fraction: of the input format.
    exponent: (..., 1) unbiased exponents shared by a frame's groups, or 0.
    invalid: (..., 1) bool, frames that held NaN; or False.
    random: 0, or 8-bit numbers that broadcast against x.
    """

    x: Ints
    fraction: int
    exponent: Any = 0
    invalid: Any = False
    random: Any = 0

    @property
    def power(self) -> Any:
        """log2 of what one step of x stands for; (..., 1) or a number."""
        return self.exponent - self.fraction

    @property
    def amax(self) -> Ints:
        """(..., K) largest magnitudes."""
        return np.maximum(self.x.max(axis=-1), -self.x.min(axis=-1))


@dataclass(frozen=True, kw_only=True)
class Scale(ABC):
    """How a group gets its scale, and elements their codes."""

    kind: ClassVar[str]  # the scale's name in recipes
    reduces: ClassVar[str] = ""  # what is taken of a group: "amax", "range", or nothing

    @property
    def ends(self) -> bool:
        """Whether, of magnitudes, the largest of negative elements and that of others are taken apart."""
        return False

    @abstractmethod
    def check(self, element: Codes, input_: Format, floating: bool) -> None:
        """Raise HadacastError if this scale doesn't go with an element format, or an input format;
        `floating`: the input carries exponents."""

    @abstractmethod
    def block(self, element: Codes, input_: Format, floating: bool) -> Block:
        """The output of a quantizer, but for the shape of groups."""

    # The hardware is built to these, in cycles; `spec` is the Quantize stage.

    def leading_only(self, spec: Any) -> bool:
        """Whether all that matters of a group's largest magnitude is its leading one."""
        return False

    def group_latency(self, spec: Any) -> int:
        """From what a group reduces to, to its sides and what its elements need; 0 where nothing is
        reduced."""
        return 0

    def element_latency(self, spec: Any) -> int:
        """From an element to its code, 1 or more."""
        raise NotImplementedError

    @abstractmethod
    def quantize(
        self, groups: Groups, element: Codes, mode: str, overflow: str
    ) -> tuple[Ints, dict[str, Ints]]:
        """Codes (..., K, g) and sides (..., K) by name."""
