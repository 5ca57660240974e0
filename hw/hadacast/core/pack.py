"""The hardware of packing: codes and sides as bytes on a bus."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import counter, within
from hadacast.core.packing.placer import Placer
from hadacast.core.packing.ring import Ring
from hadacast.core.packing.section import Section
from hadacast.core.packing.turns import Turns
from hadacast.core.span import Skid
from hadacast.packed import Packed
from hadacast.spec import pack as spec_module
from hadacast.track import Track

# Words that a section's queue holds beyond those that wait for the other section.
SLACK = 16
# Beats of sides, on their own stream, by which it may lag behind the codes.
LAG = 16


def scale_layout(packed: Packed, copies: int = 1) -> data.StructLayout:
    """A beat of the sides' own stream: bytes of each copy, whether it ends a frame, and its frame's mark."""
    sides = data.ArrayLayout(8, packed.side_bytes * copies)
    return data.StructLayout({"data": sides, "last": 1, "mark": 1})


def placer_of(track: Track) -> Placer | Ring:
    """What puts pieces into words."""
    return Ring(track) if track.ring else Placer(track)


class Pack(Component):
    """The hardware of a Pack spec, a beat of elements per clock.

    Members
    -------
    i: beats of good frames. o: beats of bytes (hadacast.core.beat.flowing).
    scale: only in layout "stream": a beat for the sides that come at once (scale_layout).

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Pack):
        self.spec = spec
        self.latency = spec.latency
        self.packed = spec.output
        ports = {
            "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
            "o": Out(stream.Signature(beat.flowing(self.packed, self.packed.bus))),
        }
        if self.packed.layout == "stream":
            ports["scale"] = Out(stream.Signature(scale_layout(self.packed)))
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        packed = self.packed
        codes: Value = Cat(Value.cast(self.i.p.data[lane]) for lane in range(self.spec.lanes))
        # Groups one after the other; of rows that share a beat, those of the first.
        names = packed.block.sides
        sides: Value = Cat(
            Value.cast(self.i.p[name][group]) for group in range(packed.unit_groups) for name in names
        )
        if packed.layout == "beside":
            m.d.comb += [
                self.o.valid.eq(self.i.valid),
                self.i.ready.eq(self.o.ready),
                Value.cast(self.o.p.data).eq(Cat(codes, sides)),
                self.o.p.last.eq(self.i.p.last),
                self.o.p.mark.eq(self.i.p.mark),
            ]
        elif packed.sectioned:
            self._sections(m, codes, sides)
        else:
            self._words(m, codes, sides)
        return m

    def _brings(self, m: Module, taken: Value) -> Value:
        """Whether the beat at the input brings sides: the first of a unit in the first row."""
        packed = self.packed
        number = counter(m, taken, self.spec.beats, "number")
        first_row = number < packed.units * packed.unit_beats
        return first_row & (within(m, taken, number, packed.unit_beats, "place") == 0)

    def _last(self, m: Module, leaves: Value) -> Value:
        """Whether the word that leaves is the last of its frame."""
        number = Signal(range(self.packed.beats))
        last = number == self.packed.beats - 1
        with m.If(leaves):
            m.d.sync += number.eq(Mux(last, 0, number + 1))
        return last

    def _words(self, m: Module, codes: Value, sides: Value) -> None:
        """One track: codes, with the sides of their block ahead of them or on their own stream."""
        packed = self.packed
        track = packed.codes_track
        placer = m.submodules.placer = placer_of(track)
        skid = m.submodules.skid = Skid(self.o.p.shape())
        valid, ready = Signal(), Signal()
        m.d.comb += [valid.eq(self.i.valid), ready.eq(skid.enable), self.i.ready.eq(ready)]
        taken = valid & skid.enable
        if packed.layout == "stream":
            room = self._side_stream(m, taken, sides)
            m.d.comb += [valid.eq(self.i.valid & room), ready.eq(skid.enable & room)]
        piece: Value = codes
        if track.head:
            head = Signal(track.head)
            m.d.comb += head.eq(sides)
            # A ring knows by itself which piece has a head.
            piece = Cat(head, codes)
            if not track.ring:
                piece = Mux(self._brings(m, taken), piece, codes)
        m.d.comb += [
            placer.enable.eq(skid.enable),
            placer.i_valid.eq(valid),
            placer.i.eq(piece),
            placer.i_mark.eq(self.i.p.mark),
            skid.i_valid.eq(placer.o_valid),
            Value.cast(skid.i.data).eq(placer.o),
            skid.i.last.eq(self._last(m, skid.enable & placer.o_valid)),
            skid.i.mark.eq(placer.o_mark),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]

    def _side_stream(self, m: Module, taken: Value, sides: Value) -> Value:
        """Sides to their own stream; returns whether there is room for more of them."""
        packed = self.packed
        section = m.submodules.sides = Section(self.scale.p.shape(), LAG + 1)
        brings = self._brings(m, taken)
        number = counter(m, section.push, packed.units, "unit")
        m.d.comb += [
            section.push.eq(taken & brings),
            Value.cast(section.tail.data).eq(sides),
            section.tail.last.eq(number == packed.units - 1),
            section.tail.mark.eq(self.i.p.mark),
            self.scale.valid.eq(section.valid),
            self.scale.payload.eq(section.head),
            section.pop.eq(self.scale.valid & self.scale.ready),
        ]
        return section.room

    def _sections(self, m: Module, codes: Value, sides: Value) -> None:
        """Two tracks whose words wait for each other."""
        packed = self.packed
        codes_track, sides_track = packed.codes_track, packed.sides_track
        behind = packed.layout == "behind"
        # Codes wait while sides leave, or until the first row has brought them all.
        row = packed.units * packed.unit_beats * packed.code_bits // codes_track.word
        wait = sides_track.words if behind else row + 1
        enable, taken = Signal(), Signal()
        m.d.comb += [self.i.ready.eq(enable), taken.eq(self.i.valid & enable)]
        brings = self._brings(m, taken)
        first = self._section(m, "codes", codes_track, wait, enable, self.i.valid, codes)
        second = self._section(
            m, "sides", sides_track, sides_track.words, enable, self.i.valid & brings, sides
        )
        m.d.comb += enable.eq(first.room & second.room)
        if not behind:
            first, second = second, first
        skid = m.submodules.skid = Skid(self.o.p.shape())
        turns = m.submodules.turns = Turns(packed)
        there, leaves = Signal(), Signal()
        m.d.comb += [
            there.eq((first.valid | ~turns.first) & (second.valid | ~turns.second)),
            leaves.eq(skid.enable & there),
            turns.step.eq(leaves),
            first.pop.eq(leaves & turns.first),
            second.pop.eq(leaves & turns.second),
        ]
        word = Signal(self.o.p.shape(), reset_less=True)
        valid = Signal()
        parts = [
            Cat(section.head.data, section.head.mark) & used.replicate(codes_track.word + 1)
            for section, used in ((first, turns.first), (second, turns.second))
        ]
        merged = parts[0] | parts[1]
        with m.If(skid.enable):
            m.d.sync += [
                valid.eq(there),
                Value.cast(word.data).eq(merged[:-1]),
                word.mark.eq(merged[-1]),
                word.last.eq(turns.last),
            ]
        m.d.comb += [
            skid.i_valid.eq(valid),
            skid.i.eq(word),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]

    def _section(
        self, m: Module, name: str, track: Track, wait: int, enable: Value, valid: Value, piece: Value
    ) -> Section:
        """Pieces as words in a queue."""
        placer = m.submodules[f"{name}_placer"] = placer_of(track)
        layout = data.StructLayout({"data": track.word, "mark": 1})
        section = m.submodules[name] = Section(layout, wait + SLACK)
        m.d.comb += [
            placer.enable.eq(enable),
            placer.i_valid.eq(valid),
            placer.i.eq(piece),
            placer.i_mark.eq(self.i.p.mark),
            section.push.eq(placer.o_valid & enable),
            section.tail.data.eq(placer.o),
            section.tail.mark.eq(placer.o_mark),
        ]
        return section
