"""Adders and comparisons with an operand conditionally inverted, one logic cell a bit where the family's
carry chain allows.

Synthesis keeps the inversion outside the chain, at twice the cells. So some families have Verilog modules
beside this file that name the primitive bit by bit; `plain` says what each means, and the tests prove them
equal.
"""

from importlib import resources
from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Instance, Module, Mux, Value
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

    @property
    def parameters(self) -> dict[str, int]:
        """Of a family's module."""
        return {"WIDTH": self.width}

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
        parameters = {f"p_{parameter}": value for parameter, value in self.parameters.items()}
        m.submodules.chain = Instance(name, **parameters, **inputs, o_o=self.o)
        return m


def verilog(name: str) -> str:
    """The text of a Verilog module; its parameters are those of its Chain."""
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


class Above(Chain):
    """o = a > b, both unsigned.

    Members
    -------
    a, b: `width` bits. o: a bit.
    """

    module = "hadacast_above"
    families = frozenset({"ecp5", "gowin", "xilinx7"})

    def __init__(self, width: int):
        super().__init__(width, {"a": In(width), "b": In(width), "o": Out(1)})

    def plain(self) -> Any:
        return self.a > self.b


class AboveEither(Chain):
    """o = a > (c if `choose` else b), all unsigned: a step of a binary search, in one chain.

    Members
    -------
    a, b, c: `width` bits. choose: as above. o: a bit.
    """

    module = "hadacast_above_either"
    families = frozenset({"ecp5"})

    def __init__(self, width: int):
        members = {"a": In(width), "b": In(width), "c": In(width), "choose": In(1), "o": Out(1)}
        super().__init__(width, members)

    def plain(self) -> Any:
        return self.a > Mux(self.choose, self.c, self.b)


class Magnitude(Chain):
    """o = |a|, or all ones where that is too large: where the `ones` highest of its bits, one less for
    negative a, are 1, or any above.

    Parameters
    ----------
    bits: of a. width: of o; `bits` with ones = 0, when nothing is too large, else less. ones: 0 to 3.

    Members
    -------
    a: two's complement. o: as above.
    """

    module = "hadacast_magnitude"
    families = frozenset({"ecp5"})

    def __init__(self, bits: int, width: int, ones: int):
        assert width == bits if ones == 0 else ones <= min(width, 3) and width < bits
        self.bits, self.ones = bits, ones
        super().__init__(width, {"a": In(bits), "o": Out(width)})

    @property
    def parameters(self) -> dict[str, int]:
        return {"IN": self.bits, "WIDTH": self.width, "ONES": self.ones}

    def plain(self) -> Any:
        negative = self.a[-1]
        below = self.a[:-1] ^ negative.replicate(self.bits - 1)
        found = (self.a ^ negative.replicate(self.bits)) + negative
        if not self.ones:
            return found
        over = below[self.width :].any() | below[self.width - self.ones : self.width].all()
        return Mux(over, -1, found)


def above(m: Module, a: Value, b: Value) -> Value:
    """a > b of two numbers of one shape, in a carry chain: synthesis would make it of LUTs, several deep."""
    if isinstance(a, Const) or isinstance(b, Const):
        return a > b  # fewer LUTs than bits
    chain = Above(len(a))
    m.submodules += chain
    if a.shape().signed:  # the number with the sign bit is the smaller one
        a, b = Cat(a[:-1], b[-1]), Cat(b[:-1], a[-1])
    m.d.comb += [chain.a.eq(a), chain.b.eq(b)]
    return chain.o
