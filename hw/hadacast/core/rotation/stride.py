"""A frame turned over: rows of beats in, columns of beats out, in the memory of one frame."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.shift import shifted
from hadacast.core.span import Skid
from hadacast.core.stride import Stride
from hadacast.format import Codes
from hadacast.frames import Block
from hadacast.spec.stride import BEHIND, stride_latency


class StrideMemory(Component):
    """Beat r·columns + c of a frame leaves as beat c·rows + r of it.

    Only elements are kept for each beat. Sides are the last beat's, for all: they are the same in all. `last`
    is the last beat's, for the last; so is `mark`, and the first beat's is for all others.

    Parameters
    ----------
    format_, lanes: of a beat. rows, columns: from 2; a frame has rows·columns beats. (What is a frame here
        may be a part of one, whose last beat then isn't `last`.)

    Members
    -------
    i, o: beats (hadacast.core.beat.flowing).

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, format_: Codes | Block, lanes: int, rows: int, columns: int):
        assert min(rows, columns) >= 2
        self.rows, self.columns = rows, columns
        self.sides = tuple(beat.sides(format_, lanes))
        self.latency = stride_latency(rows * columns)
        layout = beat.flowing(format_, lanes)
        super().__init__({"i": In(stream.Signature(layout)), "o": Out(stream.Signature(layout))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        shape = self.i.p.data.shape()
        memory = m.submodules.memory = Stride(shape, self.rows, self.columns, self.rows * self.columns)
        m.d.comb += [
            memory.i.valid.eq(self.i.valid),
            Value.cast(memory.i.payload).eq(Value.cast(self.i.p.data)),
            self.i.ready.eq(memory.i.ready),
            memory.enable.eq(enable),
            memory.go.eq(1),
        ]
        # What goes beside the elements is known with a frame's last beat, when the frame before has been
        # read, and goes along with what is read from then on.
        first_mark, marks = Signal(), Signal(2)
        ending = Signal()
        kept = {name: Signal.like(self.i.p[name], name=f"kept_{name}") for name in self.sides}
        accepts = memory.i.valid & memory.i.ready
        with m.If(accepts & memory.comes_first):
            m.d.sync += first_mark.eq(self.i.p.mark)
        with m.If(accepts & memory.comes_last):
            m.d.sync += [marks.eq(Cat(first_mark, self.i.p.mark)), ending.eq(self.i.p.last)]
            m.d.sync += [kept[name].eq(self.i.p[name]) for name in self.sides]
        mark = Mux(memory.leaves_last, marks[1], marks[0])
        beside = Cat(memory.leaves_last & ending, mark, *map(Value.cast, kept.values()))
        along = shifted(m, enable, beside, 1 + BEHIND, "along")
        at = 2
        for name in self.sides:
            side = Value.cast(skid.i[name])
            m.d.comb += side.eq(along[at : at + len(side)])
            at += len(side)
        m.d.comb += [
            skid.i.last.eq(along[0]),
            skid.i.mark.eq(along[1]),
            Value.cast(skid.i.data).eq(Value.cast(memory.o)),
            skid.i_valid.eq(memory.o_valid),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m
