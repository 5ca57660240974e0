"""Pieces to words of a bus."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.packing.schedule import Schedule
from hadacast.spec.pack import PLACING
from hadacast.track import SHIFT_STEPS, Track


class Placer(Component):
    """Puts pieces side by side as a Track says, and sends each word when it is complete.

    The place of a piece in its words is known before it comes, so a shift puts it there, in as many cycles as
    its steps take. It then joins what is there already; complete words leave one by one.

    Members
    -------
    enable: nothing changes while it is low.
    i_valid, i, i_mark: a piece, with its head below it, and its frame's mark.
    o_valid, o, o_mark: a word, from a register.

    Attributes
    ----------
    latency: enabled cycles from the piece that completes a word to that word, if none waits before it.
    """

    def __init__(self, track: Track):
        self.track = track
        self.latency = PLACING + track.shift_registers
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
        word, span = track.word, track.span
        schedule = m.submodules.schedule = Schedule(track)
        m.d.comb += schedule.step.eq(self.enable & self.i_valid)

        # A word's mark is set by each piece of it.
        marks = Cat(self.i_mark & (schedule.needed > number) for number in range(span))
        window: Value = Cat(self.i)
        beside: Value = Cat(self.i_valid, schedule.done, marks)
        place: Value = Cat(schedule.place)
        window, beside, place = self._registered(m, "piece", window, beside, place)
        steps = (track.places - 1).bit_length()
        wide = Signal(span * word, name="window")
        m.d.comb += wide.eq(window)
        window = wide
        for step in range(steps):
            moved = (window << (track.granule << step))[: span * word]
            window = Mux(place[step], moved, window)
            if step % SHIFT_STEPS == SHIFT_STEPS - 1 or step == steps - 1:
                window, beside, place = self._registered(m, f"moved_{step}", window, beside, place)

        valid, done = beside[0], beside[1 : 1 + len(schedule.done)]
        marks = beside[1 + len(schedule.done) :]
        arriving = [
            Cat(window[number * word : (number + 1) * word], marks[number]) & valid.replicate(word + 1)
            for number in range(span)
        ]
        # Word 0 leaves as soon as it is complete; the last of these is the one that grows.
        words = [Signal(word + 1, name=f"word_{number}") for number in range(track.backlog + span)]
        complete = Signal(range(len(words) + 1))
        leaves = complete != 0
        growing = Signal.like(complete)
        m.d.comb += growing.eq(complete - leaves)
        here = [Signal(name=f"here_{number}") for number in range(track.backlog + 1)]
        m.d.comb += [flag.eq(growing == number) for number, flag in enumerate(here)]
        with m.If(self.enable):
            m.d.sync += complete.eq(growing + Mux(valid, done, 0))
            for number, register in enumerate(words):
                kept: Value = Mux(leaves, words[number + 1] if number + 1 < len(words) else 0, register)
                for base, flag in enumerate(here):
                    if 0 <= number - base < span:
                        kept = kept | (arriving[number - base] & flag.replicate(word + 1))
                m.d.sync += register.eq(kept)
        m.d.comb += [self.o_valid.eq(leaves), self.o.eq(words[0]), self.o_mark.eq(words[0][-1])]
        return m

    def _registered(self, m: Module, name: str, window: Value, beside: Value, place: Value) -> list[Value]:
        """All three a cycle later; `beside` has the valid bit, and is reset."""
        later = [
            Signal(len(window), name=f"{name}_window", reset_less=True),
            Signal(len(beside), name=f"{name}_beside"),
            Signal(len(place), name=f"{name}_place", reset_less=True),
        ]
        with m.If(self.enable):
            m.d.sync += [
                register.eq(value) for register, value in zip(later, (window, beside, place), strict=True)
            ]
        return later
