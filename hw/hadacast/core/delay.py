"""The delay of a delay-feedback stage, and the stage's schedule, which follows from it."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.count import Ring
from hadacast.core.queue import RAM_STYLES
from hadacast.tech.family import of_platform
from hadacast.tech.lut import one_lut


class Delay(Component):
    """A queue of `depth` words, in blocks of 2·depth beats.

    The beats of a block's first half put their words in. Each of its second half finds at the head the word
    that came in `depth` beats before it, and leaves another one in its place. When the second half is over,
    these `depth` words are owed: one leaves in each enabled cycle, whether beats of the next block arrive or
    not. Those come one a cycle at most, so at its middle nothing is owed any more, and nothing overflows.

    A register at the head's end moves when the head leaves, unless new words stand still in it; when a beat
    arrives, all move. So new words close up from behind, and a gap before them is never at the head when a
    word of theirs is wanted.

    Parameters
    ----------
    width: bits of a word. depth: D, in beats.
    storage: "ff", "lutram" or "bram"; a memory gives way to flip-flops where `depth` is too short for it.

    Members
    -------
    enable: nothing changes while it is low.
    i_valid: a beat arrives. tail: the word that it leaves here.
    head: the oldest word.
    meets: the next beat is of a second half. turns: `meets` changes behind this cycle.
    o_valid: the head leaves, owed or met.
    """

    def __init__(self, width: int, depth: int, storage: str):
        self.depth = depth
        self.storage = storage
        super().__init__(
            {
                "enable": In(1),
                "i_valid": In(1),
                "tail": In(width),
                "head": Out(width),
                "meets": Out(1),
                "turns": Out(1),
                "o_valid": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        owed = Signal()
        half_ends = Signal()  # the arriving beat, if there is one, is the last of its half
        beat = (self.enable, self.i_valid)
        arrives = one_lut(m, platform, lambda e, v: e & v, *beat, name="arrives")
        moves = one_lut(m, platform, lambda e, v, o: e & (v | o), *beat, owed, name="moves")
        turns = one_lut(m, platform, lambda e, v, h: e & v & h, *beat, half_ends, name="turning")
        m.d.comb += [
            self.turns.eq(turns),
            self.o_valid.eq(owed | (self.meets & self.i_valid)),
        ]
        with m.If(self.turns):
            m.d.sync += self.meets.eq(~self.meets)
        becomes_owed, leaves_last = Signal(), Signal()
        m.d.comb += becomes_owed.eq(self.i_valid & self.meets & half_ends)
        with m.If(self.enable):
            m.d.sync += owed.eq(becomes_owed | (owed & ~leaves_last))
        # A memory has a register before it too, so that an adder needn't reach it in the same cycle, and a
        # word is to be in it before it is read.
        registers = of_platform(platform).output_registers(self.storage)
        if self.storage == "ff" or self.depth < 2 + registers:
            ends, last = self._registers(m, platform, arrives, owed, moves, becomes_owed)
        else:
            ends, last = self._memory(m, platform, registers, arrives, owed, moves)
        m.d.comb += [half_ends.eq(ends), leaves_last.eq(last)]
        return m

    def _registers(
        self, m: Module, platform: Any, arrives: Value, owed: Value, moves: Value, becomes_owed: Value
    ) -> tuple[Value, Value]:
        """A row of registers. Returns whether the half ends with the next beat, and whether the word that is
        owed is the last one."""
        # Bit k: more than k beats of this half have arrived.
        arrived = Signal(self.depth - 1)
        with m.If(arrives):
            m.d.sync += arrived.eq(Mux(arrived[-1:].any(), 0, Cat(Const(1, 1), arrived)))
        word: Value = self.tail
        for place in reversed(range(self.depth)):
            register = Signal(len(self.tail), name=f"word_{place}", reset_less=True)
            # A new word that has come as far as here waits for the next.
            move: Value = moves
            if place == self.depth - 1:
                move = arrives
            elif place:
                stays = arrived[self.depth - 1 - place]
                move = self._moves_unless(m, platform, owed, stays, f"moves_{place}")
            with m.If(move):
                m.d.sync += register.eq(word)
            word = register
        m.d.comb += self.head.eq(word)
        # Bit k: k words have left since those of this block became owed.
        leaving = Signal(self.depth)
        with m.If(self.enable):
            m.d.sync += leaving.eq(Cat(becomes_owed, leaving))
        return arrived[-1] if self.depth > 1 else Const(1, 1), leaving[-1]

    def _moves_unless(self, m: Module, platform: Any, owed: Value, stays: Value, name: str) -> Value:
        """Whether a register moves that doesn't for a word that leaves, while `stays`."""
        inputs = (self.enable, self.i_valid, owed, stays)
        return one_lut(m, platform, lambda e, v, o, s: e & (v | (o & ~s)), *inputs, name=name)

    def _memory(
        self, m: Module, platform: Any, registers: int, arrives: Value, owed: Value, moves: Value
    ) -> tuple[Value, Value]:
        """A memory and registers behind it. Returns as _registers does.

        A word that is read while it is written is never used, and Yosys is told so: else it builds a bypass
        around block RAMs.
        """
        memory = m.submodules.memory = Memory(
            shape=len(self.tail),
            depth=self.depth,
            init=[],
            attrs={
                "ram_style": RAM_STYLES[self.storage],
                "no_rw_check": 1,
            },
        )
        write, read = memory.write_port(), memory.read_port()
        place = Ring(m, arrives, self.depth, "place")
        tail = Signal(len(self.tail), name="tail_word", reset_less=True)
        m.d.comb += write.data.eq(tail)
        m.d.sync += [tail.eq(self.tail), write.addr.eq(place.state), write.en.eq(arrives)]
        # The head's words are read as many words ahead as there are registers. The first ones of a block wait
        # in the memory until the last beats of its first half push them on, those owed until all have left.
        near_end = place.final[registers - 1]
        # Item i: register i, counted from the head, holds a new word.
        new = [Const(0, 1), *place.final[: registers - 1]]
        moving = [moves] + [
            self._moves_unless(m, platform, owed, new[i], f"moves_{i}") for i in range(1, registers)
        ]
        at_first = Signal()
        words = (owed, at_first)
        on_beat = one_lut(
            m, platform, lambda o, f, m, n: (o & ~f) | m | n, *words, self.meets, near_end, name="on_beat"
        )
        alone = one_lut(m, platform, lambda o, f, n: o & ~f & ~n, *words, new[-1], name="alone")
        inputs = (self.enable, self.i_valid, on_beat, alone)
        steps = one_lut(m, platform, lambda e, v, b, a: e & ((v & b) | (~v & a)), *inputs, name="steps")
        taken = Ring(m, steps, self.depth, "taken")
        m.d.comb += [at_first.eq(taken.first), read.addr.eq(taken.state), read.en.eq(moving[-1])]
        word: Value = read.data
        for i in reversed(range(registers - 1)):
            register = Signal(len(self.tail), name=f"word_{i}", reset_less=True)
            with m.If(moving[i]):
                m.d.sync += register.eq(word)
            word = register
        m.d.comb += self.head.eq(word)
        # The last word that is owed has been read: it is so many registers behind the head.
        ending = Signal(registers - 1)
        with m.If(self.enable):
            m.d.sync += ending.eq(Cat(owed & taken.first & ~ending.any(), ending))
        return place.last, ending[-1] if registers > 1 else taken.first
