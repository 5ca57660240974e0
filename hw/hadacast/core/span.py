"""A stall span: stages that stand still together, on one registered signal."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, ValueCastable
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.lut import one_lut


class Skid(Component):
    """Ends a span: turns a ready that arrives now into an enable that comes from a register.

    While enabled, the span's last register and this spare one move on together; when the
    receiver hesitates, the spare keeps the beat that the last register had, and the span stops a
    cycle later, its next beat in that last register.

    Members
    -------
    enable: for all that is in the span. It is a register, so no path runs from ready to ready.
    i_valid, i: the span's last register. o: the stream that leaves.

    Attributes
    ----------
    flight: whether a beat is in the spare register, and the register, that many clocks later. For proofs, and
        only once elaborated.
    """

    def __init__(self, shape: data.Layout):
        self.flight: list[tuple[Value, Any, int]] = []
        super().__init__(
            {
                "enable": Out(1),
                "i_valid": In(1),
                "i": In(shape),
                "o": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        enable = Signal(init=1)
        spare = Signal(self.i.shape(), reset_less=True)
        m.d.comb += [
            self.enable.eq(enable),
            self.o.valid.eq(~enable | self.i_valid),
            self.o.payload.eq(self.i),
        ]
        with m.If(~enable):
            m.d.comb += self.o.payload.eq(spare)
        with m.Else():
            m.d.sync += spare.eq(self.i)
        inputs = (self.o.ready, enable, self.i_valid)
        goes_on = one_lut(m, platform, lambda r, e, v: r | (e & ~v), *inputs, name="goes_on")
        m.d.sync += enable.eq(goes_on)
        self.flight = [(~enable, spare, 0)]
        return m


@dataclass
class Beat:
    """A beat between the stages of a span: a value, whether it is there, and what goes beside it, whether
    it is there or not: a broken mark, of one or more bits."""

    value: ValueCastable
    valid: Any
    broken: Any

    @property
    def layout(self) -> data.StructLayout:
        """The value and its mark, for a stream."""
        return data.StructLayout({"value": self.value.shape(), "broken": self.broken_shape})

    @property
    def broken_shape(self) -> Shape:
        """The shape of the mark."""
        return Value.cast(self.broken).shape()

    def registered(self, m: Module, enable: Signal, name: str) -> "Beat":
        """This beat a cycle later, in a register that holds while `enable` is low."""
        later = Beat(
            Signal(self.value.shape(), name=f"{name}_value", reset_less=True),
            Signal(name=f"{name}_valid"),
            Signal(self.broken_shape, name=f"{name}_broken", reset_less=True),
        )
        with m.If(enable):
            m.d.sync += [
                later.value.eq(self.value),
                later.valid.eq(self.valid),
                later.broken.eq(self.broken),
            ]
        return later
