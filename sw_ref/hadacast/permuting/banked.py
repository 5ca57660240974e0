"""Any static permutation: banks by an edge colouring, switches and addresses from tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hadacast.format import Ints
from hadacast.permuting.colouring import colours
from hadacast.permuting.flow import Flow
from hadacast.permuting.in_place import READ_REGISTERS
from hadacast.place_table import PlaceTable

# Inputs of a multiplexer between registers.
CHOICES = 16

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Each output is one of the inputs, which one says a table.

    Members
    -------
    choices: for each output the inputs that it ever is.
    rows: for each beat, for each output, which of its choices.
    loadable: whether the table can be written at run time.
    """

    choices: Rows
    rows: Rows
    loadable: bool = False

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], loadable: bool = False) -> "Switch":
        """From the input of each output, beat by beat; -1 is a zero. Where it is loadable, each output can be
        any of as many inputs."""
        if loadable:
            every = tuple(range(len(rows[0])))
            return cls(choices=(every,) * len(every), rows=tuple(map(tuple, rows)), loadable=True)
        choices = tuple(tuple(sorted(set(column))) for column in zip(*rows, strict=True))
        numbers = [{source: k for k, source in enumerate(chosen)} for chosen in choices]
        return cls(
            choices=choices,
            rows=tuple(
                tuple(number[source] for number, source in zip(numbers, row, strict=True)) for row in rows
            ),
        )

    @property
    def widths(self) -> tuple[int, ...]:
        """Bits of the selection of each output."""
        return tuple((len(chosen) - 1).bit_length() for chosen in self.choices)

    @cached_property
    def table(self) -> PlaceTable:
        """The selections of each beat, output 0 in the low bits."""
        return packed(self.rows, self.widths, self.loadable)

    @property
    def registers(self) -> int:
        """Of the multiplexers; 0 where all is wiring."""
        most, count = max(map(len, self.choices)), 0
        while most > 1:
            most, count = -(-most // CHOICES), count + 1
        return count

    @property
    def latency(self) -> int:
        """From inputs and beat number to outputs."""
        return self.table.latency + self.registers


def packed(rows: Rows, widths: Sequence[int], loadable: bool) -> PlaceTable:
    """Rows of several numbers of these widths as a PlaceTable, the first in the low bits. Rows without bits
    are a constant."""
    words = []
    for row in rows:
        word, at = 0, 0
        for number, width in zip(row, widths, strict=True):
            word, at = word | number << at, at + width
        words.append(word)
    return PlaceTable(rows=tuple(words), loadable=loadable and sum(widths) > 0, bits=sum(widths))


@dataclass(frozen=True, kw_only=True)
class Banked:
    """Element (beat, lane) is in bank colour(beat, lane), at the number of its beat.

    The beats that come in and those that leave are the nodes of a bipartite graph, each element an edge: with
    P elements in each beat its edges have P colours, and as many banks are written, and read, without
    conflict. Each holds one word of every beat that comes in.

    Members
    -------
    lanes: P. flow: how it is written and read.
    write, read: the switches from lanes to banks and from banks to lanes; a bank of -1 is a zero.
    addresses: the beat of each block from which each bank is read, by beat that leaves, for each bank group.
    groups: the number of each bank's group: banks with the same addresses are one memory.
    halves: blocks that the memory holds, 1 or 2.
    loadable: whether the tables can be written at run time.
    """

    lanes: int
    flow: Flow
    write: Switch
    read: Switch
    addresses: Rows
    groups: tuple[int, ...]
    halves: int
    loadable: bool = False

    @property
    def depth(self) -> int:
        """Addresses of a bank; the second block's begin at a power of two."""
        return (self.halves - 1 << self.address_bits) + self.flow.in_beats

    @property
    def memory(self) -> int:
        """Words, of one element each."""
        return self.halves * self.flow.in_beats * self.lanes

    @property
    def address_bits(self) -> int:
        """Of a beat's number in a block."""
        return (self.flow.in_beats - 1).bit_length()

    @cached_property
    def address_table(self) -> PlaceTable:
        """The addresses of each beat that leaves, group 0 in the low bits."""
        return packed(self.addresses, [self.address_bits] * len(self.addresses[0]), self.loadable)

    @property
    def tables(self) -> dict[str, PlaceTable]:
        """Those that can be written at run time."""
        found = {"write": self.write.table, "addresses": self.address_table, "read": self.read.table}
        return {name: table for name, table in found.items() if table.loadable}

    @property
    def entry_registers(self) -> int:
        """From a beat's acceptance, and a beat's request, to the memory."""
        return max(self.write.latency, self.address_table.latency, 1)

    @property
    def exit_registers(self) -> int:
        """Of the switch behind the banks."""
        return self.read.registers

    @property
    def latency(self) -> int:
        """Cycles from a frame's first beat in to its first beat out."""
        return self.flow.latency + self.entry_registers + READ_REGISTERS + self.exit_registers


def banked(source: Ints, lanes: int, blocks: int) -> Banked:
    """The plan for y[i] = x[source[i]] in each of `blocks` equal parts of a frame, for any permutation and
    any number of lanes P that divides a part."""
    beats = len(source) // lanes
    came = (source // lanes).reshape(beats, lanes)
    number = np.arange(beats)
    lag = int((came.max(axis=1) - number).max())
    stays = int((number - came.min(axis=1)).max())  # beats that the last word stays beyond its own number
    halves = 1 if lag + stays + 1 <= beats else 2
    flow = Flow(beats=beats, blocks=blocks, lag=lag, capacity=halves * beats - stays, in_beats=beats)
    return _plan(source, lanes, flow, halves, np.ones(len(source), dtype=bool))


def loadable(source: Ints, lanes: int, blocks: int) -> Banked:
    """The same in a circuit for any permutation of its size: two blocks of memory, and tables that can all be
    written."""
    beats = len(source) // lanes
    flow = Flow(beats=beats, blocks=blocks, lag=None, capacity=2 * beats, in_beats=beats)
    return _plan(source, lanes, flow, 2, np.ones(len(source), dtype=bool), True)


def scattered(places: Sequence[int], frame: int, lanes: int) -> Banked:
    """The plan for y[places[k]] = x[k] and zeros elsewhere: K elements in, `frame` out."""
    count = len(places)
    in_beats = -(-count // lanes)
    rest = np.ones(frame, dtype=bool)
    rest[list(places)] = False
    # Elements that don't come, in beats that don't, would go to the other places.
    source = np.empty(frame, dtype=np.int64)
    source[list(places)] = np.arange(count)
    source[rest] = np.arange(count, frame)
    flow = Flow(beats=frame // lanes, blocks=1, lag=None, capacity=2 * in_beats, in_beats=in_beats)
    return _plan(source, lanes, flow, 2, ~rest)


def _plan(
    source: Ints,
    lanes: int,
    flow: Flow,
    halves: int,
    used: "np.typing.NDArray[np.bool_]",
    loadable: bool = False,
) -> Banked:
    place = np.arange(len(source))
    came, lane = source // lanes, source % lanes
    left = place // lanes
    bank = _colours(came, lane, left, place % lanes, lanes)
    write = np.zeros((flow.in_beats, lanes), dtype=np.int64)
    kept = came < flow.in_beats
    write[came[kept], bank[kept]] = lane[kept]
    read = np.where(used, bank, -1).reshape(-1, lanes)
    addresses = np.zeros((flow.beats, lanes), dtype=np.int64)
    addresses[left[used], bank[used]] = came[used]
    columns = [tuple(column) for column in addresses.T.tolist()]
    groups = columns if loadable else list(dict.fromkeys(columns))
    numbers = range(lanes) if loadable else map(groups.index, columns)
    return Banked(
        lanes=lanes,
        flow=flow,
        write=Switch.of(write.tolist(), loadable),
        read=Switch.of(read.tolist(), loadable),
        addresses=tuple(zip(*groups, strict=True)),
        groups=tuple(numbers),
        halves=halves,
        loadable=loadable,
    )


def _colours(came: Ints, lane: Ints, left: Ints, to: Ints, lanes: int) -> Ints:
    """A bank for each element: its lane where no switch at the entrance is needed, the lane in which it
    leaves where none is needed behind, else any colouring."""
    for choice, beat in ((lane, left), (to, came)):
        if len(np.unique(beat * lanes + choice)) == len(choice):
            return choice
    return colours(came, left, lanes)
