"""The transform: delay-feedback stages, then spatial ones, in stall spans."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.butterfly import Butterfly, FeedbackButterfly, SpatialButterfly
from hadacast.core.count import Ring
from hadacast.core.holding import HoldingButterfly, holds
from hadacast.core.settings import members
from hadacast.core.span import Beat, Skid
from hadacast.spec import fwht as spec_module
from hadacast.spec.folding import Turn
from hadacast.tech.family import of_platform


class Fwht(Component):
    """The hardware of an Fwht spec, one beat per clock.

    A frame's first beat leaves when beat number `spec.delay` comes in. Where that is the last one, what comes
    with it can leave with all: the mark, by which a broken frame is dropped before any of it has left.

    Parameters
    ----------
    drops: whether broken frames are dropped here; only where spec.whole. If not, marks pass: those of all
        beats of a frame, or that of the last.
    turns: of each stage, in order, how its butterflies are turned (hadacast.spec.folding); all are within a
        beat then. None: not at all.

    Members
    -------
    i: beats of whole frames (hadacast.core.beat.flowing).
    o: the same of good frames, if they are known.
    set_butterflies: which stages pair elements, that of the shortest distance in bit 0; with spec.up_to.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(
        self,
        spec: spec_module.Fwht,
        drops: bool = False,
        turns: Sequence[Mapping[int, Turn]] | None = None,
    ):
        assert spec.whole or not drops
        assert turns is None or max(spec.circuit) < spec.lanes
        self.turns = turns
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

    def _butterfly(self, index: int) -> Butterfly:
        """Stage `index`: largest delay first, where words are narrowest; then the lanes."""
        spec = self.spec
        width, distance = self._stage(index)
        if distance < spec.lanes:
            return SpatialButterfly(
                spec.lanes, width, distance, settable=bool(spec.up_to), turns=self._turns(index)
            )
        return FeedbackButterfly(spec.lanes, width, distance // spec.lanes, spec.storage)

    def _stage(self, index: int) -> tuple[int, int]:
        """Bits of an element that comes to stage `index`, and how far apart it pairs them."""
        return self.spec.working.width + index, self.spec.circuit[self.spec.stages - 1 - index]

    def _turns(self, index: int) -> Mapping[int, Turn] | None:
        return None if self.turns is None else self.turns[index]

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

        last = spec.stages - 1
        for index in range(last):
            leaving = self._stands(m, index, arriving, enable)
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
                enable = Signal(name=f"enable_{index + 1}")
                m.d.comb += skid.o.ready.eq(enable)
            arriving = leaving

        width, distance = self._stage(last)
        if distance < spec.lanes and not spec.up_to and holds(spec.lanes, platform):
            good, valid = self._whole(m, arriving.valid, arriving.broken, enable)
            end = HoldingButterfly(spec.lanes, width, distance, good.shape(), self._turns(last))
            m.submodules[f"stage_{last}"] = end
            m.d.comb += [
                enable.eq(end.enable),
                end.i_valid.eq(valid),
                end.i.eq(arriving.value),
                end.i_beside.eq(good),
                self.o.valid.eq(end.o.valid),
                end.o.ready.eq(self.o.ready),
                self.o.p.data.eq(end.o.p.value),
                *(self.o.p[name].eq(end.o.p.beside[name]) for name in good.shape().members),
            ]
            return m
        leaving = self._stands(m, last, arriving, enable)
        good, valid = self._whole(m, leaving.valid, leaving.broken, enable)
        whole = Signal(self.o.p.shape())
        m.d.comb += whole.data.eq(leaving.value)
        m.d.comb += [whole[name].eq(good[name]) for name in good.shape().members]
        leaving = Beat(whole, valid, 0).registered(m, enable, f"stage_{last}")
        skid = m.submodules[f"skid_{last}"] = Skid(self.o.p.shape())
        m.d.comb += [
            enable.eq(skid.enable),
            skid.i_valid.eq(leaving.valid),
            skid.i.eq(leaving.value),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _stands(self, m: Module, index: int, arriving: Beat, enable: Signal) -> Beat:
        """Put stage `index` in, and return what leaves it."""
        stage = m.submodules[f"stage_{index}"] = self._butterfly(index)
        if self.spec.up_to:
            # The longest distance comes first.
            m.d.comb += stage.on.eq(self.set_butterflies[self.spec.stages - 1 - index])
        m.d.comb += [
            stage.enable.eq(enable),
            stage.i_valid.eq(arriving.valid),
            stage.i.eq(arriving.value),
        ]
        return Beat(stage.o, stage.o_valid, arriving.broken)

    def _whole(self, m: Module, arrives: Value, broken: Value, enable: Signal) -> tuple[Any, Value]:
        """Give frames their `last`, and all their beats what came with the first that left; take broken ones
        out. Returns what goes beside the elements, and whether it is valid."""
        spec = self.spec
        steps = Signal()
        m.d.comb += steps.eq(enable & arrives)
        place = Ring(m, steps, spec.beats, "position")
        beside = Signal(len(broken))
        held = Signal(len(broken))
        with m.If(place.first):
            m.d.comb += beside.eq(broken)
        with m.Else():
            m.d.comb += beside.eq(held)
        with m.If(steps):
            m.d.sync += held.eq(beside)
        members = self.o.p.shape().members.items()
        good = Signal(StructLayout({name: shape for name, shape in members if name != "data"}))
        m.d.comb += good.last.eq(place.last)
        offset = 1
        for side, layout in beat.sides(spec.output, spec.lanes).items():
            m.d.comb += good[side].eq(beside[offset : offset + layout.size])
            offset += layout.size
        if not self.drops:
            m.d.comb += good.mark.eq(beside[0])
            if not spec.whole:
                # Broken frames may be dropped behind: what came with the last beat leaves with the last.
                ended = broken[0]
                if spec.delay:
                    ended = Signal()
                    with m.If(steps & place.at(spec.beats - 1 - spec.delay)):
                        m.d.sync += ended.eq(broken[0])
                with m.If(place.last):
                    m.d.comb += good.mark.eq(ended)
            return good, arrives
        dropped = Signal()
        with m.If(steps & place.last):
            m.d.sync += dropped.eq(beside[0])
        m.d.comb += good.mark.eq(dropped)
        return good, arrives & ~beside[0]
