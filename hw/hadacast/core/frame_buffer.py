"""Two frames of memory at the entrance of a pipeline that has no transform to drop broken frames."""

from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.queue import RAM_STYLES
from hadacast.core.span import Beat, Skid
from hadacast.format import Codes
from hadacast.spec.pipeline import FRAME_BUFFER
from hadacast.tech.family import of_platform


class FrameBuffer(Component):
    """Keeps a frame until its last beat says whether it is broken, and then sends it or forgets it.

    There are two banks of one frame each: one is written while the other one is read, so that frames may
    follow each other at one beat per clock. A broken frame leaves its bank free.

    Parameters
    ----------
    format_, lanes: of a beat. beats: in a frame, any number from 1.

    Members
    -------
    i: beats of whole frames, `mark` on the last one of broken ones.
    o: beats of good frames, `mark` on all beats of one that comes after broken ones.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, format_: Codes, lanes: int, beats: int):
        self.beats = beats
        self.latency = beats - 1 + FRAME_BUFFER
        shape = beat.flowing(format_, lanes)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        words = 2 * self.beats
        layout = self.o.p.data.shape()
        style = RAM_STYLES[of_platform(platform).storage(words)]
        # Only banks that are full are read, only others written: no word at the same time.
        memory = m.submodules.memory = Memory(
            shape=layout, depth=words, init=[], attrs={"ram_style": style, "no_rw_check": 1}
        )
        write, read = memory.write_port(), memory.read_port()
        full = Array(Signal(name=f"full_{bank}") for bank in range(2))
        marks = Array(Signal(name=f"mark_{bank}") for bank in range(2))

        bank, place = Signal(), Signal(range(words))
        dropped = Signal()
        m.d.comb += [
            self.i.ready.eq(~full[bank]),
            write.addr.eq(place),
            write.data.eq(self.i.p.data),
            write.en.eq(self.i.valid & self.i.ready),
        ]

        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        leaving, taken = Signal(), Signal(range(words))
        ends = Signal()
        m.d.comb += [
            read.addr.eq(taken),
            read.en.eq(enable),
            ends.eq((taken == self.beats - 1) | (taken == words - 1)),
        ]
        with m.If(enable & full[leaving]):
            m.d.sync += taken.eq(Mux(taken == words - 1, 0, taken + 1))
            with m.If(ends):
                m.d.sync += [full[leaving].eq(0), leaving.eq(~leaving)]

        with m.If(write.en):
            m.d.sync += place.eq(place + 1)
            with m.If(self.i.p.last):
                m.d.sync += dropped.eq(self.i.p.mark)
                with m.If(self.i.p.mark):
                    m.d.sync += place.eq(Mux(bank, self.beats, 0))
                with m.Else():
                    m.d.sync += [
                        place.eq(Mux(bank, 0, self.beats)),
                        full[bank].eq(1),
                        marks[bank].eq(dropped),
                        bank.eq(~bank),
                    ]

        # What the memory doesn't hold goes along with its output.
        valid, last, mark = Signal(), Signal(), Signal()
        with m.If(enable):
            m.d.sync += [valid.eq(full[leaving]), last.eq(ends), mark.eq(marks[leaving])]
        found = Signal(self.o.p.shape())
        m.d.comb += [found.data.eq(read.data), found.last.eq(last), found.mark.eq(mark)]
        word = Beat(found, valid, 0).registered(m, enable, "word")
        m.d.comb += [
            skid.i_valid.eq(word.valid),
            skid.i.eq(word.value),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m
