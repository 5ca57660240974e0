"""A product of unsigned integers, in hardware multipliers where there are some."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.spec.pvq import LIMB, multiply_latency


class Multiply(Component):
    """o = a·b, a few clocks later: products of limbs that fit a hardware multiplier, and a tree of sums.

    Members
    -------
    a, b, o: unsigned.

    Attributes
    ----------
    latency: clocks.
    """

    def __init__(self, a_width: int, b_width: int):
        self.latency = multiply_latency(a_width, b_width)
        super().__init__({"a": In(a_width), "b": In(b_width), "o": Out(a_width + b_width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # Multipliers are slow and stand where they stand: registers next to them at both ends.
        sides = (("a", self.a), ("b", self.b))
        whole = [Signal(len(side), name=f"factor_{name}", reset_less=True) for name, side in sides]
        m.d.sync += [register.eq(side) for register, (_, side) in zip(whole, sides, strict=True)]
        terms = []
        for low_a in range(0, len(self.a), LIMB):
            for low_b in range(0, len(self.b), LIMB):
                a, b = whole[0][low_a : low_a + LIMB], whole[1][low_b : low_b + LIMB]
                product = Signal(len(a) + len(b), name=f"product_{low_a}_{low_b}", reset_less=True)
                m.d.sync += product.eq(a * b)
                terms.append((low_a + low_b, product))
        total = summed(m, "sum", terms, len(self.o))
        m.d.comb += self.o.eq(total)
        return m


def summed(m: Module, name: str, terms: list[tuple[int, Any]], width: int) -> Any:
    """The sum of terms (places to the left, value), of at most `width` bits: a tree with registers."""
    level = 0
    while len(terms) > 1:
        above = []
        for index in range(0, len(terms), 2):
            places = terms[index][0]
            node = Signal(width - places, name=f"{name}_{level}_{index // 2}", reset_less=True)
            if index + 1 < len(terms):
                m.d.sync += node.eq(terms[index][1] + (terms[index + 1][1] << (terms[index + 1][0] - places)))
            else:
                m.d.sync += node.eq(terms[index][1])
            above.append((places, node))
        terms, level = above, level + 1
    places, value = terms[0]
    return value << places
