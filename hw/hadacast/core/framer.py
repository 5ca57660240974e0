"""Frames in: check where TLAST comes, and mend the length of a frame that is broken."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import Ring
from hadacast.format import Codes


class Framer(Component):
    """Turns beats with `last` into frames of exactly `beats` beats, the broken ones marked.

    After an early `last` the rest of the frame is made up, while the input waits; after a frame
    that goes on too long the surplus is swallowed up to its `last`. Either way the stages behind
    see whole frames only, and the mark on the last beat tells the transform to drop the frame.

    Members
    -------
    i: beats as they come. o: beats of whole frames.
    frame_error: 1 for a cycle for each broken frame.
    """

    def __init__(self, format_: Codes, lanes: int, beats: int):
        self.beats = beats
        super().__init__(
            {
                "i": In(stream.Signature(beat.raw(format_, lanes))),
                "o": Out(stream.Signature(beat.flowing(format_, lanes))),
                "frame_error": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        steps = Signal()
        at_end = Ring(m, steps, self.beats, "position").last
        pad, discard = Signal(), Signal()
        last = self.i.p.last
        m.d.comb += [
            self.i.ready.eq(self.o.ready & ~pad),
            self.o.valid.eq(pad | (self.i.valid & ~discard)),
            steps.eq(self.o.valid & self.o.ready),
            self.o.p.data.eq(self.i.p.data),
            self.o.p.last.eq(at_end),
            self.o.p.mark.eq(at_end & (pad | ~last)),
        ]
        early, late = Signal(), Signal()
        arrives = self.i.valid & self.o.ready & ~pad & ~discard
        m.d.comb += [early.eq(arrives & last & ~at_end), late.eq(arrives & ~last & at_end)]
        with m.If(steps & at_end):
            m.d.sync += pad.eq(0)
        with m.If(early):
            m.d.sync += pad.eq(1)
        with m.If(late):
            m.d.sync += discard.eq(1)
        with m.Elif(self.i.valid & self.i.ready & last):
            m.d.sync += discard.eq(0)
        m.d.sync += self.frame_error.eq(early | late)
        return m
