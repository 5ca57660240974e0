"""The hardware of a diagonal of plus and minus ones."""

from amaranth.hdl import Module, Signal, Value

from hadacast.core.masked import Masked


class Signs(Masked):
    """The hardware of a Signs spec: each element or its negative, by a table of signs."""

    def element(self, m: Module, lane: int, x: Value, bit: Value | int) -> Value | int:
        if isinstance(bit, int):
            return -x if bit else x
        # One adder: invert where negative, and carry the sign in.
        wide = Signal(self.o.p.data[lane].shape(), name=f"wide_{lane}")
        m.d.comb += wide.eq(x)
        return (wide ^ bit.replicate(len(wide))) + bit
