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

    After an early `last` the rest of the frame is made up, while the input waits; a frame that goes on
    too long becomes as many as its beats fill, the last one made up too. Either way the stages behind see
    whole frames only, and the mark on the last beat tells the transform to drop the frame.

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
        # What is made up; what goes on behind the beat that should have been the last.
        pad, goes_on = Signal(), Signal()
        last = self.i.p.last
        m.d.comb += [
            self.i.ready.eq(self.o.ready & ~pad),
            self.o.valid.eq(pad | self.i.valid),
            steps.eq(self.o.valid & self.o.ready),
            self.o.p.data.eq(self.i.p.data),
            self.o.p.last.eq(at_end),
            self.o.p.mark.eq(at_end & (pad | goes_on | ~last)),
        ]
        taken = Signal()
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        with m.If(taken):
            m.d.sync += goes_on.eq(~last & (goes_on | at_end))
        with m.If(taken & last & ~at_end):
            m.d.sync += pad.eq(1)
        with m.Elif(steps & at_end):
            m.d.sync += pad.eq(0)
        m.d.sync += self.frame_error.eq(taken & ~goes_on & (last ^ at_end))
        return m
