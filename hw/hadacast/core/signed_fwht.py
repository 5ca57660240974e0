"""A transform that takes the signs before it in, in the wiring of its butterflies."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.fwht import Fwht
from hadacast.spec.folding import folded


class SignedFwht(Component):
    """The hardware of a Signs spec and of the Fwht spec behind it, where they fold (hadacast.spec.folding).

    No element is negated: elements enter the butterflies a bit narrower than the signs would leave them.

    Members
    -------
    i, o: as those of the two stages. drops: as in hadacast.core.fwht.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, that of the transform alone.
    """

    def __init__(self, signs: Any, fwht: Any, drops: bool = False):
        turns = folded(signs, fwht)
        assert turns is not None
        self.fwht = fwht
        self.turned = Fwht(replace(fwht, input=signs.input), drops, turns)
        self.latency = fwht.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(signs.input, signs.lanes))),
                "o": Out(stream.Signature(beat.flowing(fwht.output, fwht.lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.turned = turned = self.turned
        m.d.comb += [
            turned.i.valid.eq(self.i.valid),
            turned.i.payload.eq(self.i.payload),
            self.i.ready.eq(turned.i.ready),
            self.o.valid.eq(turned.o.valid),
            turned.o.ready.eq(self.o.ready),
        ]
        for lane in range(self.fwht.lanes):
            m.d.comb += self.o.p.data[lane].eq(turned.o.p.data[lane])
        for name in (*beat.sides(self.fwht.output, self.fwht.lanes), "last", "mark"):
            m.d.comb += self.o.p[name].eq(turned.o.p[name])
        return m
