"""A transform that takes the signs before it in, in the wiring of its butterflies."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.butterfly import Butterfly, SpatialButterfly
from hadacast.core.fwht import Fwht
from hadacast.spec import fwht as fwht_module
from hadacast.spec.folding import Turn, folded
from hadacast.tech.adders import ButterflyAdders


class TurnedButterfly(SpatialButterfly):
    """Pairs lanes `distance` apart as their `turns` say (hadacast.spec.folding)."""

    def __init__(self, lanes: int, width: int, distance: int, turns: dict[int, Turn]):
        self.turns = turns
        super().__init__(lanes, width, distance)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.o_valid.eq(self.i_valid)
        for lane, (reverse, up) in self.turns.items():
            other = lane + self.distance
            first, second = (other, lane) if reverse else (lane, other)
            m.submodules[f"lane_{lane}"] = adders = ButterflyAdders(self.width)
            m.d.comb += [
                adders.a.eq(self.i[first]),
                adders.x.eq(self.i[second]),
                adders.meets.eq(1),
                self.o[other if up else lane].eq(adders.sum),
                self.o[lane if up else other].eq(adders.difference),
            ]
        return m


class TurnedFwht(Fwht):
    """The transform of elements as they come, under signs that `turns` stand for."""

    def __init__(self, spec: fwht_module.Fwht, drops: bool, turns: tuple[dict[int, Turn], ...]):
        self.turns = turns
        super().__init__(spec, drops)

    def _butterflies(self) -> list[Butterfly]:
        stages = enumerate(zip(reversed(self.spec.circuit), self.turns, strict=True), self.spec.working.width)
        return [
            TurnedButterfly(self.spec.lanes, width, distance, turns) for width, (distance, turns) in stages
        ]


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
        self.turned = TurnedFwht(replace(fwht, input=signs.input), drops, turns)
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
