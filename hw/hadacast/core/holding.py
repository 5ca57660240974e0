"""The end of a stall span inside its last butterflies, where the family's adders can hold."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Module, Mux, Shape, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.butterfly import pairs
from hadacast.spec.folding import Turn
from hadacast.tech.adders import HoldingPairAdders
from hadacast.tech.family import of_platform
from hadacast.tech.lut import one_lut

# Beats of fewer lanes are fast otherwise, and would lose a tenth of their clock: a result goes to two
# registers here, and only one of them can be in the cell of the adder.
MIN_LANES = 8


def holds(lanes: int, platform: Any) -> bool:
    """Whether a HoldingButterfly is better than a Skid: where the family's adders choose between a result and
    one that was kept at no cost, and the multiplexers that this saves are many."""
    return lanes >= MIN_LANES and of_platform(platform).name in HoldingPairAdders.families


class HoldingButterfly(Component):
    """A butterfly stage within a beat, its register, and what core.span.Skid does behind it.

    When the receiver hesitates, the beat for which there is no room goes to a spare register, and the span
    stops a cycle later. The spare one comes back through the adders, which stand still then: a multiplexer
    less for each bit than in a Skid.

    Parameters
    ----------
    lanes, width, distance, turns: as for SpatialButterfly. beside: the shape of what goes with a beat.

    Members
    -------
    enable: for all that is in the span, from a register.
    i_valid, i, i_beside: a beat that arrives.
    o: the stream that leaves, from registers.
    """

    def __init__(
        self, lanes: int, width: int, distance: int, beside: Shape, turns: Mapping[int, Turn] | None = None
    ):
        self.lanes, self.width, self.distance, self.turns = lanes, width, distance, turns
        value = data.ArrayLayout(signed(width + 1), lanes)
        super().__init__(
            {
                "enable": Out(1),
                "i_valid": In(1),
                "i": In(data.ArrayLayout(signed(width), lanes)),
                "i_beside": In(beside),
                "o": Out(stream.Signature(data.StructLayout({"value": value, "beside": beside}))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable = Signal(init=1)
        valid, takes = Signal(), Signal()
        leaving = Signal(self.o.p.shape(), reset_less=True)
        spare, arriving = (Signal.like(leaving, name=name) for name in ("spare", "arriving"))
        m.d.comb += [
            self.enable.eq(enable),
            takes.eq(self.o.ready | ~valid),
            self.o.valid.eq(valid),
            self.o.payload.eq(leaving),
            arriving.beside.eq(Mux(enable, self.i_beside, spare.beside)),
        ]
        for pair in pairs(self.lanes, self.distance, self.turns):
            m.submodules[f"lane_{min(pair)}"] = adders = HoldingPairAdders(self.width)
            m.d.comb += [
                adders.a.eq(self.i[pair.a]),
                adders.x.eq(self.i[pair.x]),
                adders.runs.eq(enable),
                adders.held_sum.eq(spare.value[pair.sum]),
                adders.held_difference.eq(spare.value[pair.difference]),
                arriving.value[pair.sum].eq(adders.sum),
                arriving.value[pair.difference].eq(adders.difference),
            ]
        with m.If(enable):
            m.d.sync += spare.eq(arriving)
        with m.If(takes):
            m.d.sync += [leaving.eq(arriving), valid.eq(self.i_valid | ~enable)]
        inputs = (self.o.ready, valid, enable, self.i_valid)
        goes_on = one_lut(m, platform, lambda r, v, e, i: r | ~v | (e & ~i), *inputs, name="goes_on")
        m.d.sync += enable.eq(goes_on)
        return m
