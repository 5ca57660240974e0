"""What stages share whose elements each go their own way: one span, one pipe for each lane."""

from typing import Any

from amaranth.hdl import Module, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import counter
from hadacast.core.settings import members
from hadacast.core.shift import shifted
from hadacast.core.span import Skid
from hadacast.spec.stage import Stage


class Elementwise(Component):
    """The hardware of a stage that makes each element of one, in its place.

    Sides that leave as they came, `last` and `mark` go along. With a latency of 0 a stage is wires: the
    same codes, read another way.

    Members
    -------
    i, o: beats of frames (hadacast.core.beat.flowing).
    set_NAME: settings of the stage (hadacast.core.settings).

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: Stage):
        self.spec: Any = spec
        self.latency = spec.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
                **members(spec.settings),
            }
        )

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        """The element that leaves each lane, registered, `latency` enabled cycles after the beat in `i`
        and its number `place` in the frame."""
        raise NotImplementedError

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        passing = [
            name for name in beat.sides(spec.output, spec.lanes) if name in beat.sides(spec.input, spec.lanes)
        ]
        if not self.latency:
            m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
            for lane in range(spec.lanes):
                m.d.comb += self.o.p.data[lane].eq(self.i.p.data[lane])
            for name in (*passing, "last", "mark"):
                m.d.comb += self.o.p[name].eq(self.i.p[name])
            return m
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        place = counter(m, enable & self.i.valid, spec.beats, "place")
        for lane, element in enumerate(self.pipes(m, enable, place)):
            m.d.comb += skid.i.data[lane].eq(element)
        for name in (*passing, "last", "mark"):
            along = shifted(m, enable, Value.cast(self.i.p[name]), self.latency, name)
            m.d.comb += Value.cast(skid.i[name]).eq(along)
        m.d.comb += [
            self.i.ready.eq(enable),
            skid.i_valid.eq(shifted(m, enable, self.i.valid, self.latency, "valid", reset=True)),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m
