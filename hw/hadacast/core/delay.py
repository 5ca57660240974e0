"""The delay of a delay-feedback stage: a first-in first-out queue that is never asked whether it is full."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

# Cycles (with enable) from a push into an empty queue to the word at its head, by storage.
# A block RAM's slow output goes through a register before it meets an adder.
MIN_DEPTH = {"ff": 1, "lutram": 2, "bram": 3}


class Delay(Component):
    """A queue of at most `depth` words. Its user knows when a word is at the head, and never overfills it.

    A word reaches the head at most `depth` enabled cycles after its push, if all before it have left.

    Parameters
    ----------
    width: bits of a word. depth: words, a power of two.
    storage: "ff", "lutram" or "bram"; one too deep for `depth` gives way to flip-flops.

    Members
    -------
    enable: nothing changes while it is low.
    push, tail: take the word `tail`. pop, head: the oldest word, and that it leaves.
    """

    def __init__(self, width: int, depth: int, storage: str):
        self.depth = depth
        self.storage = storage if depth >= MIN_DEPTH[storage] else "ff"
        super().__init__(
            {
                "enable": In(1),
                "push": In(1),
                "tail": In(width),
                "pop": In(1),
                "head": Out(width),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        width = len(self.tail)
        registers = self.depth if self.storage == "ff" else MIN_DEPTH[self.storage] - 1
        # Words move towards the head whenever there is room, each register by itself, so bubbles
        # close up: a difference can leave while the frame behind it hesitates.
        full = [Signal(name=f"full_{i}") for i in range(registers)]
        moves = [Signal(name=f"moves_{i}") for i in range(registers)]
        onward = self.pop
        for i in reversed(range(registers)):
            m.d.comb += moves[i].eq(self.enable & (~full[i] | onward))
            onward = moves[i]
        if self.storage == "ff":
            arriving, word, behind = self.push, self.tail, 0
        else:
            arriving, word = self._memory(m, moves[0])
            behind = 1  # the memory's own output register is the first of the chain
            with m.If(moves[0]):
                m.d.sync += full[0].eq(arriving)
            arriving = full[0]
        for i in range(behind, registers):
            register = Signal(width, name=f"word_{i}", reset_less=True)
            with m.If(moves[i]):
                m.d.sync += [register.eq(word), full[i].eq(arriving)]
            arriving, word = full[i], register
        m.d.comb += self.head.eq(word)
        return m

    def _memory(self, m: Module, read_enable: Signal) -> tuple[Any, Any]:
        """A circular buffer: whether it holds a word to read, and its registered output."""
        memory = m.submodules.memory = Memory(
            shape=len(self.tail),
            depth=self.depth,
            init=[],
            attrs={"ram_style": {"lutram": "distributed", "bram": "block"}[self.storage]},
        )
        write, read = memory.write_port(), memory.read_port()
        # The registers behind it always hold some of the `depth` words, so equal means empty.
        written, taken = Signal(range(self.depth)), Signal(range(self.depth))
        holds = written != taken
        m.d.comb += [
            write.addr.eq(written),
            write.data.eq(self.tail),
            write.en.eq(self.enable & self.push),
            read.addr.eq(taken),
            read.en.eq(read_enable),
        ]
        with m.If(write.en):
            m.d.sync += written.eq(written + 1)
        with m.If(read_enable & holds):
            m.d.sync += taken.eq(taken + 1)
        return holds, read.data
