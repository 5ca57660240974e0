"""Constants by place in a frame."""

from typing import Any

from amaranth.hdl import Const, Module, Shape, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast import place_table as spec_module
from hadacast.core.settings import row_write


class PlaceTable(Component):
    """A PlaceTable as a Pipe: logic where it is short, a memory with an output register where it is long.

    Members
    -------
    enable: nothing changes while it is low.
    place: the beat's number in its frame. o: its row, `latency` enabled cycles later.
    write: a row to be changed (hadacast.settings.Table), only where the table is loadable.
    """

    def __init__(self, spec: spec_module.PlaceTable):
        self.spec = spec
        self.latency = spec.latency
        self.shape = Shape(spec.width, spec.signed)
        ports = {"enable": In(1), "place": In(range(max(len(spec.rows), 2))), "o": Out(self.shape)}
        if spec.loadable:
            ports["write"] = In(row_write(len(spec.rows), self.shape))
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        rows = self.spec.rows[: self.spec.period]
        if len(rows) == 1 and not self.spec.loadable:
            m.d.comb += self.o.eq(Const(rows[0], self.shape))
            return m
        address = Signal(range(len(rows)))
        m.d.comb += address.eq(self.place)  # a period that is a power of two: its low bits
        found = Signal(self.shape, reset_less=True)
        if self.latency == 1:
            with m.If(self.enable), m.Switch(address):
                for index, row in enumerate(rows):
                    with m.Case(index):
                        m.d.sync += found.eq(Const(row, self.shape))
        else:
            memory = m.submodules.memory = Memory(shape=self.shape, depth=len(rows), init=rows)
            read = memory.read_port()
            if self.spec.loadable:
                write = memory.write_port()
                m.d.comb += [
                    write.en.eq(self.write.enable),
                    write.addr.eq(self.write.row),
                    write.data.eq(self.write.data),
                ]
            m.d.comb += [read.addr.eq(address), read.en.eq(self.enable)]
            with m.If(self.enable):
                m.d.sync += found.eq(read.data)
        m.d.comb += self.o.eq(found)
        return m
