"""Products of unsigned integers as sums of rows, in plain logic.

Hardware multipliers would save LUTs, but without registers of their own, which synthesis doesn't use, they
are slower than all the rest.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.spec.pvq import tree_latency


class Multiply(Component):
    """o = a·b: a, once for each bit of b.

    Members
    -------
    a, b, o: unsigned.

    Attributes
    ----------
    latency: clocks.
    """

    def __init__(self, a_width: int, b_width: int):
        self.latency = tree_latency(b_width)
        super().__init__({"a": In(a_width), "b": In(b_width), "o": Out(a_width + b_width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        rows = [(place, Mux(self.b[place], self.a, 0)) for place in range(len(self.b))]
        m.d.comb += self.o.eq(summed(m, "sum", rows, len(self.o)))
        return m


class Square(Component):
    """o = a²: each pair of different bits once, twice as large, and each bit by itself.

    Members
    -------
    a, o: unsigned.

    Attributes
    ----------
    latency: clocks.
    """

    def __init__(self, width: int):
        self.latency = tree_latency(width)
        super().__init__({"a": In(width), "o": Out(2 * width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        rows = []
        for place in range(len(self.a)):
            bit, above = self.a[place], self.a[place + 1 :]
            rows.append((2 * place, Cat(bit, Const(0, 1), Mux(bit, above, 0))))
        m.d.comb += self.o.eq(summed(m, "sum", rows, len(self.o)))
        return m


def summed(m: Module, name: str, terms: list[tuple[int, Any]], width: int) -> Any:
    """The sum of terms (places to the left, value), of at most `width` bits: a tree with registers.

    Places ascend. A single term has no register.
    """
    level = 0
    while len(terms) > 1:
        above = []
        for index in range(0, len(terms), 2):
            places, value = terms[index]
            node = Signal(width - places, name=f"{name}_{level}_{index // 2}", reset_less=True)
            if index + 1 < len(terms):
                # The lowest bits have nothing to be added to.
                alone = terms[index + 1][0] - places
                m.d.sync += node.eq(Cat(value[:alone], value[alone:] + terms[index + 1][1]))
            else:
                m.d.sync += node.eq(value)
            above.append((places, node))
        terms, level = above, level + 1
    places, value = terms[0]
    return value << places
