"""A queue of two, for words that wait anyway."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.queue import GRAIN, Queue

# Words of the second queue: as deep as LUT RAM is.
NEAR = GRAIN["lutram"]


class Relay(Component):
    """Two queues in LUT RAM, one behind the other: as a Queue of up to twice their depth, without the
    multiplexer that a memory of two banks has at each bit.

    Parameters
    ----------
    layout: of a word. depth: the least number of words it holds, 17 to 32.

    Members
    -------
    As those of a Queue. A word pushed into an empty one is at its head LATENCY cycles later.
    """

    LATENCY = 3

    def __init__(self, layout: data.Layout, depth: int):
        assert NEAR < depth <= 2 * NEAR
        self.depth = depth
        super().__init__(
            {"push": In(1), "tail": In(layout), "valid": Out(1), "head": Out(layout), "pop": In(1)}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.far = far = Queue(self.tail.shape(), self.depth - NEAR, "lutram", registers=1)
        m.submodules.near = near = Queue(self.tail.shape(), NEAR, "lutram", registers=0)
        held, moves = Signal(range(NEAR + 1)), Signal()
        m.d.comb += [
            far.push.eq(self.push),
            far.tail.eq(self.tail),
            moves.eq(far.valid & ~held[-1]),
            far.pop.eq(moves),
            near.push.eq(moves),
            near.tail.eq(far.head),
            near.pop.eq(self.pop),
            self.valid.eq(near.valid),
            self.head.eq(near.head),
        ]
        m.d.sync += held.eq(held + moves - self.pop)
        return m
