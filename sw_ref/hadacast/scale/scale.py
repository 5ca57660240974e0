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
class Magnitudes:
    """How many bits of magnitudes matter to a quantizer.

    Members
    -------
    bits: as many as they are kept in. ones: where larger ones are held, how many of a magnitude's highest
        bits are 1 when it counts as such, and becomes 2^bits - 1; 0 where none are.
    """

    bits: int
    ones: int = 0

    # More leading ones are looked for in vain: a bit more is cheaper.
    MOST_ONES: ClassVar[int] = 3

    @classmethod
    def up_to(cls, least: int, bits: int) -> "Magnitudes":
        """Of magnitudes of `bits` bits among which all from `least` on are alike: as few bits as possible.

        Sign and one's complement tell what is held, before the magnitude is known: that of a negative number
        is one less than the magnitude.
        """
        for few in range(max(least.bit_length(), 1), bits):
            for ones in range(1, min(few, cls.MOST_ONES) + 1):
                if (1 << few) - (1 << (few - ones)) >= least:
                    return cls(bits=few, ones=ones)
        return cls(bits=bits)


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

    def magnitudes(self, spec: Any) -> Magnitudes:
        """Of elements, where the scale follows the largest magnitude: all W bits hold the most negative
        element's, 2^(W-1)."""
        return Magnitudes(bits=spec.element.width)

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
