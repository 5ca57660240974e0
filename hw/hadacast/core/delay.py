"""The delay of a delay-feedback stage: a first-in first-out queue that is never asked whether it is full."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.count import following

# Registers behind the storage. A block RAM's slow output goes through one more, before an adder.
OUTPUT_REGISTERS = {"lutram": 1, "bram": 2}
# Enabled cycles from a push into an empty queue to the word at its head: a memory has a register
# before it too, so that an adder needn't reach it in the same cycle.
MIN_DEPTH = {"ff": 1} | {storage: 2 + registers for storage, registers in OUTPUT_REGISTERS.items()}


class Delay(Component):
    """A queue of at most `depth` words. Its user knows when a word is at the head, and never overfills it.

    A word reaches the head at most `depth` enabled cycles after its push, if all before it have
    left. `pop` comes with a push only, and only while `depth` words are in the queue.

    Parameters
    ----------
    width: bits of a word. depth: words.
    storage: "ff", "lutram" or "bram"; one too deep for `depth` gives way to flip-flops.

    Members
    -------
    enable: nothing changes while it is low.
    push, tail: take the word `tail`.
    head: the oldest word. pop: it leaves.
    drain_next: in the enabled cycle after this one it leaves too, without a push. Known a cycle early,
        this keeps the logic before the registers' many enables to one LUT.
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
                "drain_next": In(1),
                "head": Out(width),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        registers = OUTPUT_REGISTERS.get(self.storage, self.depth)
        # Words move towards the head whenever there is room, each register by itself, so bubbles
        # close up: a difference can leave while the frame behind it hesitates. Register i moves
        # if the head leaves or if any register from i on is empty.
        full = [Signal(name=f"full_{i}") for i in range(registers)]
        room = [Signal(name=f"room_{i}", init=1) for i in range(registers)]
        moves = [Signal(name=f"moves_{i}") for i in range(registers)]
        for i in range(registers):
            m.d.comb += moves[i].eq(self.enable & (room[i] | self.pop))

        if self.storage == "ff":
            arriving, word = self.push, self.tail
        else:
            arriving, word = self._memory(m, moves[0])
        will_be_full = []
        for i in range(registers):
            if i > 0 or self.storage == "ff":
                register = Signal(len(self.tail), name=f"word_{i}", reset_less=True)
                with m.If(moves[i]):
                    m.d.sync += register.eq(word)
                word = register
            # (A memory's own output register is the first of the chain.) A pop finds every
            # register full and leaves it so: only room lets one change.
            will_be_full.append(Mux(room[i], arriving, full[i]))
            arriving = full[i]
        # Bit i: whether registers i to the head are all full after this cycle, in a tree.
        all_full: Value = Cat(will_be_full)
        distance = 1
        while distance < registers:
            wider = Signal(registers, name=f"all_full_{2 * distance}")
            m.d.comb += wider.eq(all_full & Cat(all_full[distance:], Const(-1, distance)))
            all_full, distance = wider, 2 * distance
        with m.If(self.enable):
            for i in range(registers):
                m.d.sync += [full[i].eq(will_be_full[i]), room[i].eq(self.drain_next | ~all_full[i])]
        m.d.comb += self.head.eq(word)
        return m

    def _memory(self, m: Module, read_enable: Signal) -> tuple[Any, Any]:
        """A circular buffer: whether it holds a word to read, and its registered output.

        A word that is read while it is written is never used, and Yosys is told so: else it builds a
        bypass around block RAMs.
        """
        memory = m.submodules.memory = Memory(
            shape=len(self.tail),
            depth=self.depth,
            init=[],
            attrs={
                "ram_style": {"lutram": "distributed", "bram": "block"}[self.storage],
                "no_rw_check": 1,
            },
        )
        write, read = memory.write_port(), memory.read_port()
        # The registers around it always hold some of the `depth` words, so equal means empty.
        written, taken = Signal(range(self.depth)), Signal(range(self.depth))
        holds = Signal()
        pushed, word = Signal(), Signal(len(self.tail), reset_less=True)
        with m.If(self.enable):
            m.d.sync += [pushed.eq(self.push), word.eq(self.tail)]
        m.d.comb += [
            write.addr.eq(written),
            write.data.eq(word),
            write.en.eq(self.enable & pushed),
            read.addr.eq(taken),
            read.en.eq(read_enable),
        ]
        takes, next_taken = Signal(), Signal.like(taken)
        m.d.comb += [takes.eq(read_enable & holds), next_taken.eq(following(taken, self.depth))]
        with m.If(write.en):
            m.d.sync += [written.eq(following(written, self.depth)), holds.eq(1)]
        with m.Elif(takes):
            m.d.sync += holds.eq(written != next_taken)
        with m.If(takes):
            m.d.sync += taken.eq(next_taken)
        return holds, read.data
