"""The adders of a butterfly: one logic cell a bit where the family's carry chain allows.

What is chosen before or behind an addition belongs inside the carry chain, but synthesis keeps it outside, at
twice the cells. So some families have a Verilog module beside this file that names the primitive bit by bit;
`plain` says what it means, and the tests prove each of the others equal to it.
"""

from importlib import resources
from typing import Any, ClassVar

from amaranth.hdl import Instance, Module, Mux, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform


class Adders(Component):
    """Sum and difference of two elements, combinational.

    Where the family has a module of its own, that file is added to the platform.

    Parameters
    ----------
    width: W, bits of an element.

    Members
    -------
    sum, difference: W + 1 bits. What goes in depends on the kind.
    """

    kind: ClassVar[str]
    families: ClassVar[frozenset[str]]

    def __init__(self, width: int, members: dict[str, Any]):
        self.width = width
        wide = signed(width + 1)
        super().__init__({**members, "sum": Out(wide), "difference": Out(wide)})

    @classmethod
    def module(cls, family: str) -> str:
        """The name of a family's module, and of its file."""
        return f"hadacast_{cls.kind}_{family}"

    @classmethod
    def verilog(cls, family: str) -> str:
        """The text of a family's module; its parameter is WIDTH."""
        return resources.files(__package__).joinpath(f"{cls.module(family)}.v").read_text()

    def plain(self) -> tuple[Any, Any]:
        """What sum and difference are."""
        raise NotImplementedError

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        family = of_platform(platform).name
        if family not in self.families:
            plus, minus = self.plain()
            m.d.comb += [self.sum.eq(plus), self.difference.eq(minus)]
            return m
        platform.add_file(f"{self.module(family)}.v", self.verilog(family))
        pins = {
            f"{member.flow.name[0].lower()}_{name}": getattr(self, name)
            for name, member in self.signature.members.items()
        }
        m.submodules.chain = Instance(self.module(family), p_WIDTH=self.width, **pins)
        return m


class ButterflyAdders(Adders):
    """sum = a + x if meets else a, difference = a - x if meets else x.

    Members
    -------
    a: one element of W bits or, unless they meet, a difference of W + 1 bits that passes through.
    x: the other element, W bits.
    meets: whether the two meet.
    """

    kind = "butterfly"
    families = frozenset({"ecp5", "ice40", "gowin", "xilinx7"})

    def __init__(self, width: int):
        super().__init__(width, {"a": In(signed(width + 1)), "x": In(signed(width)), "meets": In(1)})

    def plain(self) -> tuple[Any, Any]:
        return self.a + Mux(self.meets, self.x, 0), Mux(self.meets, self.a - self.x, self.x)


class PairAdders(Adders):
    """sum = a + x, difference = a - x.

    Members
    -------
    a, x: the elements, W bits.
    """

    kind = "pair"
    families = frozenset({"ecp5"})

    def __init__(self, width: int):
        super().__init__(width, {"a": In(signed(width)), "x": In(signed(width))})

    def plain(self) -> tuple[Any, Any]:
        return self.a + self.x, self.a - self.x


class HoldingPairAdders(Adders):
    """sum = a + x if runs else held_sum, difference = a - x if runs else held_difference.

    Members
    -------
    a, x: the elements, W bits.
    runs: whether they are added.
    held_sum, held_difference: what else leaves, W + 1 bits.
    """

    kind = "holding_pair"
    families = frozenset({"ecp5", "xilinx7"})

    def __init__(self, width: int):
        element, wide = signed(width), signed(width + 1)
        super().__init__(
            width,
            {
                "a": In(element),
                "x": In(element),
                "runs": In(1),
                "held_sum": In(wide),
                "held_difference": In(wide),
            },
        )

    def plain(self) -> tuple[Any, Any]:
        return (
            Mux(self.runs, self.a + self.x, self.held_sum),
            Mux(self.runs, self.a - self.x, self.held_difference),
        )
