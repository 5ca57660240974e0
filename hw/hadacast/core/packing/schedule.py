"""Which piece of a frame it is, where in a word it begins, and how many words end with it."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.count import counter
from hadacast.track import Track


class Schedule(Component):
    """Walks through a Track. What it says of a piece comes from registers, made while the piece before it
    is there.

    Members
    -------
    step: on to the next piece.
    starts: the piece is the first of its frame. heads: it is the first of its block.
    place: granules from the start of a word to it.
    needed: words in which it lies. wanted: words that must be there to take it out of them.
    done: words that are complete, or no longer needed, with it.
    """

    def __init__(self, track: Track):
        self.track = track
        counts = range(track.span + 1)
        super().__init__(
            {
                "step": In(1),
                "starts": Out(1, init=1),
                "heads": Out(1, init=1),
                "place": Out(range(track.places), init=track.start // track.granule),
                "needed": Out(counts, init=int(track.needed[0])),
                "wanted": Out(range(track.depth + 1), init=track.prefill),
                "done": Out(counts, init=int(track.done[0])),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        track = self.track
        start = track.start // track.granule
        several = track.pieces > 1
        # The piece behind the one that is there.
        number = Signal(range(track.pieces), init=int(several))
        place = Signal(
            range(track.places), init=int(track.end[0]) // track.granule % track.places if several else start
        )
        first, final = number == 0, number == track.pieces - 1
        inside: Value = number
        if track.block < track.pieces:
            if track.block & (track.block - 1) == 0:
                inside = number & (track.block - 1)
            else:
                inside = counter(m, self.step, track.block, "inside", init=int(several))
        heads, ends = inside == 0, inside == track.block - 1

        def of_kind(kinds: tuple[int, int, int, int]) -> Value:
            """A constant of the first piece of a block, of others, of its last, and of one that is both."""
            if track.block == 1:
                return Const(kinds[3], range(-track.places * track.span, kinds[3] + 1))
            most, least = max(kinds), min(kinds)
            first, amid, last, _ = (Const(kind, range(min(least, -1), most + 2)) for kind in kinds)
            return Mux(heads, first, Mux(ends, last, amid))

        def reaches(word: int, lengths: tuple[int, ...]) -> Value:
            """Whether so many granules from its place a piece has come to the start of a word."""
            thresholds = tuple(word * track.places - length for length in lengths)
            return place >= of_kind((thresholds[0], thresholds[1], thresholds[2], thresholds[3]))

        steps = tuple(bits // track.granule for bits in track.steps)
        # Granules in which the last bit of a piece itself lies, its tail left out.
        tall, short = -(-track.content // track.granule), -(-track.length // track.granule)
        content = (tall, short, short, tall)
        whole, needed = Signal(range(track.span + 1)), Signal(range(track.span + 1))
        m.d.comb += [
            whole.eq(sum(reaches(word, steps) for word in range(1, track.span + 1))),
            needed.eq(1 + sum(reaches(word, tuple(c - 1 for c in content)) for word in range(1, track.span))),
        ]
        following = Signal(range(track.places))
        with m.Switch(whole):
            for count in range(track.span + 1):
                with m.Case(count):
                    moves = tuple(step - count * track.places for step in steps)
                    move = of_kind((moves[0], moves[1], moves[2], moves[3]))
                    m.d.comb += following.eq(place + move)
        with m.If(self.step):
            m.d.sync += [
                self.starts.eq(first),
                self.heads.eq(heads),
                self.place.eq(place),
                self.needed.eq(needed),
                self.wanted.eq(Mux(first, track.prefill, needed)),
                self.done.eq(Mux(final, needed, whole)),
                number.eq(Mux(final, 0, number + 1)),
                place.eq(Mux(final, start, following)),
            ]
        return m
