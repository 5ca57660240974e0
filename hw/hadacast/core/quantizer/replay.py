"""The queue in which beats wait for the scale of their group, and scales for their beats."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.spec.quantize import QUICK_RESULTS
from hadacast.tech.family import Family, of_platform

RAM_STYLES = {"lutram": "distributed", "bram": "block"}

# A block RAM limits the clock (ECP5: some 135 MHz), so LUT RAM is preferred to up to this many times what
# "auto" means elsewhere.
LUTRAM_FACTOR = 2

# Depths are rounded up to what a memory of the kind has anyway.
GRAIN = {"ff": 1, "lutram": 16, "bram": 64}


def storage_of(storage: str, depth: int, family: Family) -> str:
    """Where a queue of `depth` words lives: what the recipe says, or by depth and family."""
    family.check_storage(storage)
    if storage != "auto":
        return storage
    if depth <= LUTRAM_FACTOR * family.lutram_depth:
        return "lutram"
    return family.storage(depth)


class Queue(Component):
    """A first-in first-out queue that is never asked whether it is full: its user counts what is in it.

    Parameters
    ----------
    layout: of a word. depth: the least number of words it holds, however they came. storage: "auto", "ff",
    "lutram" or "bram".

    Members
    -------
    push, tail: take the word `tail`.
    valid, head: whether there is an oldest word, from a register, and the word, which wants one: it comes
        from a memory.
    pop: it leaves; only while `valid`.

    A word pushed into an empty queue is at its head a cycle later, with block RAM two.
    """

    def __init__(self, layout: data.Layout, depth: int, storage: str = "auto"):
        self.depth = depth
        self.storage = storage
        super().__init__(
            {"push": In(1), "tail": In(layout), "valid": Out(1), "head": Out(layout), "pop": In(1)}
        )

    def elaborate(self, platform: Any) -> Module:
        storage = storage_of(self.storage, self.depth, of_platform(platform))
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

    def _memory(self, m: Module, storage: str) -> None:
        """A circular buffer. A word is never read in the cycle in which it is written, and Yosys is told so:
        else it builds a bypass."""
        block = storage == "bram"
        # A block RAM's register holds a word too, and is full before the memory is.
        depth = -(-max(self.depth - block, 4) // GRAIN[storage]) * GRAIN[storage]
        memory = m.submodules.memory = Memory(
            shape=self.tail.shape(),
            depth=depth,
            init=[],
            attrs={"ram_style": RAM_STYLES[storage], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port(domain="sync" if block else "comb")
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
            self.head.eq(read.data),
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
        if not block:
            m.d.comb += [takes.eq(self.pop), self.valid.eq(holds)]
            return
        full, moves = Signal(), Signal()
        with m.If(moves):
            m.d.sync += full.eq(holds)
        m.d.comb += [
            moves.eq(~full | self.pop),
            read.en.eq(moves),
            takes.eq(moves & holds),
            self.valid.eq(full),
        ]


def results_storage(depth: int, family: Family) -> str:
    """Where a queue of results lives: as quick with every family, up to QUICK_RESULTS words. Words in
    flip-flops have a multiplexer each, so that LUT RAM is smaller, and one signal moves them all."""
    if depth > QUICK_RESULTS:
        return "bram"
    return "lutram" if depth > 1 and family.lutram_depth else "ff"
