"""Which section each word of a frame belongs to."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.packed import Packed


class Turns(Component):
    """Walks through the words of a frame that has two sections. What it says of a word comes from registers.

    Members
    -------
    step: on to the next word.
    first, second: the word has bytes of that section. last: it is the last of its frame.
    """

    def __init__(self, packed: Packed):
        self.beats = packed.beats
        self.boundary, self.shared = packed.boundary
        super().__init__(
            {
                "step": In(1),
                "first": Out(1, init=int(self._first(0))),
                "second": Out(1, init=int(self._second(0))),
                "last": Out(1, init=int(self.beats == 1)),
            }
        )

    def _first(self, number: Any) -> Any:
        return number < self.boundary + self.shared

    def _second(self, number: Any) -> Any:
        return number >= self.boundary

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # Of the word behind the one that is there.
        number = Signal(range(self.beats), init=int(self.beats > 1))
        last = number == self.beats - 1
        with m.If(self.step):
            m.d.sync += [
                self.first.eq(self._first(number)),
                self.second.eq(self._second(number)),
                self.last.eq(last),
                number.eq(Mux(last, 0, number + 1)),
            ]
        return m
