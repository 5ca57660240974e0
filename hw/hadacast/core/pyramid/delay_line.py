"""A delay of a fixed number of clocks."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.queue import RAM_STYLES
from hadacast.tech.family import of_platform

FF_CYCLES = 8  # the most in flip-flops; longer ones are memories, which a counter goes around


class DelayLine(Component):
    """What comes in leaves `cycles` clocks later; what it holds survives a reset.

    Members
    -------
    i, o: a word of `layout`.

    Attributes
    ----------
    words: the last ones of it that are in registers. For proofs, and only once elaborated.
    """

    def __init__(self, layout: data.Layout, cycles: int):
        self.cycles = cycles
        self.words: list[Any] = []
        super().__init__({"i": In(layout), "o": Out(layout)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        word: Any = self.i
        registers, shape = self.cycles, self.i.shape()
        if self.cycles > FF_CYCLES and len(self.i.as_value()):
            storage = of_platform(platform).storage(self.cycles)
            registers = int(storage == "bram")  # behind its slow output
            words = self.cycles - registers
            memory = m.submodules.memory = Memory(
                shape=shape, depth=words, init=[], attrs={"ram_style": RAM_STYLES[storage], "no_rw_check": 1}
            )
            write, read = memory.write_port(), memory.read_port()
            # The oldest word is in the place after the newest.
            place, following = Signal(range(words)), Signal(range(words), init=1)
            m.d.comb += [
                write.addr.eq(place),
                write.data.eq(word),
                write.en.eq(1),
                read.addr.eq(following),
            ]
            m.d.sync += [
                place.eq(following),
                following.eq(Mux(following == words - 1, 0, following + 1)),
            ]
            word = read.data
        for cycle in range(registers):
            register = Signal(shape, name=f"word_{cycle}", reset_less=True)
            m.d.sync += register.eq(word)
            word = register
            self.words.append(register)
        m.d.comb += self.o.eq(word)
        return m


def delay(m: Module, name: str, value: Any, cycles: int) -> DelayLine:
    """A DelayLine of that name, whose words have one member `word`, with `value` going in."""
    line = m.submodules[name] = DelayLine(data.StructLayout({"word": value.shape()}), cycles)
    m.d.comb += line.i.word.eq(value)
    return line


def delayed(m: Module, name: str, value: Any, cycles: int) -> Any:
    """`value` as it was `cycles` clocks ago, through a DelayLine of that name."""
    return delay(m, name, value, cycles).o.word
