"""Sides of tiles: they come once for a frame, and each row of it has them."""

from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.packing.section import Section
from hadacast.core.queue import RAM_STYLES
from hadacast.tech.family import of_platform

# Sides that are read before they are asked for.
AHEAD = 16


class SharedSides(Component):
    """Keeps the sides of a frame and sends them once for each of its rows.

    There are two banks of one frame each: one is written while the other one is read.

    Parameters
    ----------
    width: bits of sides that come at once. units: how many times they come in a frame. rows: how often they
        leave.

    Members
    -------
    i, o: sides, and the mark of their frame: on any that come, then on all that leave.
    """

    def __init__(self, width: int, units: int, rows: int):
        self.units = units
        self.rows = rows
        shape = data.StructLayout({"data": width, "mark": 1})
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        words = 2 * self.units
        # Only banks that are full are read, only others written: no word at the same time.
        memory = m.submodules.memory = Memory(
            shape=len(self.i.p.data),
            depth=words,
            init=[],
            attrs={"ram_style": RAM_STYLES[of_platform(platform).storage(words)], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()
        full = Array(Signal(name=f"full_{bank}") for bank in range(2))
        filling, place = Signal(), Signal(range(words))
        m.d.comb += [
            self.i.ready.eq(~full[filling]),
            write.addr.eq(place),
            write.data.eq(self.i.p.data),
            write.en.eq(self.i.valid & self.i.ready),
        ]
        marks = Array(Signal(name=f"mark_{bank}") for bank in range(2))
        with m.If(write.en):
            first = (place == 0) | (place == self.units)
            m.d.sync += marks[filling].eq(self.i.p.mark | (marks[filling] & ~first))
            m.d.sync += place.eq(Mux(place == words - 1, 0, place + 1))
            with m.If((place == self.units - 1) | (place == words - 1)):
                m.d.sync += [full[filling].eq(1), filling.eq(~filling)]

        section = m.submodules.section = Section(self.o.p.shape(), AHEAD)
        credit = Signal(range(AHEAD + 1), init=AHEAD)
        leaving, row, taken = Signal(), Signal(range(self.rows)), Signal(range(words))
        ends, takes, found, mark = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            takes.eq(full[leaving] & (credit != 0)),
            read.addr.eq(taken),
            ends.eq((taken == self.units - 1) | (taken == words - 1)),
        ]
        with m.If(takes):
            m.d.sync += taken.eq(taken + 1)
            with m.If(ends):
                m.d.sync += [taken.eq(Mux(leaving, self.units, 0)), row.eq(row + 1)]
                with m.If(row == self.rows - 1):
                    m.d.sync += [
                        taken.eq(Mux(leaving, 0, self.units)),
                        row.eq(0),
                        full[leaving].eq(0),
                        leaving.eq(~leaving),
                    ]
        m.d.sync += [found.eq(takes), mark.eq(marks[leaving]), credit.eq(credit - takes + section.pop)]
        m.d.comb += [
            section.push.eq(found),
            section.tail.data.eq(read.data),
            section.tail.mark.eq(mark),
            self.o.valid.eq(section.valid),
            self.o.payload.eq(section.head),
            section.pop.eq(self.o.valid & self.o.ready),
        ]
        return m
