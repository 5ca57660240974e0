"""Adders and comparisons with an operand conditionally inverted, one logic cell a bit where the family's
carry chain allows.

Synthesis keeps the inversion outside the chain, at twice the cells. So some families have Verilog modules
beside this file that name the primitive bit by bit; `plain` says what each means, and the tests prove them
equal.
"""

from importlib import resources
from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Instance, Module, Value
from amaranth.lib.wiring import Component, In, Out, Signature

from hadacast.tech.family import of_platform


class Chain(Component):
    """What the chains share. Combinational. Where the family has a module of its own, that file is added to
    the platform.

    Parameters
    ----------
    width: bits of the operands.
    """

    module: ClassVar[str]
    families: ClassVar[frozenset[str]]

    def __init__(self, width: int, members: dict[str, Any]):
        self.width = width
        super().__init__(Signature(members))

    def plain(self) -> Any:
        """What the chain computes."""
        raise NotImplementedError

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        family = of_platform(platform).name
        if family not in self.families:
            m.d.comb += self.o.eq(self.plain())
            return m
        name = f"{self.module}_{family}"
        platform.add_file(f"{name}.v", verilog(name))
        inputs = {f"i_{port}": getattr(self, port) for port in self.signature.members if port != "o"}
        m.submodules.chain = Instance(name, p_WIDTH=self.width, **inputs, o_o=self.o)
        return m


def verilog(name: str) -> str:
    """The text of a Verilog module; its parameter is WIDTH."""
    return resources.files(__package__).joinpath(f"{name}.v").read_text()


class AddSubtract(Chain):
    """o = a - b if `subtract` else a + b, modulo 2^width.

    Members
    -------
    a, b, o: `width` bits. subtract: which of the two.
    """

    module = "hadacast_add_subtract"
    families = frozenset({"ecp5", "gowin"})

    def __init__(self, width: int):
        super().__init__(width, {"a": In(width), "b": In(width), "subtract": In(1), "o": Out(width)})

    def plain(self) -> Any:
        return self.a + (self.b ^ self.subtract.replicate(self.width)) + self.subtract


class Exceeds(Chain):
    """o = (~a if `negate` else a) + more > b, all unsigned.

    With the low bits of a two's complement number as `a`, and its sign as `negate` and `more`, this is a
    comparison of its magnitude.

    Members
    -------
    a, b: `width` bits. negate, more: as above. o: a bit.
    """

    module = "hadacast_exceeds"
    families = frozenset({"ecp5", "gowin", "xilinx7"})

    def __init__(self, width: int):
        super().__init__(width, {"a": In(width), "b": In(width), "negate": In(1), "more": In(1), "o": Out(1)})

    def plain(self) -> Any:
        return (self.a ^ self.negate.replicate(self.width)) + self.more > self.b


def above(m: Module, a: Value, b: Value) -> Value:
    """a > b of two numbers of one shape, in a carry chain: synthesis would make it of LUTs, several deep."""
    if isinstance(a, Const) or isinstance(b, Const):
        return a > b  # fewer LUTs than bits
    exceeds = Exceeds(len(a))
    m.submodules += exceeds
    if a.shape().signed:  # the number with the sign bit is the smaller one
        a, b = Cat(a[:-1], b[-1]), Cat(b[:-1], a[-1])
    m.d.comb += [exceeds.a.eq(a), exceeds.b.eq(b)]
    return exceeds.o
