"""The adders of a butterfly: one logic cell a bit where the family's carry chain allows.

    sum = a + x if meets else a        difference = a - x if meets else x

The multiplexers belong inside the carry chain, but synthesis keeps them outside, at twice the
cells. So some families have a Verilog module beside this file that names the primitive bit by
bit; `plain` says what it means, and the tests prove each of the others equal to it.
"""

from importlib import resources
from typing import Any

from amaranth.hdl import Instance, Module, Mux, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform

MODULES = {"ecp5": "hadacast_butterfly_ecp5", "ice40": "hadacast_butterfly_ice40"}


def verilog(family: str) -> str:
    """The Verilog module that holds a family's adders; its parameter is WIDTH."""
    return resources.files(__package__).joinpath(f"{MODULES[family]}.v").read_text()


class ButterflyAdders(Component):
    """Sum and difference of two elements, combinational.

    Where the family has a module of its own, that file is added to the platform.

    Parameters
    ----------
    width: W, bits of an arriving element.

    Members
    -------
    a: one element of W bits or, unless they meet, a difference of W + 1 bits that passes through.
    x: the other element, W bits.
    meets: whether the two meet; constant 1 in a butterfly within a beat.
    sum, difference: W + 1 bits, as above.
    """

    def __init__(self, width: int):
        self.width = width
        super().__init__(
            {
                "a": In(signed(width + 1)),
                "x": In(signed(width)),
                "meets": In(1),
                "sum": Out(signed(width + 1)),
                "difference": Out(signed(width + 1)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        family = of_platform(platform).name
        if family not in MODULES:
            m.d.comb += [
                self.sum.eq(self.a + Mux(self.meets, self.x, 0)),
                self.difference.eq(Mux(self.meets, self.a - self.x, self.x)),
            ]
            return m
        platform.add_file(f"{MODULES[family]}.v", verilog(family))
        m.submodules.chain = Instance(
            MODULES[family],
            p_WIDTH=self.width,
            i_a=self.a,
            i_x=self.x,
            i_meets=self.meets,
            o_sum=self.sum,
            o_difference=self.difference,
        )
        return m
