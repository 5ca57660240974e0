"""Constants by place in a frame, as a stage's hardware reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

# Up to this many rows a table is logic; longer ones are memories, with a register behind.
MAX_LOGIC = 64

T = TypeVar("T")


def by_beat(values: Sequence[T], beats: int, lanes: int) -> list[list[T]]:
    """Values for the places of a frame, repeated to its end, as `beats` rows of `lanes`."""
    return [[values[(beat * lanes + lane) % len(values)] for lane in range(lanes)] for beat in range(beats)]


def masks(flags: Sequence[bool], beats: int, lanes: int) -> tuple[int, ...]:
    """Flags for the places of a frame, repeated to its end, as a mask for each beat, lane 0 in bit 0."""
    return tuple(
        sum(1 << lane for lane, flag in enumerate(row) if flag) for row in by_beat(flags, beats, lanes)
    )


@dataclass(frozen=True, kw_only=True)
class PlaceTable:
    """A number for each beat of a frame.

    Members
    -------
    rows: the numbers, one for each beat.
    loadable: whether they are written at run time, and are in a memory whatever they are.
    bits: of a row, where it is loadable.
    """

    rows: tuple[int, ...]
    loadable: bool = False
    bits: int = 0

    @cached_property
    def period(self) -> int:
        """Beats after which the rows repeat: a power of two where their number is one."""
        if self.loadable:
            return len(self.rows)
        period = 1
        while len(self.rows) % period or self.rows != self.rows[:period] * (len(self.rows) // period):
            period = period * 2 if 2 * period <= len(self.rows) else len(self.rows)
        return period

    @property
    def latency(self) -> int:
        """Cycles from a place to its row: 0 for a constant."""
        if self.loadable:
            return 2
        if self.period == 1:
            return 0
        return 1 if self.period <= MAX_LOGIC else 2

    @property
    def signed(self) -> bool:
        """Whether any row is negative."""
        return min(self.rows) < 0

    @property
    def width(self) -> int:
        """Bits of a row."""
        if self.loadable:
            return self.bits
        low, high = min(self.rows), max(self.rows)
        return max(high.bit_length(), (~low).bit_length() if low < 0 else 0, 1 - self.signed) + self.signed
