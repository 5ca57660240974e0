"""Shifts by a variable number of places, with a sticky bit for what is lost."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast import right_shift


class RightShift(Component):
    """i >> shift, as a Pipe of hadacast.right_shift.shift_latency cycles.

    Parameters
    ----------
    width: bits of the number. largest: of the shifts.

    Members
    -------
    enable: nothing changes while it is low.
    i, shift: the number, and how far it goes. sticky: whether something was below it already.
    o: what is left. lost: whether a 1 was shifted out, or sticky was.
    """

    def __init__(self, width: int, largest: int):
        self.largest = largest
        self.latency = right_shift.shift_latency(largest)
        super().__init__(
            {
                "enable": In(1),
                "i": In(width),
                "sticky": In(1),
                "shift": In(range(largest + 1)),
                "o": Out(width),
                "lost": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        value: Value = self.i
        shift: Value = self.shift
        lost: Value = self.sticky
        for step in range(self.largest.bit_length()):
            distance = 1 << step
            lost = lost | (shift[0] & value[:distance].any())
            value = Mux(shift[0], value[distance:], value)
            shift = shift[1:]
            ends = (step + 1) % right_shift.STEPS == 0 or step == self.largest.bit_length() - 1
            later = [
                Signal(len(v), name=f"{n}_{step}", reset_less=ends)
                for n, v in (("value", value), ("shift", shift), ("lost", lost))
            ]
            for new, old in zip(later, (value, shift, lost), strict=True):
                if ends:
                    with m.If(self.enable):
                        m.d.sync += new.eq(old)
                else:
                    m.d.comb += new.eq(old)
            value, shift, lost = later
        m.d.comb += [self.o.eq(value), self.lost.eq(lost)]
        return m
