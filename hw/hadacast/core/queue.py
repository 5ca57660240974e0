"""A first-in first-out queue in memory whose user counts what is in it."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.delay import OUTPUT_REGISTERS
from hadacast.tech.family import of_platform

RAM_STYLES = {"ff": "registers", "lutram": "distributed", "bram": "block"}

# Cycles from a push into an empty queue to the word at its head, at most.
MAX_LATENCY = 1 + max(OUTPUT_REGISTERS.values())


class Queue(Component):
    """Words wait here until they are popped, in a memory by depth and family.

    It is never asked whether it is full: the user pushes at most `depth` words more than it pops. What
    waits for a result that takes longer than MAX_LATENCY has reached the head by then.

    Parameters
    ----------
    layout: of a word. depth: words, any number from 2.
    registers: behind the memory: as many as it needs to be fast, or at least this number. With 2, a word
        takes MAX_LATENCY cycles to the head, whatever memory it is.

    Members
    -------
    push, tail: take the word `tail`.
    valid, head: whether there is an oldest word, from a register, and the word.
    pop: it leaves; only while `valid`.
    """

    def __init__(self, layout: data.Layout, depth: int, registers: int = 1):
        self.depth, self.registers = depth, registers
        super().__init__(
            {"push": In(1), "tail": In(layout), "valid": Out(1), "head": Out(layout), "pop": In(1)}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        storage = of_platform(platform).storage(self.depth)
        memory = m.submodules.memory = Memory(
            shape=self.tail.shape(),
            depth=self.depth,
            init=[],
            # A word is read in a later cycle than it is written in.
            attrs={"ram_style": RAM_STYLES[storage], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()
        written, taken = Signal(range(self.depth)), Signal(range(self.depth))
        holds, takes = Signal(), Signal()
        following = Signal.like(taken)
        m.d.comb += [
            write.en.eq(self.push),
            write.addr.eq(written),
            write.data.eq(self.tail),
            read.addr.eq(taken),
            following.eq(Mux(taken == self.depth - 1, 0, taken + 1)),
        ]
        with m.If(self.push):
            m.d.sync += [written.eq(Mux(written == self.depth - 1, 0, written + 1)), holds.eq(1)]
        with m.Elif(takes):
            m.d.sync += holds.eq(written != following)
        with m.If(takes):
            m.d.sync += taken.eq(following)

        # Registers behind the memory move towards the head whenever there is room.
        full = [
            Signal(name=f"full_{i}") for i in range(max(OUTPUT_REGISTERS.get(storage, 1), self.registers))
        ]
        moves = [Signal(name=f"moves_{i}") for i in range(len(full))]
        for i, (is_full, move) in enumerate(zip(full, moves, strict=True)):
            leaves = self.pop if i == len(full) - 1 else moves[i + 1]
            m.d.comb += move.eq(~is_full | leaves)
            with m.If(move):
                m.d.sync += is_full.eq(holds if i == 0 else full[i - 1])
        m.d.comb += [read.en.eq(moves[0]), takes.eq(moves[0] & holds)]
        word = read.data
        for move in moves[1:]:
            register = Signal(self.tail.shape(), reset_less=True)
            with m.If(move):
                m.d.sync += register.eq(word)
            word = register
        m.d.comb += [self.valid.eq(full[-1]), self.head.eq(word)]
        return m
