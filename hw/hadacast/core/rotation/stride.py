"""A frame turned over: rows of beats in, columns of beats out, in the memory of one frame."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.queue import RAM_STYLES
from hadacast.core.span import Beat, Skid
from hadacast.format import Codes
from hadacast.frames import Block
from hadacast.spec.rotate_plan import stride_latency
from hadacast.tech.family import of_platform


class StrideMemory(Component):
    """Beat r·columns + c of a frame leaves as beat c·rows + r of it.

    A frame is read as soon as it is whole, and each beat of the next one is written where one has just been
    read, so one frame of memory does. With B beats in a frame, beat p of frame f is at word p·columns^f
    modulo B - 1, and the last beat at word B - 1 (transposition in place: D. Knuth, The Art of Computer
    Programming 1, 1.3.3, exercise 12). So addresses go up by a step that is constant for a frame, from 0 and
    then within 1 … B - 1; and the address at which beat `columns` of a frame was written is the step at which
    it is read.

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
        self.beats = rows * columns
        self.latency = stride_latency(self.beats)
        layout = beat.flowing(format_, lanes)
        super().__init__({"i": In(stream.Signature(layout)), "o": Out(stream.Signature(layout))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        last = self.beats - 1
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable
        # No word is read and written in the same cycle: reading is ahead by a beat or more.
        memory = m.submodules.memory = Memory(
            shape=self.i.p.data.shape().size,
            depth=self.beats,
            init=[],
            attrs={"ram_style": RAM_STYLES[of_platform(platform).storage(self.beats)], "no_rw_check": 1},
        )
        write, read = memory.write_port(), memory.read_port()

        accepts, starts = Signal(), Signal()
        place, ends = Signal(range(self.beats)), Signal()
        m.d.comb += [
            self.i.ready.eq(enable),
            accepts.eq(enable & self.i.valid),
            ends.eq(place == last),
            starts.eq(accepts & ends),
        ]
        with m.If(accepts):
            m.d.sync += place.eq(Mux(ends, 0, place + 1))

        # A frame is read at the step at which the next one is written.
        step = _Step(m, self.beats)
        following = Signal(range(self.beats), init=self.columns)
        with m.If(starts):
            step.load(m, following)

        # Written a cycle later, when the first beat may have been read.
        arrived = Beat(Value.cast(self.i.p.data), self.i.valid, Value.cast(ends)).registered(
            m, enable, "arrived"
        )
        written = Signal(range(self.beats))
        m.d.comb += [
            write.en.eq(enable & arrived.valid),
            write.addr.eq(written),
            write.data.eq(arrived.value),
        ]
        with m.If(write.en):
            m.d.sync += written.eq(Mux(arrived.broken, 0, step.after(written)))
        if self.rows == self.columns:
            # columns² = B is 1 modulo B - 1.
            with m.If(starts):
                m.d.sync += following.eq(following ^ self.columns ^ 1)
        else:
            counted = Signal(range(self.beats))
            with m.If(enable):
                m.d.sync += counted.eq(place)
            with m.If(write.en & (counted == self.columns)):
                m.d.sync += following.eq(written)

        reading, taken = Signal(), Signal(range(self.beats))
        m.d.comb += [read.en.eq(enable), read.addr.eq(taken)]
        with m.If(enable):
            m.d.sync += taken.eq(Mux(taken == last, 0, step.after(taken)))
            with m.If(starts):
                m.d.sync += reading.eq(1)
            with m.Elif(taken == last):
                m.d.sync += reading.eq(0)
            with m.If(~reading):
                m.d.sync += taken.eq(0)

        # What goes beside the elements: kept for a frame, then along with the memory's output.
        first_mark, last_mark, ending = Signal(), Signal(), Signal()
        kept = {name: Signal.like(self.i.p[name], name=f"kept_{name}") for name in self.sides}
        with m.If(accepts & (place == 0)):
            m.d.sync += first_mark.eq(self.i.p.mark)
        held_mark = Signal()
        with m.If(starts):
            m.d.sync += [held_mark.eq(first_mark), last_mark.eq(self.i.p.mark), ending.eq(self.i.p.last)]
            m.d.sync += [kept[name].eq(self.i.p[name]) for name in self.sides]
        found, valid = Signal(self.o.p.shape()), Signal()
        along = {name: Signal.like(signal, name=f"along_{name}") for name, signal in kept.items()}
        mark, end = Signal(), Signal()
        with m.If(enable):
            m.d.sync += [
                valid.eq(reading),
                mark.eq(Mux(taken == last, last_mark, held_mark)),
                end.eq(ending & (taken == last)),
            ]
            m.d.sync += [along[name].eq(kept[name]) for name in self.sides]
        m.d.comb += [Value.cast(found.data).eq(read.data), found.mark.eq(mark), found.last.eq(end)]
        m.d.comb += [found[name].eq(along[name]) for name in self.sides]
        word = Beat(found, valid, 0).registered(m, enable, "word")
        m.d.comb += [
            skid.i_valid.eq(word.valid),
            skid.i.eq(word.value),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m


class _Step:
    """Addition modulo B - 1, with results from 1 to B - 1, of a step that changes at times: 1 at first."""

    def __init__(self, m: Module, beats: int):
        self.beats = beats
        self.plain = Signal(range(beats), init=1)
        # What is added where the sum goes beyond, and what tells that it does.
        self.wrapping = Signal(range(-beats, 1), init=2 - beats)
        self.compared = Signal(range(-beats, 1), init=1 - beats)

    def load(self, m: Module, step: Value) -> None:
        """In the next cycle, be this step."""
        m.d.sync += [
            self.plain.eq(step),
            self.wrapping.eq(step - (self.beats - 1)),
            self.compared.eq(step - self.beats),
        ]

    def after(self, address: Value) -> Value:
        """The address behind this one."""
        beyond = address + self.compared >= 0
        return Mux(beyond, address + self.wrapping, address + self.plain)
