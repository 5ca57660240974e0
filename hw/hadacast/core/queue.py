"""A first-in first-out queue whose user counts what is in it."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform

RAM_STYLES = {"ff": "registers", "lutram": "distributed", "bram": "block"}

# Depths are rounded up to what a memory of the kind has anyway.
GRAIN = {"lutram": 16, "bram": 64}

# Registers behind the storage, the memory's own among them. A block RAM's slow output goes through one more.
OUTPUT_REGISTERS = {"lutram": 1, "bram": 2}

# Cycles from a push into an empty queue to the word at its head, at most.
MAX_LATENCY = 1 + max(OUTPUT_REGISTERS.values())


class Queue(Component):
    """Words wait here until they are popped.

    It is never asked whether it is full: the user pushes at most `depth` words more than it pops. What
    waits for a result that takes longer than MAX_LATENCY has reached the head by then.

    Parameters
    ----------
    layout: of a word. depth: the least number of words it holds, however they came.
    storage: "ff", "lutram", "bram", or "auto", by depth and family.
    registers: behind a memory. None: as many as it needs to be fast, OUTPUT_REGISTERS. With 0 the head of
        LUT RAM wants one of its user's; block RAM has one anyway.

    Members
    -------
    push, tail: take the word `tail`.
    valid, head: whether there is an oldest word, from a register, and the word.
    pop: it leaves; only while `valid`.

    A word pushed into an empty queue is at its head a cycle later, and one more for each of the registers.

    Attributes
    ----------
    places: of a queue in flip-flops, the registers in which words wait, each with whether there is one. For
        proofs, and only once elaborated.
    """

    def __init__(
        self, layout: data.Layout, depth: int, storage: str = "auto", *, registers: int | None = None
    ):
        self.depth, self.storage, self.registers = depth, storage, registers
        self.places: list[tuple[Value, Value]] = []
        super().__init__(
            {"push": In(1), "tail": In(layout), "valid": Out(1), "head": Out(layout), "pop": In(1)}
        )

    def elaborate(self, platform: Any) -> Module:
        family = of_platform(platform)
        family.check_storage(self.storage)
        storage = family.storage(self.depth) if self.storage == "auto" else self.storage
        m = Module()
        if storage == "ff":
            self._registers(m)
        else:
            self._memory(m, storage)
        return m

    def _registers(self, m: Module) -> None:
        """Words move up when the head leaves; a new one goes to the first place that is free then."""
        words = [Signal(self.tail.shape(), name=f"word_{i}", reset_less=True) for i in range(self.depth)]
        full = [Signal(name=f"full_{i}") for i in range(self.depth)]
        for i in range(self.depth):
            behind = full[i + 1] if i + 1 < self.depth else 0
            ahead = full[i - 1] if i else 1
            with m.If(self.pop):
                m.d.sync += full[i].eq(behind | (self.push & full[i]))
            with m.Else():
                m.d.sync += full[i].eq(full[i] | (self.push & ahead))
            # What goes to a place that stays free is never looked at.
            with m.If(self.pop | ~full[i]):
                m.d.sync += words[i].eq(self.tail)
            if i + 1 < self.depth:
                with m.If(self.pop & behind):
                    m.d.sync += words[i].eq(words[i + 1])
        m.d.comb += [self.valid.eq(full[0]), self.head.eq(words[0])]
        self.places = [(is_full, Value.cast(word)) for is_full, word in zip(full, words, strict=True)]

    def _memory(self, m: Module, storage: str) -> None:
        """A circular buffer. A word is never read in the cycle in which it is written, and Yosys is told so:
        else it builds a bypass."""
        registers = OUTPUT_REGISTERS[storage] if self.registers is None else self.registers
        registers = max(registers, storage == "bram")
        # They hold words too, and are full before the memory is.
        depth = -(-max(self.depth - registers, 4) // GRAIN[storage]) * GRAIN[storage]
        memory = m.submodules.memory = Memory(
            shape=self.tail.shape(),
            depth=depth,
            init=[],
            attrs={"ram_style": RAM_STYLES[storage], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port(domain="sync" if registers else "comb")
        written, taken = Signal(range(depth)), Signal(range(depth))
        holds, takes = Signal(), Signal()

        def next_to(address: Signal) -> Any:
            plus = address + 1
            return plus if depth & (depth - 1) == 0 else Mux(address == depth - 1, 0, plus)

        m.d.comb += [
            write.en.eq(self.push),
            write.addr.eq(written),
            write.data.eq(self.tail),
            read.addr.eq(taken),
        ]
        # Words are counted: addresses have a memory to drive, far from here.
        count = Signal(range(depth + 1))
        m.d.sync += count.eq(count + self.push - takes)
        with m.If(self.push):
            m.d.sync += [written.eq(next_to(written)), holds.eq(1)]
        with m.Elif(takes):
            m.d.sync += holds.eq(count != 1)
        with m.If(takes):
            m.d.sync += taken.eq(next_to(taken))
        if not registers:
            m.d.comb += [takes.eq(self.pop), self.valid.eq(holds), self.head.eq(read.data)]
            return

        # Registers behind the memory move towards the head whenever there is room.
        full = [Signal(name=f"full_{i}") for i in range(registers)]
        moves = [Signal(name=f"moves_{i}") for i in range(registers)]
        for i, (is_full, move) in enumerate(zip(full, moves, strict=True)):
            leaves = self.pop if i == registers - 1 else moves[i + 1]
            m.d.comb += move.eq(~is_full | leaves)
            with m.If(move):
                m.d.sync += is_full.eq(full[i - 1] if i else holds)
        m.d.comb += [read.en.eq(moves[0]), takes.eq(moves[0] & holds)]
        word = read.data
        for move in moves[1:]:
            register = Signal(self.tail.shape(), reset_less=True)
            with m.If(move):
                m.d.sync += register.eq(word)
            word = register
        m.d.comb += [self.valid.eq(full[-1]), self.head.eq(word)]
