"""The hardware that keeps some elements and zeroes the others."""

from amaranth.hdl import Module, Mux, Value

from hadacast.core.masked import Masked


class Keep(Masked):
    """The hardware of a Keep spec: each element or 0, by a table of what is kept."""

    def element(self, m: Module, lane: int, x: Value, bit: Value | int) -> Value | int:
        if isinstance(bit, int):
            return x if bit else 0
        return Mux(bit, x, 0)
