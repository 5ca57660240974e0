"""A sum over each group."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.spec.pvq import Pvq


class GroupSum(Component):
    """Sums the lanes of a beat in a tree, a register at each node, and then a group's beats.

    Members
    -------
    i_valid, i: a beat's numbers; within a group there may be gaps.
    found: high for a clock as a new sum appears. o: the sum, until the next one.

    Attributes
    ----------
    latency: clocks from a group's last beat to its sum.
    """

    def __init__(self, width: int, lanes: int, beats: int):
        self.width, self.beats = width, beats
        self.levels = lanes.bit_length() - 1
        self.latency = self.levels + 1
        super().__init__(
            {"i_valid": In(1), "i": In(data.ArrayLayout(width, lanes)), "found": Out(1), "o": Out(width)}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        terms, valid = [self.i[lane] for lane in range(len(self.i))], self.i_valid
        for level in range(self.levels):
            nodes = []
            for index in range(len(terms) // 2):
                node = Signal(self.width, name=f"node_{level}_{index}", reset_less=True)
                m.d.sync += node.eq(terms[2 * index] + terms[2 * index + 1])
                nodes.append(node)
            later = Signal(name=f"valid_{level}")
            m.d.sync += later.eq(valid)
            terms, valid = nodes, later
        total = terms[0]
        last = valid
        if self.beats > 1:
            so_far, beat = Signal(self.width, reset_less=True), Signal(range(self.beats))
            total = Signal(self.width)
            m.d.comb += total.eq(terms[0] + Mux(beat == 0, 0, so_far))
            last = valid & (beat == self.beats - 1)
            with m.If(valid):
                m.d.sync += [so_far.eq(total), beat.eq(beat + 1)]
        result = Signal(self.width, reset_less=True)
        m.d.sync += self.found.eq(last)
        with m.If(last):
            m.d.sync += result.eq(total)
        m.d.comb += self.o.eq(result)
        return m


def group_sum(spec: Pvq, width: int) -> GroupSum:
    """For the groups of a spec."""
    return GroupSum(width, spec.slot_lanes, spec.group_beats)
