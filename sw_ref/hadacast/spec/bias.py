"""A vector that is added: what is subtracted of channels, such as their means."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, coefficients
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.place_table import PlaceTable, by_beat
from hadacast.settings import Register, Setting, Table
from hadacast.spec.stage import Stage

MAX_WIDTH = 48
MAX_BITS = 32
AS_INPUT = "input"


@dataclass(frozen=True, kw_only=True)
class Bias(Stage):
    """y_i = x_i + b_i, exactly; b_i constant for each place i of the frame.

    Each b_i is first rounded to a multiple of 2^-fraction, to nearest, ties to even. Results have as many
    bits as the largest and the smallest take, and a sign where one can be negative.

    Members
    -------
    frame, lanes, input: as for every Stage; plain fixed point of up to 48 bits.
    bias: b, numbers from -2^64 to 2^64, repeated to the end of the frame.
    fraction: fraction bits of b, -64 to 128, or "input": as many as x has. Results have as many as the finer
        of the two.
    bits: of a b that can be written at run time, in two's complement, 1 to 32; 0: as many as those in `bias`
        take. 0 where it isn't loadable.
    loadable: whether other b can be written at run time.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "bias"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"bias"})

    bias: tuple[Fraction, ...] = ()
    fraction: int | str = AS_INPUT
    bits: int = 0
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Block) or not isinstance(self.input, Format):
            raise HadacastError(f"input is {self.input}: a bias stage takes plain fixed point")
        if self.input.width > MAX_WIDTH:
            raise HadacastError(
                f"width is {self.input.width}: a bias stage takes 1 to {MAX_WIDTH} input bits"
            )
        given: Any = self.bias
        numbers = given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
        found = tuple(coefficients.number("bias", value) for value in numbers)
        if not found or self.frame % len(found):
            raise HadacastError(
                f"bias has {len(found):,} numbers: they must divide the frame, {self.frame:,}"
            )
        object.__setattr__(self, "bias", found)
        if self.fraction != AS_INPUT:
            Format(fraction=self.fraction)  # type: ignore[arg-type]
        checks.flag("loadable", self.loadable)
        checks.integer("bits", self.bits, 0, MAX_BITS)
        if self.loadable:
            if self.bits == 0:
                object.__setattr__(self, "bits", self._least_bits)
            shown = f"{float(min(found)):g} to {float(max(found)):g}"
            checks.integer("bits", self.bits, self._least_bits, MAX_BITS, f", for a bias from {shown}")
        elif self.bits:
            raise HadacastError(f"bits is {self.bits}: without loadable it must be 0")
        checks.integer("output width", _bits(*self._ends), 1, MAX_WIDTH)

    @property
    def point(self) -> int:
        """Fraction bits of b."""
        assert isinstance(self.input, Format)
        return self.input.fraction if isinstance(self.fraction, str) else self.fraction

    @cached_property
    def codes(self) -> tuple[int, ...]:
        """b in steps of 2^-point, as many as `bias` has."""
        return tuple(round(b * Fraction(2) ** self.point) for b in self.bias)

    @cached_property
    def _least_bits(self) -> int:
        low, high = min(self.codes), max(self.codes)
        return max(high.bit_length(), (~low).bit_length() if low < 0 else 0) + 1

    @property
    def shifts(self) -> tuple[int, int]:
        """By how many bits x and b go up to the binary point of the results."""
        assert isinstance(self.input, Format)
        point = max(self.input.fraction, self.point)
        return point - self.input.fraction, point - self.point

    @cached_property
    def _ends(self) -> tuple[int, int]:
        """The smallest result and the largest."""
        assert isinstance(self.input, Format)
        up, b_up = self.shifts
        low, high = min(self.codes), max(self.codes)
        if self.loadable:
            low, high = -1 << (self.bits - 1), (1 << (self.bits - 1)) - 1
        return (self.input.min << up) + (low << b_up), (self.input.max << up) + (high << b_up)

    @cached_property
    def result(self) -> Format:
        """Format of the elements that leave."""
        assert isinstance(self.input, Format)
        return Format(
            width=_bits(*self._ends),
            fraction=max(self.input.fraction, self.point),
            signed=self._ends[0] < 0,
        )

    @property
    def output(self) -> Codes | Block:
        return self.result

    @property
    def free(self) -> bool:
        """Whether codes stay as they are."""
        return not self.loadable and not any(self.codes) and self.result == self.input

    @cached_property
    def period(self) -> int:
        """Places after which a table that can be written begins again: whole beats, a power of two of them or
        all."""
        places = lcm(len(self.codes), self.lanes)
        beats = places // self.lanes
        return places if beats & (beats - 1) == 0 else self.frame

    def table(self, lane: int) -> PlaceTable:
        """b of each beat in a lane, of one period where it can be written."""
        beats = self.period // self.lanes if self.loadable else self.beats
        rows = tuple(row[lane] for row in by_beat(self.codes, beats, self.lanes))
        return PlaceTable(rows=rows, loadable=self.loadable, bits=self.bits)

    @property
    def single(self) -> bool:
        """Whether one register holds the only b."""
        return self.loadable and len(self.codes) == 1

    @property
    def lane_bits(self) -> int:
        """Bits of a lane's number in the table of b."""
        return (self.lanes - 1).bit_length()

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        if self.single:
            text = f"what is added, in steps of 2^{-self.point}"
            high = (1 << (self.bits - 1)) - 1
            return (Register(name="bias", text=text, low=-high - 1, high=high, init=self.codes[0]),)
        size = 1 << self.lane_bits
        rows = by_beat(self.codes, self.period // self.lanes, self.lanes)
        init = tuple(code for row in rows for code in (*row, *(0,) * (size - self.lanes)))
        text = f"what is added, in steps of 2^{-self.point}; a beat takes {size} places"
        return (Table(name="biases", text=text, width=self.bits, signed=True, init=init),)

    @property
    def latency(self) -> int:
        if self.free:
            return 0
        if self.single:
            return 1
        return max(self.table(lane).latency for lane in range(self.lanes)) + 1

    def transform(self, x: Frames) -> Frames:
        up, b_up = self.shifts
        added = np.array([code << b_up for code in self.codes], dtype=np.int64)
        return x.with_codes((x.codes << up) + np.tile(added, self.frame // len(added)))


def _bits(low: int, high: int) -> int:
    """Bits of a format that holds both, with a sign where one is negative."""
    if low < 0:
        return max(high.bit_length() if high > 0 else 0, (~low).bit_length()) + 1
    return max(high.bit_length(), 1)
