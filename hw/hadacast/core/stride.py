"""Blocks of a stream transposed: rows in, columns out, in the memory of one block."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.queue import RAM_STYLES
from hadacast.core.shift import shifted
from hadacast.spec.stride import BEHIND
from hadacast.tech.family import of_platform


class Walk(Component):
    """Addresses of one block after another, each where the next block's words take the place of those of the
    block before it that leave.

    Word i of block f is at i·step^f modulo words - 1, and a block's last word at words - 1. So the word that
    is number i of those leaving, number i·step of those that came, is in the place of the new number i
    (transposition in place: D. Knuth, The Art of Computer Programming 1, 1.3.3, exercise 12).

    Parameters
    ----------
    words: in a block. step: as above. begin: the f of the first block.

    Members
    -------
    move: on to the next word. again: after a block's last word, to its first one.
    address: of this one. first, last: whether it is a block's first or last.
    """

    def __init__(self, words: int, step: int, begin: int):
        self.words, self.step, self.begin = words, step, begin
        super().__init__(
            {"move": In(1), "again": In(1), "address": Out(range(words)), "first": Out(1), "last": Out(1)}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        words = self.words
        modulus = max(words - 1, 1)
        init = self.step**self.begin % modulus
        address, index = Signal(range(words)), Signal(range(words))
        step = Signal(range(words), init=init)
        # Less the modulus, so that each of the two candidates is one addition.
        back = Signal(range(-words, 1), init=init - modulus)
        following = Signal(range(words))
        first, last, before_last = Signal(init=1), Signal(init=words == 1), Signal(init=words == 2)
        plain, wrapped = Signal(range(2 * words)), Signal(range(-words, words))
        m.d.comb += [
            plain.eq(address + step),
            wrapped.eq(address + back),
            self.address.eq(address),
            self.first.eq(first),
            self.last.eq(last),
        ]
        with m.If(self.move):
            m.d.sync += [
                index.eq(Mux(last, 0, index + 1)),
                first.eq(last),
                last.eq(before_last),
                before_last.eq((index == words - 3) if words > 2 else last),
                address.eq(Mux(wrapped < 0, plain, wrapped)),
            ]
            # The step of the next block is where this one's word number `step` is.
            with m.If(index == self.step):
                m.d.sync += following.eq(address)
            with m.If(before_last):
                m.d.sync += address.eq(words - 1)
            with m.If(last):
                m.d.sync += address.eq(0)
            with m.If(last & ~self.again):
                m.d.sync += [step.eq(following), back.eq(following - modulus)]
        return m


class Stride(Component):
    """Takes blocks of `rows` × `columns` words row by row, and gives them column by column.

    A block leaves when it is there as a whole, at one word per enabled cycle, while the next one comes, into
    the places that become free.

    Parameters
    ----------
    layout: of a word. rows, columns: 2 words in a block at least.
    run: words that leave with no pause between them; it divides rows·columns.

    Members
    -------
    i: words as they come. comes_first, comes_last: which of a block is to come.
    drop: with a block's last word, that none of it leaves.
    enable: nothing leaves while it is low. go: a run may begin.
    begins: a run begins in this cycle. leaves_last: a word that leaves now is a block's last.
    o_valid, o: a word, 1 + BEHIND enabled cycles later, in registers.
    """

    def __init__(self, layout: data.Layout, rows: int, columns: int, run: int = 1):
        self.rows, self.columns, self.run = rows, columns, run
        super().__init__(
            {
                "i": In(stream.Signature(layout)),
                "comes_first": Out(1),
                "comes_last": Out(1),
                "drop": In(1),
                "enable": In(1),
                "go": In(1),
                "begins": Out(1),
                "leaves_last": Out(1),
                "o_valid": Out(1),
                "o": Out(layout),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        words = self.rows * self.columns
        layout = self.o.shape()
        memory = m.submodules.memory = Memory(
            shape=layout,
            depth=words,
            init=[],
            attrs={"ram_style": RAM_STYLES[of_platform(platform).storage(words)], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()
        step = self.columns if self.rows > 1 else 1  # one row is one column
        entry = m.submodules.entry = Walk(words, step, 0)
        exit_ = m.submodules.exit = Walk(words, step, 1)
        m.d.comb += [
            self.comes_first.eq(entry.first),
            self.comes_last.eq(entry.last),
            self.leaves_last.eq(exit_.last),
        ]

        # `takes` is a word's read, `accepts` the arrival of one that goes to the same place a cycle later.
        accepts, takes = Signal(), Signal()
        count, room = Signal(range(words + 1)), Signal(init=1)
        m.d.comb += [self.i.ready.eq(room | takes), accepts.eq(self.i.valid & self.i.ready)]
        m.d.sync += count.eq(count + accepts - takes)
        with m.If(takes & ~accepts):
            m.d.sync += room.eq(1)
        with m.Elif(accepts & ~takes & (count == words - 1)):
            m.d.sync += room.eq(0)
        # All words of the block before have left when a last one comes.
        dropped = Signal()
        m.d.comb += [dropped.eq(accepts & entry.last & self.drop), entry.again.eq(self.drop)]
        with m.If(dropped):
            m.d.sync += [count.eq(0), room.eq(1)]
        pushed = Signal()
        m.d.sync += [pushed.eq(accepts), write.addr.eq(entry.address), write.data.eq(self.i.payload)]
        m.d.comb += [entry.move.eq(accepts), write.en.eq(pushed)]

        whole = Signal()  # a block is there, and none of it has left
        at_run, place = Signal(init=1), Signal(range(max(self.run, 2)))
        m.d.comb += [
            takes.eq(self.enable & (whole | ~exit_.first) & (self.go | ~at_run)),
            self.begins.eq(takes & at_run),
            exit_.move.eq(takes),
            read.addr.eq(exit_.address),
            read.en.eq(self.enable),
        ]
        with m.If(accepts & entry.last & ~dropped):
            m.d.sync += whole.eq(1)
        with m.Elif(takes):
            m.d.sync += whole.eq(0)
        if self.run > 1:
            with m.If(takes):
                ends = place == self.run - 1
                m.d.sync += [place.eq(Mux(ends, 0, place + 1)), at_run.eq(ends)]
        found = Signal()
        with m.If(self.enable):
            m.d.sync += found.eq(takes)
        valid = shifted(m, self.enable, found, BEHIND, "valid", reset=True)
        word = shifted(m, self.enable, Value.cast(read.data), BEHIND, "word")
        m.d.comb += [self.o_valid.eq(valid), Value.cast(self.o).eq(word)]
        return m
