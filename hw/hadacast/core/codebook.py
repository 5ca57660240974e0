"""The hardware of a codebook: a memory for each lane."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import following
from hadacast.core.settings import members
from hadacast.core.shift import shifted
from hadacast.core.span import Skid
from hadacast.spec import codebook as spec_module


class Codebook(Component):
    """The hardware of a Codebook spec.

    An index is held for as many beats as its vector takes. Each lane has a memory of its own, and a register
    behind it, since the output of a block RAM is slow.

    Members
    -------
    i: beats of indices. o: beats of numbers (hadacast.core.beat.flowing).
    set_book: the book's table (hadacast.core.settings), where it can be written.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Codebook):
        self.spec = spec
        self.latency = spec.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.in_lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
                **members(spec.settings),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        part: Value = Const(0, 0)
        valid, ready, last, mark = self.i.valid, Const(1, 1), self.i.p.last, self.i.p.mark
        indices: list[Value] = [self.i.p.data[lane] for lane in range(spec.in_lanes)]
        if spec.hold > 1:
            # The first beat goes through as it comes; the others are of what was kept.
            part = Signal(range(spec.hold))
            ready = part == 0
            valid = valid | ~ready
            kept = Signal.like(Cat(indices[0], last, mark), name="kept", reset_less=True)
            now = Mux(ready, Cat(indices[0], last, mark), kept)
            indices, last, mark = [now[:-2]], now[-2] & (part == spec.hold - 1), now[-1]
            with m.If(enable & ready):
                m.d.sync += kept.eq(Cat(self.i.p.data[0], self.i.p.last, self.i.p.mark))
            with m.If(enable & valid):
                m.d.sync += part.eq(following(part, spec.hold))
        for lane in range(spec.lanes):
            index = indices[lane // spec.vector if spec.in_lanes > 1 else 0]
            found = self._lane(m, enable, lane, Cat(part, index))
            m.d.comb += skid.i.data[lane].eq(found)
        for name, value in (("last", last), ("mark", mark)):
            m.d.comb += skid.i[name].eq(shifted(m, enable, value, self.latency, name))
        m.d.comb += [
            self.i.ready.eq(enable & ready),
            skid.i_valid.eq(shifted(m, enable, valid, self.latency, "valid", reset=True)),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _lane(self, m: Module, enable: Value, lane: int, address: Value) -> Value:
        """What a lane's memory holds, two enabled cycles later."""
        spec = self.spec
        rows = spec.rows(lane)
        memory = m.submodules[f"book_{lane}"] = Memory(
            shape=Shape(spec.width, signed=True), depth=len(rows), init=rows
        )
        read = memory.read_port()
        found = Signal(Shape(spec.width, signed=True), name=f"found_{lane}", reset_less=True)
        m.d.comb += [read.addr.eq(address), read.en.eq(enable)]
        with m.If(enable):
            m.d.sync += found.eq(read.data)
        if spec.loadable:
            port: Any = self.set_book
            write = memory.write_port()
            element, index = port.row[: spec.element_bits], port.row[spec.element_bits :]
            m.d.comb += write.data.eq(port.data)
            for part in range(spec.hold):
                with m.If(port.enable & (element == spec.place(lane, part))):
                    m.d.comb += [
                        write.en.eq(1),
                        write.addr.eq(Cat(Const(part, spec.part_bits), index)),
                    ]
        return found
