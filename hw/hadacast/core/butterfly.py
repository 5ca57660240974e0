"""Butterfly stages: over a bit of the index between beats, and over one within a beat.

Both are combinational from input to output; registers are put behind them by the transform. A
stage is never asked to wait by itself: nothing in it changes while `enable` is low.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.delay import Delay
from hadacast.spec.folding import Turn
from hadacast.tech.adders import ButterflyAdders, PairAdders
from hadacast.tech.family import of_platform


class Butterfly(Component):
    """What the two kinds of stage share: P lanes of W bits in, P of W + 1 bits out.

    Members
    -------
    enable: low while the stage must stand still.
    on: low while elements pass as they are. It changes between frames only, and latency doesn't with it.
    i_valid, i: a beat arrives.
    o_valid, o: a beat leaves. Of all stages together, a frame's first in the cycle of its last in.
    """

    def __init__(self, lanes: int, width: int):
        self.lanes = lanes
        self.width = width
        super().__init__(
            {
                "enable": In(1),
                "on": In(1, init=1),
                "i_valid": In(1),
                "i": In(data.ArrayLayout(signed(width), lanes)),
                "o_valid": Out(1),
                "o": Out(data.ArrayLayout(signed(width + 1), lanes)),
            }
        )


class Pair(NamedTuple):
    """The lanes of a butterfly within a beat: a and x come on two of them, a + x and a - x leave on these."""

    a: int
    x: int
    sum: int
    difference: int


def pairs(lanes: int, distance: int, turns: Mapping[int, Turn] | None = None) -> Iterator[Pair]:
    """The butterflies of lanes `distance` apart: the sum on the lower one, unless `turns` say otherwise
    (hadacast.spec.folding)."""
    for lane in range(lanes):
        if lane // distance % 2 == 0:
            lower, upper = lane, lane + distance
            reverse, up = turns[lane] if turns else (False, False)
            a, x = (upper, lower) if reverse else (lower, upper)
            plus, minus = (upper, lower) if up else (lower, upper)
            yield Pair(a, x, plus, minus)


class SpatialButterfly(Butterfly):
    """Pairs lanes `distance` apart.

    Parameters
    ----------
    settable: whether `on` may be low. turns: as for pairs(); not if it is settable.
    """

    def __init__(
        self,
        lanes: int,
        width: int,
        distance: int,
        settable: bool = False,
        turns: Mapping[int, Turn] | None = None,
    ):
        self.distance = distance
        self.settable = settable
        self.turns = turns
        super().__init__(lanes, width)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.o_valid.eq(self.i_valid)
        for pair in pairs(self.lanes, self.distance, self.turns):
            adders: Any
            if self.settable:
                adders = ButterflyAdders(self.width)
                m.d.comb += adders.meets.eq(self.on)
            else:
                adders = PairAdders(self.width)
            m.submodules[f"lane_{min(pair)}"] = adders
            m.d.comb += [
                adders.a.eq(self.i[pair.a]),
                adders.x.eq(self.i[pair.x]),
                self.o[pair.sum].eq(adders.sum),
                self.o[pair.difference].eq(adders.difference),
            ]
        return m


class FeedbackButterfly(Butterfly):
    """Pairs beats `distance` apart, with a delay of that many beats.

    In the first half of a block of 2·distance beats, arriving elements x enter the delay and the
    differences of the block before leave it. In the second half each x meets its delayed a: a + x
    leaves, a - x enters the delay; while the stage isn't on, a and x do.
    """

    def __init__(self, lanes: int, width: int, distance: int, storage: str):
        self.distance = distance
        self.storage = storage
        super().__init__(lanes, width)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        word = data.ArrayLayout(signed(self.width + 1), self.lanes)
        storage = self.storage
        if storage == "auto":
            storage = of_platform(platform).storage(self.distance)
        delay = m.submodules.delay = Delay(word.size, self.distance, storage)

        m.d.comb += [
            delay.enable.eq(self.enable),
            delay.i_valid.eq(self.i_valid),
            self.o_valid.eq(delay.o_valid),
        ]
        meets = Signal()
        with m.If(delay.turns):
            m.d.sync += meets.eq(~meets & self.on)
        head, tail = data.View(word, delay.head), data.View(word, delay.tail)
        for lane in range(self.lanes):
            m.submodules[f"lane_{lane}"] = adders = ButterflyAdders(self.width)
            m.d.comb += [
                adders.a.eq(head[lane]),
                adders.x.eq(self.i[lane]),
                adders.meets.eq(meets),
                self.o[lane].eq(adders.sum),
                tail[lane].eq(adders.difference),
            ]
        return m
