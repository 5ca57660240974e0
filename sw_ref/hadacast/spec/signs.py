"""A diagonal of plus and minus ones: the random signs before a transform."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.place_table import PlaceTable, masks
from hadacast.settings import Setting, Table
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48
_GOLDEN, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Signs(Stage):
    """y_i = s_i·x_i, s_i = ±1 fixed for each place i of the frame: the diag(s) of a randomized transform.

    Signed elements grow by a bit, for the negative of the most negative one, and unsigned ones by a sign,
    unless all signs are plus. Exponents of frames pass.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 48 bits.
    pattern: the signs, repeated to the end of the frame. A text: signs from place 0 on, "+++-+---"; or a
        mask in hexadecimal, "0xD7E8", or binary, "0b1110_1000", in which bit i set means that place i is
        negative: four signs a digit, or one. Or such a mask as an integer, with its `length`.
    length: of an integer mask, in places; 0 otherwise. Every length divides the frame.
    seed: random signs for the whole frame in place of a pattern, 1 to 2^64 - 1: places 64·k … 64·k + 63 are
        negative where bits 0 … 63 of the k-th output of SplitMix64 from this seed are 1 (G. Steele,
        D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).

    loadable: whether the signs can be changed at run time. Elements then grow by a bit whatever they are.

    Exactly one of pattern and seed. Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "signs"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"pattern", "length", "seed"})

    pattern: str | int = ""
    length: int = 0
    seed: int = 0
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fixed(MAX_INPUT_WIDTH)
        checks.integer("seed", self.seed, 0, _MASK)
        checks.integer("length", self.length, 0, self.frame)
        checks.flag("loadable", self.loadable)
        if (self.pattern != "") == (self.seed != 0):
            raise HadacastError("a signs stage needs a pattern or a seed, and not both")
        if self.frame % len(self.negative):
            raise HadacastError(
                f"pattern is {checks.quote(self.pattern)}: its {len(self.negative):,} signs must divide "
                f"the frame, {self.frame:,}"
            )

    @cached_property
    def negative(self) -> tuple[bool, ...]:
        """Whether each place is negative: the pattern, or the whole frame's signs of a seed."""
        if self.seed:
            words = [_splitmix64(self.seed, index) for index in range(-(-self.frame // 64))]
            return tuple(bool(words[place // 64] >> place % 64 & 1) for place in range(self.frame))
        mask, length = self._mask()
        return tuple(bool(mask >> place & 1) for place in range(length))

    def _mask(self) -> tuple[int, int]:
        """The pattern as a mask, and how many places it has."""
        pattern, shown = self.pattern, f"pattern is {checks.quote(self.pattern)}"
        if isinstance(pattern, int) and not isinstance(pattern, bool):
            if not self.length:
                raise HadacastError(f'{shown}: an integer needs a length; or write it as text, "0xD7E8"')
            if not 0 <= pattern < 1 << self.length:
                raise HadacastError(f"{shown}: it must be 0 or more, and have up to {self.length} bits")
            return pattern, self.length
        if self.length:
            raise HadacastError(f"length is {self.length}: it is for an integer pattern; a text has its own")
        if isinstance(pattern, str) and len(pattern) <= 1 << 17:
            digits = pattern.replace("_", "")
            if re.fullmatch("[+-]+", digits):
                return int(digits[::-1].replace("+", "0").replace("-", "1"), 2), len(digits)
            if re.fullmatch("0[xX][0-9a-fA-F]+", digits):
                return int(digits, 16), 4 * (len(digits) - 2)
            if re.fullmatch("0[bB][01]+", digits):
                return int(digits, 2), len(digits) - 2
        raise HadacastError(f'{shown}: it must be signs, "+-…", or a mask, "0x…" or "0b…"')

    @property
    def changes(self) -> bool:
        """Whether any element can be negated."""
        return self.loadable or any(self.negative)

    @property
    def result(self) -> Format:
        """Format of the elements that leave."""
        element = self.element
        assert isinstance(element, Format)
        if not self.changes:
            return element
        return replace(element, width=element.width + 1, signed=True)

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    @cached_property
    def table(self) -> PlaceTable:
        """The signs of each beat as a mask, lane 0 in bit 0."""
        rows = masks(self.negative, self.beats, self.lanes)
        return PlaceTable(rows=rows, loadable=self.loadable, bits=self.lanes)

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        text = "a row for each beat, a bit for each lane: 1 where the element is negated"
        return (Table(name="signs", text=text, width=self.lanes, init=self.table.rows),)

    @property
    def latency(self) -> int:
        return self.table.latency + 1 if self.changes else 0

    def transform(self, x: Frames) -> Frames:
        signs = np.where(self.negative, -1, 1)
        return x.with_codes(x.codes * np.tile(signs, self.frame // len(signs)))


def _splitmix64(seed: int, index: int) -> int:
    """Output number `index` of the generator."""
    z = seed + (index + 1) * _GOLDEN & _MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
    return z ^ z >> 31
