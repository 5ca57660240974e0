"""Which piece of a frame it is, where in a word it begins, and how many words end with it."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.track import Track


class Schedule(Component):
    """Walks through a Track.

    Members
    -------
    step: on to the next piece.
    starts: the piece is the first of its frame. heads: it is the first of its block.
    place: granules from the start of a word to it. stop: granules from there to the next piece.
    done: words that are complete, or no longer needed, with the piece.
    """

    def __init__(self, track: Track):
        self.track = track
        super().__init__(
            {
                "step": In(1),
                "starts": Out(1),
                "heads": Out(1),
                "place": Out(range(track.places)),
                "stop": Out(range(track.places * track.span + 1)),
                "done": Out(range(track.span + 1)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        track = self.track
        first, amid, last, only = (bits // track.granule for bits in track.steps)
        start = track.start // track.granule
        place = Signal(range(track.places), init=start)
        number = Signal(range(track.pieces))
        final = number == track.pieces - 1
        # Blocks are powers of two, from the start of a frame.
        inside = number & (track.block - 1)
        heads, ends = inside == 0, inside == track.block - 1
        several = Mux(heads, first, Mux(ends, last, amid))
        advance = several if track.block > 1 else Const(only)
        m.d.comb += [
            self.starts.eq(number == 0),
            self.heads.eq(heads),
            self.place.eq(place),
            self.stop.eq(place + advance),
        ]
        whole, begun = Signal(range(track.span + 1)), Signal(range(track.span + 1))
        m.d.comb += [
            whole.eq(sum(self.stop >= word * track.places for word in range(1, track.span + 1))),
            begun.eq(sum(self.stop > word * track.places for word in range(track.span))),
            self.done.eq(Mux(final, begun, whole)),
        ]
        with m.If(self.step):
            m.d.sync += [
                number.eq(Mux(final, 0, number + 1)),
                place.eq(Mux(final, start, self.stop - whole * track.places)),
            ]
        return m
