"""Elements that change lanes and nothing else."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.permuter.crossbar import chosen, looked_up
from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted
from hadacast.core.span import Skid
from hadacast.permuting import lanes as plan_module


class Lanes(Component):
    """The hardware of a Lanes plan: wires, or a switch."""

    def __init__(self, spec: Any, plan: plan_module.Lanes):
        self.spec, self.plan = spec, plan
        self.latency = plan.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, switch = self.spec, self.plan.switch
        words = [Value.cast(self.i.p.data[lane]) for lane in range(spec.lanes)]
        if not self.latency:
            m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
            m.d.comb += self.o.payload.eq(self.i.payload)
            for lane, (source,) in enumerate(switch.choices):
                m.d.comb += self.o.p.data[lane].eq(words[source])
            return m
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        beats = len(switch.rows)
        place = Signal(range(beats))
        with m.If(enable & self.i.valid):
            m.d.sync += place.eq(Mux(place == beats - 1, 0, place + 1))
        table = PlaceTable(switch.table)
        row = looked_up(m, enable, table, place, table.latency, "table")
        words = [shifted(m, enable, word, table.latency, f"i_{lane}") for lane, word in enumerate(words)]
        words = chosen(m, enable, words, row, switch, "o")
        names = ("last", "mark", *beat.sides(spec.input, spec.lanes))
        beside = shifted(m, enable, Cat(Value.cast(self.i.p[name]) for name in names), self.latency, "beside")
        m.d.comb += [skid.i.data[lane].eq(word) for lane, word in enumerate(words)]
        m.d.comb += [
            Cat(Value.cast(skid.i[name]) for name in names).eq(beside),
            self.i.ready.eq(enable),
            skid.i_valid.eq(shifted(m, enable, self.i.valid, self.latency, "valid", reset=True)),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m
