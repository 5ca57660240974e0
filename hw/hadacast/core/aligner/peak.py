"""The largest exponent of a beat, and of a frame."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out


def layout(width: int) -> data.StructLayout:
    """An exponent, and whether it is of no use because something was invalid."""
    return data.StructLayout({"exponent": width, "poison": 1})


def larger(a: Any, b: Any) -> dict[str, Any]:
    """The larger exponent, and either's poison."""
    return {"exponent": Mux(a.exponent > b.exponent, a.exponent, b.exponent), "poison": a.poison | b.poison}


class BeatPeak(Component):
    """The largest of a beat's exponents, in a tree with a register at each node: a Pipe.

    Members
    -------
    enable: nothing changes while it is low. i: each leaf's. o: the largest.

    Attributes
    ----------
    latency: enabled cycles, log2 of the leaves, rounded up.
    """

    def __init__(self, width: int, leaves: int):
        self.latency = (leaves - 1).bit_length()
        super().__init__(
            {"enable": In(1), "i": In(data.ArrayLayout(layout(width), leaves)), "o": Out(layout(width))}
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        shape = self.o.shape()
        level = [self.i[leaf] for leaf in range(len(self.i))]
        for depth in range(self.latency):
            below, level = level, []
            for index in range(len(below) // 2):
                node = Signal(shape, name=f"node_{depth}_{index}", reset_less=True)
                with m.If(self.enable):
                    for name, value in larger(below[2 * index], below[2 * index + 1]).items():
                        m.d.sync += node[name].eq(value)
                level.append(node)
            if len(below) % 2:
                node = Signal(shape, name=f"node_{depth}_odd", reset_less=True)
                with m.If(self.enable):
                    m.d.sync += node.eq(below[-1])
                level.append(node)
        m.d.comb += self.o.eq(level[0])
        return m


class FramePeak(Component):
    """The largest of a frame's exponents, and a queue of those that are found.

    Parameters
    ----------
    width: bits of an exponent. depth: frames that may wait.

    Members
    -------
    i_valid, i, i_last: a beat's peak, and whether it ends a frame.
    valid, head: whether there is an oldest peak, from a register, and the peak. pop: it leaves.

    A peak is at the head two cycles after its frame's last beat, if none waits before it.
    """

    def __init__(self, width: int, depth: int):
        self.depth = depth
        super().__init__(
            {
                "i_valid": In(1),
                "i": In(layout(width)),
                "i_last": In(1),
                "valid": Out(1),
                "head": Out(layout(width)),
                "pop": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        shape = self.i.shape()
        so_far, first, found = Signal(shape, reset_less=True), Signal(init=1), Signal()
        m.d.sync += found.eq(self.i_valid & self.i_last)
        with m.If(self.i_valid):
            m.d.sync += first.eq(self.i_last)
            for name, value in larger(self.i, so_far).items():
                m.d.sync += so_far[name].eq(Mux(first, self.i[name], value))

        # Few and narrow: registers, the head in the first.
        words = [Signal(shape, name=f"word_{i}", reset_less=True) for i in range(self.depth)]
        full = [Signal(name=f"full_{i}") for i in range(self.depth)]
        for i in range(self.depth):
            after = full[i + 1] if i + 1 < self.depth else 0
            before = full[i - 1] if i else 1
            stays = Mux(self.pop, after, full[i])
            fills = found & ~stays & Mux(self.pop, full[i], before)
            m.d.sync += full[i].eq(stays | fills)
            with m.If(fills):
                m.d.sync += words[i].eq(so_far)
            with m.Elif(self.pop & after):
                m.d.sync += words[i].eq(words[min(i + 1, self.depth - 1)])
        m.d.comb += [self.valid.eq(full[0]), self.head.eq(words[0])]
        return m
