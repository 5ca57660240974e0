"""What a small stage makes of every frame there is, as a table in the netlist."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth.hdl import Array, Cat, Const, Module, Value
from amaranth.lib.memory import Memory

from hadacast.core import beat
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames

# Bits of a frame of which all values are tabulated.
MOST_BITS = 10


@dataclass(frozen=True)
class Shape:
    """A frame of a format on a stream.

    Members
    -------
    format: of the elements, or a Block with what groups carry beside them.
    beats, lanes: of a frame, and of a beat.
    """

    format: Codes | Block
    beats: int
    lanes: int

    @property
    def size(self) -> int:
        return self.beats * self.lanes

    @property
    def sides(self) -> list[tuple[str, int, bool, Any]]:
        """Of each side its name, width and sign, and which group is in each of its places in each beat."""
        if not isinstance(self.format, Block):
            return []
        slots = np.arange(beat.groups(self.format, self.lanes)) * self.format.group
        places = np.arange(self.beats)[:, None] * self.lanes + slots
        group = places % (self.size // self.format.rows) // self.format.group
        return [(name, width, signed, group) for name, (width, signed) in self.format.sides.items()]

    @property
    def groups(self) -> int:
        return self.format.groups(self.size) if isinstance(self.format, Block) else 0

    @property
    def fields(self) -> list[int]:
        """Widths of what a frame consists of: its elements, then each side of each group."""
        return [self.format.width] * self.size + [w for _, w, _, _ in self.sides for _ in range(self.groups)]

    def of_beat(self, number: int) -> list[int]:
        """Which of the fields a beat's payload consists of, the low ones first."""
        found = [number * self.lanes + lane for lane in range(self.lanes)]
        for index, (_, _, _, group) in enumerate(self.sides):
            found += [self.size + index * self.groups + int(g) for g in group[number]]
        return found

    def frames(self, fields: Ints) -> Frames | Ints:
        """Frames of the fields (f, fields) as bits."""
        codes = _signed(fields[:, : self.size], self.format.width, self.format.signed)
        if not isinstance(self.format, Block):
            return codes
        found = {}
        for index, (name, width, signed, _) in enumerate(self.sides):
            begin = self.size + index * self.groups
            found[name] = _signed(fields[:, begin : begin + self.groups], width, signed)
        return Frames(codes=codes, **found)

    def of(self, frames: Frames | Ints) -> Ints:
        """The fields of frames as bits."""
        sides = frames.sides if isinstance(frames, Frames) else {}
        codes = frames.codes if isinstance(frames, Frames) else frames
        parts = [codes] + [sides[name] for name, _, _, _ in self.sides]
        return np.concatenate(parts, axis=1) & ((1 << np.array(self.fields)) - 1)


def _signed(bits: Ints, width: int, signed: bool) -> Ints:
    return np.where(bits >> (width - 1) & 1, bits - (1 << width), bits) if signed else bits


def whole(spec: Any, arriving: Shape, leaving: Shape) -> tuple[Ints, Ints]:
    """The number of each legal frame, its bits in a row, and the fields of what the spec makes of it.

    Raises HadacastError where a frame has too many bits.
    """
    widths = np.array(arriving.fields)
    if widths.sum() > MOST_BITS:
        raise HadacastError(f"a frame is {widths.sum()} bits: a table takes {MOST_BITS} at most")
    rows = np.arange(1 << widths.sum())
    fields = rows[:, None] >> (np.cumsum(widths) - widths) & ((1 << widths) - 1)
    legal = np.array([_is_legal(spec, arriving.frames(row[None])) for row in fields])
    return rows[legal], leaving.of(spec.compute(arriving.frames(fields[legal])))


def _is_legal(spec: Any, frame: Frames | Ints) -> bool:
    try:
        spec.compute(frame)
    except HadacastError:
        return False
    return True


@dataclass
class Function:
    """The table in hardware.

    Members
    -------
    bits: of a frame that arrives. legal: whether `frame` is in the table.
    """

    spec: Any
    arriving: Shape
    leaving: Shape

    @property
    def bits(self) -> int:
        return sum(self.arriving.fields)

    def legal(self, frame: Value) -> Value:
        return Array(Const(int(known), 1) for known in self._known)[frame]

    def __post_init__(self) -> None:
        rows, results = whole(self.spec, self.arriving, self.leaving)
        widths = self.leaving.fields
        self._known = np.zeros(1 << self.bits, dtype=bool)
        self._known[rows] = True
        self._words = [0] * (1 << self.bits)
        for row, result in zip(rows, results, strict=True):
            at = 0
            for field, width in zip(result, widths, strict=True):
                self._words[row] |= int(field) << at
                at += width

    def sent(self, frame: Value, place: Value) -> Value:
        """The payload of a beat that arrives."""
        return _beats(self.arriving, frame, place)

    def expected(self, m: Module, frame: Value, place: Value) -> Value:
        """The payload of a beat that leaves."""
        memory = m.submodules.function = Memory(
            shape=sum(self.leaving.fields), depth=len(self._words), init=self._words
        )
        port = memory.read_port(domain="comb")
        m.d.comb += port.addr.eq(frame)
        return _beats(self.leaving, Value.cast(port.data), place)


def _beats(shape: Shape, frame: Value, place: Value) -> Value:
    ends = np.cumsum(shape.fields)
    fields = [frame[int(end) - width : int(end)] for end, width in zip(ends, shape.fields, strict=True)]
    beats = [Cat(fields[n] for n in shape.of_beat(number)) for number in range(shape.beats)]
    return beats[0] if len(beats) == 1 else Array(beats)[place]
