"""A right shift that rounds."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.spec.align import Align


class Shifter(Component):
    """A signed significand, moved to the left by the guard bits and shifted right, and rounded: a Pipe.

    The shift goes two bits of its amount at a time, the largest steps first, while most of the word is
    zeros; ones that fall out are remembered.

    Members
    -------
    enable: nothing changes while it is low.
    i: signed significand. amount: how far to shift. nothing: all the way.
    o: the result.

    Attributes
    ----------
    latency: enabled cycles.
    """

    def __init__(self, spec: Align):
        self.guard = spec.guard
        self.even = spec.rounding == "even"
        self.word = spec.shifted
        self.latency = -(-spec.shift_bits // 2) + 1
        super().__init__(
            {
                "enable": In(1),
                "i": In(Signal(spec.shifted - spec.guard - self.even).shape()),
                "amount": In(spec.shift_bits),
                "nothing": In(1),
                "o": Out(spec.result.width),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        word: Value = Cat(Const(0, self.guard + self.even), self.i)
        amount: Value = self.amount
        lost: Value = Const(0)
        nothing: Value = self.nothing
        low = len(amount)
        while low:
            high, low = low, (low - 1) // 2 * 2
            step, choice = 1 << low, amount[low:high]
            moved = Signal(self.word, name=f"word_{low}", reset_less=True)
            fell = Signal(name=f"lost_{low}", reset_less=True)
            rest = Signal(low, name=f"amount_{low}", reset_less=True)
            sign = word[-1].replicate(self.word)
            with m.If(self.enable):
                m.d.sync += rest.eq(amount[:low])
                with m.Switch(choice):
                    for select in range(1 << len(choice)):
                        places = min(select * step, self.word)
                        with m.Case(select):
                            m.d.sync += [
                                moved.eq(Cat(word[places:], sign[:places])),
                                fell.eq(lost | word[:places].any()),
                            ]
                with m.If(nothing):
                    m.d.sync += [moved.eq(0), fell.eq(0)]
            word, amount, lost, nothing = moved, rest, fell, Const(0)
        result = Signal(len(self.o), reset_less=True)
        if self.even:
            up = word[0] & (lost | word[1])
            kept = word[1:]
        else:
            up = word[-1] & lost  # what was cut off lies above the floor of a negative number
            kept = word
        with m.If(self.enable):
            m.d.sync += result.eq(Mux(nothing, 0, kept + up))
        m.d.comb += self.o.eq(result)
        return m
