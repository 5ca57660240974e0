"""The transform: delay-feedback stages, then spatial ones, in stall spans."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.butterfly import Butterfly, FeedbackButterfly, SpatialButterfly
from hadacast.core.count import following
from hadacast.core.settings import members
from hadacast.core.span import Beat, Skid
from hadacast.spec import fwht as spec_module
from hadacast.tech.family import of_platform


class Fwht(Component):
    """The hardware of an Fwht spec, one beat per clock.

    A frame's first beat leaves when beat number `spec.delay` comes in. Where that is the last one, what comes
    with it can leave with all: the mark, by which a broken frame is dropped before any of it has left.

    Parameters
    ----------
    drops: whether broken frames are dropped here; only where spec.whole. If not, marks pass: those of all
        beats of a frame, or that of the last.

    Members
    -------
    i: beats of whole frames (hadacast.core.beat.flowing).
    o: the same of good frames, if they are known.
    set_butterflies: which stages pair elements, that of the shortest distance in bit 0; with spec.up_to.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Fwht, drops: bool = False):
        assert spec.whole or not drops
        self.spec = spec
        self.drops = drops
        self.latency = spec.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
                **members(spec.settings),
            }
        )

    def _butterflies(self) -> list[Butterfly]:
        """Largest delay first, where words are narrowest; then the lanes."""
        spec = self.spec
        stages: list[Butterfly] = []
        for width, distance in enumerate(reversed(spec.circuit), spec.working.width):
            if distance < spec.lanes:
                stages.append(SpatialButterfly(spec.lanes, width, distance))
            else:
                stages.append(FeedbackButterfly(spec.lanes, width, distance // spec.lanes, spec.storage))
        return stages

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        of_platform(platform).check_storage(spec.storage)
        # An unsigned input is extended by the sign that it doesn't have.
        entry = Signal(beat.lanes_layout(spec.working, spec.lanes))
        for lane in range(spec.lanes):
            m.d.comb += entry[lane].eq(self.i.p.data[lane])
        beside = Cat(self.i.p.mark, *(self.i.p[side] for side in beat.sides(spec.input, spec.lanes)))
        arriving = Beat(entry, self.i.valid, beside)
        enable = Signal(name="enable_0")
        m.d.comb += self.i.ready.eq(enable)
        for _ in range(spec.entry_registers):
            arriving = arriving.registered(m, enable, "entry")

        for index, stage in enumerate(self._butterflies()):
            m.submodules[f"stage_{index}"] = stage
            if spec.up_to:
                # The longest distance comes first.
                m.d.comb += stage.on.eq(self.set_butterflies[spec.stages - 1 - index])
            m.d.comb += [
                stage.enable.eq(enable),
                stage.i_valid.eq(arriving.valid),
                stage.i.eq(arriving.value),
            ]
            leaving = Beat(stage.o, stage.o_valid, arriving.broken)
            last = index == spec.stages - 1
            if last:
                leaving = self._whole(m, leaving, enable)
            for register in range(spec.stage_registers[index]):
                leaving = leaving.registered(m, enable, f"stage_{index}_{register}")
            if spec.ends_span(index):
                skid = m.submodules[f"skid_{index}"] = Skid(leaving.layout)
                m.d.comb += [
                    enable.eq(skid.enable),
                    skid.i_valid.eq(leaving.valid),
                    skid.i.value.eq(leaving.value),
                    skid.i.broken.eq(leaving.broken),
                ]
                leaving = Beat(skid.o.p.value, skid.o.valid, skid.o.p.broken)
                if last:
                    m.d.comb += [
                        self.o.valid.eq(leaving.valid),
                        self.o.payload.eq(leaving.value),
                        skid.o.ready.eq(self.o.ready),
                    ]
                else:
                    enable = Signal(name=f"enable_{index + 1}")
                    m.d.comb += skid.o.ready.eq(enable)
            arriving = leaving
        return m

    def _whole(self, m: Module, leaving: Beat, enable: Signal) -> Beat:
        """Give frames their `last`, and all their beats what came with the first that left; take broken ones
        out."""
        spec = self.spec
        position = Signal(range(spec.beats))
        first, last = position == 0, position == spec.beats - 1
        beside = Signal(leaving.broken_shape)
        held = Signal(leaving.broken_shape)
        with m.If(first):
            m.d.comb += beside.eq(leaving.broken)
        with m.Else():
            m.d.comb += beside.eq(held)
        with m.If(enable & leaving.valid):
            m.d.sync += [position.eq(following(position, spec.beats)), held.eq(beside)]
        good = Signal(self.o.p.shape())
        m.d.comb += [good.data.eq(leaving.value), good.last.eq(last)]
        offset = 1
        for side, layout in beat.sides(spec.output, spec.lanes).items():
            m.d.comb += good[side].eq(beside[offset : offset + layout.size])
            offset += layout.size
        if not self.drops:
            m.d.comb += good.mark.eq(beside[0])
            if not spec.whole:
                # Broken frames may be dropped behind: what came with the last beat leaves with the last.
                ended = leaving.broken[0]
                if spec.delay:
                    ended = Signal()
                    with m.If(enable & leaving.valid & (position == spec.beats - 1 - spec.delay)):
                        m.d.sync += ended.eq(leaving.broken[0])
                with m.If(last):
                    m.d.comb += good.mark.eq(ended)
            return Beat(good, leaving.valid, 0)
        dropped = Signal()
        with m.If(enable & leaving.valid & last):
            m.d.sync += dropped.eq(beside[0])
        m.d.comb += good.mark.eq(dropped)
        return Beat(good, leaving.valid & ~beside[0], 0)
