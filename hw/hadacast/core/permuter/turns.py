"""Whose turn it is in a buffer that is written and read at the same time."""

from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.permuting.flow import Flow


class Turns(Component):
    """Says when a beat may be written and when one may be read, and keeps what belongs to whole frames.

    Writing is up to `capacity` beats ahead of reading, and reading `lag` beats behind writing, or more; both
    are known from registers. A frame's mark and sides are kept beside: its first beat's for all beats but
    the last, which has the last one's mark. So marks are right before and behind where broken frames are
    dropped.

    Members
    -------
    enable: nothing changes while it is low.
    valid: a beat is there, with `mark` and `sides`. ready: it is taken if it is.
    writes: it is. write_place: its number in its block. write_ends: it is the last of a block.
    reads: a beat leaves. read_place: its number. read_ends: it is the last of a block.
    read_block: the number of its block in the frame.
    last, o_mark, o_sides: of the beat that leaves.
    """

    def __init__(self, flow: Flow, sides: data.StructLayout):
        self.flow = flow
        super().__init__(
            {
                "enable": In(1),
                "valid": In(1),
                "mark": In(1),
                "sides": In(sides),
                "ready": Out(1),
                "writes": Out(1),
                "write_place": Out(range(max(flow.in_beats, 2))),
                "write_ends": Out(1),
                "reads": Out(1),
                "read_place": Out(range(max(flow.beats, 2))),
                "read_ends": Out(1),
                "read_block": Out(range(max(flow.blocks, 2))),
                "last": Out(1),
                "o_mark": Out(1),
                "o_sides": Out(sides),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        flow = self.flow
        may_write, may_read = Signal(), Signal()
        m.d.comb += [
            self.ready.eq(self.enable & may_write),
            self.writes.eq(self.ready & self.valid),
            self.reads.eq(self.enable & may_read),
        ]
        write_block = Signal(range(max(flow.blocks, 2)))
        self._count(m, self.writes, self.write_place, flow.in_beats, self.write_ends, write_block)
        self._count(m, self.reads, self.read_place, flow.beats, self.read_ends, self.read_block)

        whole = Signal(2)  # blocks that have been written and not been read to their end
        m.d.sync += whole.eq(whole + self.write_ends - self.read_ends)
        if flow.lag is None:
            m.d.comb += [may_write.eq(~whole[1]), may_read.eq(whole != 0)]
        else:
            enough, room = self._beats(m)
            m.d.comb += may_read.eq(enough | (whole != 0))
            # What a tight buffer reads it can write in the same cycle.
            m.d.comb += may_write.eq(room | may_read if flow.tight else room)
        self._keep(m, write_block)
        return m

    def _count(self, m: Module, moves: Any, place: Any, beats: int, ends: Any, block: Any) -> None:
        """Numbers of beats and blocks."""
        m.d.comb += ends.eq(moves & (place == beats - 1))
        with m.If(moves):
            m.d.sync += place.eq(Mux(place == beats - 1, 0, place + 1))
        if self.flow.blocks > 1:
            with m.If(ends):
                m.d.sync += block.eq(Mux(block == self.flow.blocks - 1, 0, block + 1))

    def _beats(self, m: Module) -> tuple[Any, Any]:
        """Whether more than `lag` beats wait, and whether there is room for one more."""
        lag, capacity = self.flow.lag, self.flow.capacity
        assert lag is not None
        ahead = Signal(range(capacity + 1))
        enough, room = Signal(), Signal(init=1)
        with m.If(self.writes & ~self.reads):
            m.d.sync += [
                ahead.eq(ahead + 1),
                enough.eq(enough | (ahead == lag)),
                room.eq(ahead != capacity - 1),
            ]
        with m.Elif(self.reads & ~self.writes):
            m.d.sync += [ahead.eq(ahead - 1), enough.eq(enough & (ahead != lag + 1)), room.eq(1)]
        return enough, room

    def _keep(self, m: Module, write_block: Any) -> None:
        """Marks and sides of the frames that are inside, up to three."""
        flow = self.flow
        first, at_end = Signal(), Signal()
        m.d.comb += [
            first.eq((self.write_place == 0) & (write_block == 0)),
            at_end.eq(self.write_ends & (write_block == flow.blocks - 1)),
            self.last.eq((self.read_place == flow.beats - 1) & (self.read_block == flow.blocks - 1)),
        ]
        count = 4 if flow.capacity > flow.in_beats else 2
        arriving, leaving = Signal(range(count)), Signal(range(count))
        with m.If(at_end):
            m.d.sync += arriving.eq(arriving + 1)
        with m.If(self.read_ends & self.last):
            m.d.sync += leaving.eq(leaving + 1)
        firsts, lasts, sides = (
            Array(Signal(shape, name=f"{name}_{k}") for k in range(count))
            for name, shape in (("first", 1), ("last", 1), ("sides", len(self.sides.as_value())))
        )
        with m.If(self.writes):
            with m.If(first):
                m.d.sync += [firsts[arriving].eq(self.mark), sides[arriving].eq(self.sides)]
            with m.If(at_end):
                m.d.sync += lasts[arriving].eq(self.mark)
        m.d.comb += [
            self.o_mark.eq(Mux(self.last, lasts[leaving], firsts[leaving])),
            self.o_sides.as_value().eq(sides[leaving]),
        ]
