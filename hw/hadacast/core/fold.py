"""Sums and differences of the halves of columns, and what is taken off the results for them."""

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value, signed
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.line import Line
from hadacast.core.queue import RAM_STYLES
from hadacast.core.shift import shifted
from hadacast.spec.hadamard_plan import Fold as FoldPlan
from hadacast.spec.stride import BEHIND
from hadacast.tech.adders import ButterflyAdders
from hadacast.tech.family import of_platform

# Cycles from the address of an element to the element, in a correction: a read, and the registers behind it.
EARLY = 1 + BEHIND


class Fold(Component):
    """a + b and then a - b of the halves a and b of each column, without a pause inside columns.

    A column's first result leaves `plan.latency` cycles after its first element came. Differences wait in the
    line in which first halves waited.

    Members
    -------
    i_valid, i: elements of columns of 2·distance, each lane a column of its own.
    o: results, in registers.
    """

    def __init__(self, plan: FoldPlan, lanes: int, width: int):
        self.plan, self.lanes, self.width = plan, lanes, width
        super().__init__(
            {
                "i_valid": In(1),
                "i": In(data.ArrayLayout(signed(width), lanes)),
                "o": Out(data.ArrayLayout(signed(width + 1), lanes)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        distance = self.plan.distance
        word = data.ArrayLayout(signed(self.width + 1), self.lanes)
        line = m.submodules.line = Line(word.size, distance)
        second, place = Signal(), Signal(range(max(distance, 2)))
        with m.If(self.i_valid):
            m.d.sync += place.eq(place + 1)
            with m.If(place == distance - 1):
                m.d.sync += [place.eq(0), second.eq(~second)]
        head, tail = data.View(word, line.o), Signal(word)
        meets = Signal()
        m.d.comb += [meets.eq(second & self.i_valid), line.i.eq(tail)]
        total = Signal(word, reset_less=True)
        for lane in range(self.lanes):
            m.submodules[f"lane_{lane}"] = adders = ButterflyAdders(self.width)
            m.d.comb += [
                adders.a.eq(head[lane]),
                adders.x.eq(self.i[lane]),
                adders.meets.eq(meets),
                tail[lane].eq(adders.difference),
            ]
            m.d.sync += total[lane].eq(adders.sum)
        m.d.comb += self.o.eq(total)
        return m


class Correction(Component):
    """Takes 2b off the first half of each column of results, and 2a off the second.

    Parameters
    ----------
    plan: the Fold. lanes; width: of an element x, in a or b; result: of a result.
    delay: cycles from a column's first element to its first result in `i`.

    Members
    -------
    x: elements as they came to the fold.
    early_valid: whether a result is in `i` EARLY cycles later. i: results.
    o: what is left, a cycle later, in registers; `result` bits, modulo 2^result.
    """

    def __init__(self, plan: FoldPlan, lanes: int, width: int, result: int, delay: int):
        self.plan, self.lanes, self.delay = plan, lanes, delay
        results = data.ArrayLayout(signed(result), lanes)
        super().__init__(
            {
                "x": In(data.ArrayLayout(signed(width), lanes)),
                "early_valid": In(1),
                "i": In(results),
                "o": Out(results),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        distance = self.plan.distance
        # The result in a place takes the element in the same place of the other half: one that came
        # `distance` cycles after the element in its own place, or as many before.
        ages = (self.delay - distance - EARLY, self.delay + distance - EARLY)
        depth = 1 << ages[1].bit_length()
        memory = m.submodules.memory = Memory(
            shape=self.x.shape(),
            depth=depth,
            init=[],
            attrs={"ram_style": RAM_STYLES[of_platform(platform).storage(depth)], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()
        now = Signal(range(depth))
        age = Signal(range(depth), init=ages[0])
        second, place = Signal(), Signal(range(max(distance, 2)))
        with m.If(self.early_valid):
            m.d.sync += place.eq(place + 1)
            with m.If(place == distance - 1):
                m.d.sync += [place.eq(0), second.eq(~second)]
        with m.If(second):
            m.d.comb += age.eq(ages[1])
        with m.Else():
            m.d.comb += age.eq(ages[0])
        m.d.sync += now.eq(now + 1)
        m.d.comb += [
            write.en.eq(1),
            write.addr.eq(now),
            write.data.eq(self.x),
            read.en.eq(1),
            read.addr.eq((now - age)[: len(now)]),
        ]
        other = data.View(self.x.shape(), shifted(m, Const(1), Value.cast(read.data), BEHIND, "other"))
        left = Signal(self.o.shape(), reset_less=True)
        for lane in range(self.lanes):
            m.d.sync += left[lane].eq(self.i[lane] - (other[lane] << 1))
        m.d.comb += self.o.eq(left)
        return m
