"""Pieces to words of a bus, where a frame's pieces follow each other without a gap."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.count import following
from hadacast.spec.pack import PLACING
from hadacast.track import Track


class Ring(Component):
    """Turns each piece in a ring as long as a word, to where it begins. What passes the end of the word has
    so come round to the start of the next one, and waits in registers of each granule; a head, which comes
    with the first piece and lies before it, goes there by itself. A word then takes each granule from what
    waits or from what comes. For tracks that are a `ring`.

    Members
    -------
    enable: nothing changes while it is low.
    i_valid, i, i_mark: a piece and its frame's mark. Below every piece there are bits of a head, which are
        anything but with the first.
    o_valid, o, o_mark: a word, from a register.

    Attributes
    ----------
    latency: enabled cycles from the piece that completes a word to that word, if none waits before it.
    """

    latency = PLACING

    def __init__(self, track: Track):
        assert track.ring
        self.track = track
        super().__init__(
            {
                "enable": In(1),
                "i_valid": In(1),
                "i": In(track.content),
                "i_mark": In(1),
                "o_valid": Out(1),
                "o": Out(track.word),
                "o_mark": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        track = self.track
        places, bits = track.places, track.granule
        length, head = track.length // bits, track.head // bits
        begin = track.start // bits + head
        taken = self.enable & self.i_valid

        # Of the piece that comes: where it begins and ends, and whether it is the last.
        number, place = Signal(range(track.pieces)), Signal(range(places), init=begin)
        first, final = number == 0, number == track.pieces - 1
        end = Signal(range(places + length))
        m.d.comb += end.eq(place + length)
        beyond, full = end > places, end >= places
        after = Signal.like(place)
        m.d.comb += after.eq(Mux(final, begin, Mux(full, end - places, end)))
        with m.If(taken):
            m.d.sync += [number.eq(following(number, track.pieces)), place.eq(after)]

        # In registers: it, turned, and what becomes of each granule. Before the place is what waited; what is
        # new goes out with that, or waits, or makes a second word behind the last.
        turned = [Signal(bits, name=f"turned_{at}", reset_less=True) for at in range(places)]
        old, new, over, stays = (
            [Signal(name=f"{name}_{at}", reset_less=True) for at in range(places)]
            for name in ("old", "new", "over", "stays")
        )
        makes, again, mark = Signal(), Signal(), Signal(reset_less=True)

        # Which granule of the piece comes to each of the ring: that is known a cycle before.
        def granule(at: int, begins: int) -> int:
            """Of a piece that begins there; anything where it doesn't reach."""
            found = (at - begins) % places
            return found if found < length else 0

        source = [Signal(range(length), name=f"source_{at}", init=granule(at, begin)) for at in range(places)]
        for at in range(places):
            with m.If(taken), m.Switch(after):
                for value in range(places):
                    with m.Case(value):
                        m.d.sync += source[at].eq(granule(at, value))
            piece = self.i[track.head :]
            with m.If(self.enable):
                around = end > places + at
                within = (place <= at) & (end > at)
                m.d.sync += [
                    turned[at].eq(piece.word_select(source[at], bits)),
                    old[at].eq(place > at),
                    new[at].eq(within),
                    over[at].eq(around),
                    stays[at].eq(~final & Mux(full, around, within) & self.i_valid),
                ]
        with m.If(self.enable):
            m.d.sync += [
                makes.eq(self.i_valid & (full | final)),
                again.eq(self.i_valid & beyond & final),
                mark.eq(self.i_mark),
            ]

        waiting = [Signal(bits, name=f"waiting_{at}", reset_less=True) for at in range(places)]
        with m.If(self.enable):
            for at in range(places):
                with m.If(stays[at]):
                    m.d.sync += waiting[at].eq(turned[at])
        # Before the first piece there is the head, or zeros: another section's bits may be in that word.
        for at in range(begin):
            with m.If(taken & first):
                m.d.sync += waiting[at].eq(self.i[at * bits : (at + 1) * bits] if at < head else 0)

        # A second word waits until no piece makes one; meanwhile those that follow go through its register.
        word, spare = Signal(track.word + 1, reset_less=True), Signal(track.word + 1, reset_less=True)
        valid, spared = Signal(), Signal()

        # A frame has its mark on all pieces or on the last: a word's is that of the piece which completes it.
        def assembled(use_old: list[Any], use_new: list[Any]) -> Value:
            return Cat(
                *(
                    (waiting[at] & use_old[at].replicate(bits)) | (turned[at] & use_new[at].replicate(bits))
                    for at in range(places)
                ),
                mark,
            )

        complete = assembled(list(old), list(new))
        queued = assembled(
            [spared & old[at] for at in range(places)],
            [Mux(spared, new[at], over[at]) for at in range(places)],
        )
        with m.If(self.enable):
            m.d.sync += [
                word.eq(Mux(spared, spare, complete)),
                valid.eq(spared | makes),
                spare.eq(queued),
                spared.eq(Mux(spared, makes, again)),
            ]
        m.d.comb += [self.o_valid.eq(valid), self.o.eq(word[:-1]), self.o_mark.eq(word[-1])]
        return m
