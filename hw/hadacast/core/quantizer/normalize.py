"""A number shifted left until its leading one is the highest bit."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import delayed
from hadacast.scale.division import normalize_latency


class Normalize(Component):
    """o = i·2^zeros, as a pipe.

    Parameters
    ----------
    width: bits of i and o.

    Members
    -------
    enable: registers move on.
    i: a number. o: its highest bit is 1 unless i is 0. zeros: how many leading zeros i has; with 0, any.
    """

    def __init__(self, width: int):
        self.width = width
        self.steps = (width - 1).bit_length()
        self.latency = normalize_latency(width)
        super().__init__({"enable": In(1), "i": In(width), "o": Out(width), "zeros": Out(max(self.steps, 1))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        value: Value = self.i
        moved: list[Value] = []  # bits of `zeros`, the highest first
        for step in reversed(range(self.steps)):
            distance = 1 << step
            none = Signal(name=f"none_{step}")
            m.d.comb += none.eq(~value[self.width - distance :].any())
            value = Mux(none, Cat(Const(0, distance), value)[: self.width], value)
            moved.append(none)
            if step != 1:
                value = delayed(m, self.enable, value, 1, f"value_{step}")
                moved = [delayed(m, self.enable, bit, 1, f"moved_{step}_{i}") for i, bit in enumerate(moved)]
        if self.steps == 0:
            value = delayed(m, self.enable, value, 1, "value")
        m.d.comb += [self.o.eq(value), self.zeros.eq(Cat(*reversed(moved)))]
        return m
