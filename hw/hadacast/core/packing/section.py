"""A queue in which the words of a section wait for their turn."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.queue import MAX_LATENCY, Queue


class Section(Component):
    """A Queue that says whether there is room, and shows a word the same time after its push in every family.

    Members
    -------
    push, tail: take the word `tail`; only while `room`.
    room: from a register, a cycle late: one word less than `depth` has room for sure.
    valid, head: whether there is a word whose time has come, from a register, and the word.
    pop: it leaves; only while `valid`.
    """

    def __init__(self, layout: data.Layout, depth: int):
        self.depth = depth
        super().__init__(
            {
                "push": In(1),
                "tail": In(layout),
                "room": Out(1),
                "valid": Out(1),
                "head": Out(layout),
                "pop": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        queue = m.submodules.queue = Queue(self.tail.shape(), self.depth)
        m.d.comb += [
            queue.push.eq(self.push),
            queue.tail.eq(self.tail),
            queue.pop.eq(self.pop),
            self.head.eq(queue.head),
        ]
        level, ripe = Signal(range(self.depth + 1)), Signal(range(self.depth + 1))
        room = Signal(init=1)
        ripens = self.push
        for cycle in range(MAX_LATENCY - 1):
            later = Signal(name=f"pushed_{cycle}")
            m.d.sync += later.eq(ripens)
            ripens = later
        m.d.comb += [self.room.eq(room), self.valid.eq(ripe != 0)]
        m.d.sync += [
            level.eq(level + self.push - self.pop),
            # Whatever this cycle brings: a pop comes too late to be asked.
            room.eq(level < self.depth - 1),
            ripe.eq(ripe + ripens - self.pop),
        ]
        return m
