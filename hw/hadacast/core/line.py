"""A delay line: what went in a fixed number of cycles ago."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.queue import RAM_STYLES
from hadacast.spec.stride import BEHIND
from hadacast.tech.family import of_platform

# The shortest that a memory can be.
MIN_CYCLES = 4

# LUT RAM comes 16 deep: a few words more are cheaper in registers than in a second one.
LUTRAM, MORE = 16, 4


class Line(Component):
    """o is what i was `cycles` cycles ago, from a register; at first anything. It never stands still.

    Parameters
    ----------
    width: bits of a word. cycles: 1 or more.
    """

    def __init__(self, width: int, cycles: int):
        self.cycles = cycles
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        storage = of_platform(platform).storage(self.cycles)
        registers = 0
        if storage == "ff" or self.cycles < MIN_CYCLES:
            registers = self.cycles
        elif storage == "lutram" and LUTRAM < self.cycles <= LUTRAM + MORE:
            registers = self.cycles - LUTRAM
        elif storage == "bram":
            registers = BEHIND
        depth = self.cycles - registers
        word: Any = self._memory(m, depth, storage) if depth else self.i
        for cycle in range(registers):
            register = Signal(len(self.i), name=f"word_{cycle}", reset_less=True)
            m.d.sync += register.eq(word)
            word = register
        m.d.comb += self.o.eq(word)
        return m

    def _memory(self, m: Module, depth: int, storage: str) -> Any:
        """What went in `depth` cycles ago: a word is read in the cycle before it is written over."""
        memory = m.submodules.memory = Memory(
            shape=len(self.i),
            depth=depth,
            init=[],
            attrs={"ram_style": RAM_STYLES[storage], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()
        place, oldest = Signal(range(depth)), Signal(range(depth), init=1)
        m.d.sync += [place.eq(oldest), oldest.eq(Mux(oldest == depth - 1, 0, oldest + 1))]
        m.d.comb += [
            write.en.eq(1),
            write.addr.eq(place),
            write.data.eq(self.i),
            read.en.eq(1),
            read.addr.eq(oldest),
        ]
        return read.data
