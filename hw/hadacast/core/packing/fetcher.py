"""Words of a bus to pieces."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.packing.schedule import Schedule
from hadacast.core.span import Skid
from hadacast.spec.unpack import FETCHING
from hadacast.track import SHIFT_STEPS, Track


def word_layout(track: Track) -> data.StructLayout:
    """A word and its frame's mark."""
    return data.StructLayout({"data": track.word, "mark": 1})


def piece_layout(track: Track) -> data.StructLayout:
    """A piece, with its head below it where it has one, and its frame's mark."""
    return data.StructLayout({"data": track.content, "mark": 1})


class Fetcher(Component):
    """Takes pieces out of words as a Track says, one each cycle once the first of a frame has left.

    Words wait in a few registers. A piece is taken from the first of them, and shifted down in as many cycles
    as its steps take.

    Members
    -------
    i: words. o: pieces; bits above one without a head may be anything.

    Attributes
    ----------
    latency: cycles from the last word that the first piece of a frame waits for to that piece.
    """

    def __init__(self, track: Track):
        self.track = track
        self.latency = FETCHING + track.shift_registers
        super().__init__(
            {
                "i": In(stream.Signature(word_layout(track))),
                "o": Out(stream.Signature(piece_layout(track))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        track = self.track
        span, depth = track.span, track.depth
        schedule = m.submodules.schedule = Schedule(track)
        skid = m.submodules.skid = Skid(self.o.p.shape())
        enable = skid.enable

        words = [Signal(self.i.p.shape(), name=f"word_{i}", reset_less=True) for i in range(depth)]
        held = Signal(range(depth + 1))
        pushed = Signal()
        m.d.comb += [self.i.ready.eq(held != depth), pushed.eq(self.i.valid & self.i.ready)]

        goes, taken = Signal(), Signal(range(span + 1))
        m.d.comb += [
            goes.eq(enable & (held >= schedule.wanted)),
            taken.eq(Mux(goes, schedule.done, 0)),
            schedule.step.eq(goes),
        ]
        end = Signal.like(held)
        m.d.comb += end.eq(held - taken)
        m.d.sync += held.eq(end + pushed)
        shifts = Signal()
        m.d.comb += shifts.eq(goes & (schedule.done != 0))
        for index, word in enumerate(words):
            # Behind those that are held, and where they leave, the word on offer is as good as any.
            value: Value = Cat(self.i.p)
            for count in range(1, int(track.done.max()) + 1):
                if index + count < depth:
                    stays = (schedule.done == count) & (held > index + count)
                    value = Mux(stays, Cat(words[index + count]), value)
            with m.If(shifts | (held <= index)):
                m.d.sync += word.eq(value)

        window: Value = Cat(words[index].data for index in range(span))
        # Before broken frames are dropped, the last word of one has the mark, and so has the last piece.
        mark = Signal()
        m.d.comb += mark.eq(
            Cat(words[number].mark & (schedule.needed > number) for number in range(span)).any()
        )
        flags: Value = Cat(goes, mark)
        place: Value = Cat(schedule.place)
        window, flags, place = self._registered(m, enable, "piece", window, flags, place)
        steps = (track.places - 1).bit_length()
        for step in range(steps):
            window = Mux(place[step], window >> (track.granule << step), window)
            if step % SHIFT_STEPS == SHIFT_STEPS - 1 or step == steps - 1:
                window, flags, place = self._registered(m, enable, f"moved_{step}", window, flags, place)
        m.d.comb += [
            skid.i_valid.eq(flags[0]),
            skid.i.data.eq(window),
            skid.i.mark.eq(flags[1]),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        return m

    def _registered(
        self, m: Module, enable: Value, name: str, window: Value, flags: Value, place: Value
    ) -> list[Value]:
        """All three a cycle later; `flags` has the valid bit, and is reset."""
        later = [
            Signal(len(window), name=f"{name}_window", reset_less=True),
            Signal(len(flags), name=f"{name}_flags"),
            Signal(len(place), name=f"{name}_place", reset_less=True),
        ]
        with m.If(enable):
            m.d.sync += [
                register.eq(value) for register, value in zip(later, (window, flags, place), strict=True)
            ]
        return later
