"""Where a number's leading one is."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.scale.latency import leading_latency


class LeadingOne(Component):
    """Finds a number's leading one, and shifts it to the top: a pipe.

    It halves the distance in each step: where the upper half of what may hold the leading one is 0, the lower
    half takes its place.

    Parameters
    ----------
    width: W, bits of the number. keep: K, bits of the normalised number that are wanted, 1 to W.

    Members
    -------
    enable: registers move on.
    i: the number.
    zeros: how many zeros are above the leading one, 0 to W - 1; anything for 0.
    top: the K highest bits of i << zeros; the highest is 0 for the number 0 only.

    Attributes
    ----------
    latency: enabled cycles, hadacast.scale.latency.leading_latency. What follows the last register is a step
        at most.
    """

    def __init__(self, width: int, keep: int = 1):
        self.keep = keep
        self.steps = (width - 1).bit_length()
        self.latency = leading_latency(width)
        super().__init__(
            {"enable": In(1), "i": In(width), "zeros": Out(max(self.steps, 1)), "top": Out(keep)}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        value: Value = self.i
        found: list[Value] = []
        for done, step in enumerate(reversed(range(self.steps)), 1):
            distance = 1 << step
            zero = Signal(name=f"zero_{step}")
            # Of what comes after this step, only so much can still reach the top.
            width = min(len(value), self.keep + distance - 1)
            moved = Signal(width, name=f"moved_{step}")
            m.d.comb += [
                zero.eq(~value[-distance:].any()),
                moved.eq(Mux(zero, Cat(Const(0, distance), value[:-distance])[-width:], value[-width:])),
            ]
            value, found = moved, [zero, *found]
            if done % 2 == 0:
                later = [Signal.like(v, name=f"{v.name}_later", reset_less=True) for v in (moved, *found)]
                with m.If(self.enable):
                    m.d.sync += [new.eq(old) for new, old in zip(later, (moved, *found), strict=True)]
                value, *found = later
        m.d.comb += [self.zeros.eq(Cat(*found)), self.top.eq(value[-self.keep :])]
        return m
