"""Copies of a pipeline side by side, behind one stream as wide as all of them."""

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib.wiring import Component

from hadacast.core.pipeline import PipelineCore, members
from hadacast.spec.pipeline import Pipeline


class Copies(Component):
    """The hardware of a Pipeline spec with several copies.

    Members are those of a PipelineCore, with the lanes of all copies: copy c has lanes c·P to c·P + P - 1.

    When a core takes a beat and when it offers one depends on the handshake and on TLAST alone, never on the
    data. So copies that start together stay together, cycle by cycle, and the first one's handshake is
    everyone's: it costs no logic, and adds none to the path from ready to ready. (Its test shows, for every
    kind of stage, that no bit of data reaches the handshake.)
    """

    def __init__(self, spec: Pipeline):
        self.spec = spec
        self.latency = spec.latency
        super().__init__(members(spec))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        cores = [PipelineCore(spec.single) for _ in range(spec.copies)]
        first = cores[0]
        taken, left = spec.stages[0].in_lanes, spec.stages[-1].out_lanes
        for c, core in enumerate(cores):
            m.submodules[f"copy_{c}"] = core
            m.d.comb += [
                core.i.valid.eq(self.i.valid),
                core.i.p.last.eq(self.i.p.last),
                core.o.ready.eq(self.o.ready),
                *(core.i.p.data[k].eq(self.i.p.data[c * taken + k]) for k in range(taken)),
                *(self.o.p.data[c * left + k].eq(core.o.p.data[k]) for k in range(left)),
            ]
        m.d.comb += [
            self.i.ready.eq(first.i.ready),
            self.o.valid.eq(first.o.valid),
            self.o.p.last.eq(first.o.p.last),
            self.o.p.mark.eq(first.o.p.mark),
            self.frame_error.eq(first.frame_error),
        ]
        if spec.random_bits:
            m.d.comb += [
                Cat(*(core.random for core in cores)).eq(self.random),
                self.random_taken.eq(first.random_taken),
            ]
        if spec.scales is not None:
            m.d.comb += [
                self.scale.p.data.eq(Cat(*(core.scale.p.data for core in cores))),
                self.scale.p.last.eq(first.scale.p.last),
                self.scale.p.mark.eq(first.scale.p.mark),
                self.scale.valid.eq(first.scale.valid),
                *(core.scale.ready.eq(self.scale.ready) for core in cores),
            ]
        if spec.registers.places:
            self._settings(m, cores)
        return m

    def _settings(self, m: Module, cores: list[PipelineCore]) -> None:
        """Every copy hears what is written; the first answers."""
        for core in cores:
            for name in ("aw", "w", "ar"):
                mine, own = getattr(self, name), getattr(core, name)
                m.d.comb += [own.valid.eq(mine.valid), own.payload.eq(mine.payload)]
            for name in ("b", "r"):
                m.d.comb += getattr(core, name).ready.eq(getattr(self, name).ready)
        for name in ("aw", "w", "ar"):
            m.d.comb += getattr(self, name).ready.eq(getattr(cores[0], name).ready)
        for name in ("b", "r"):
            mine, own = getattr(self, name), getattr(cores[0], name)
            m.d.comb += [mine.valid.eq(own.valid), mine.payload.eq(own.payload)]
