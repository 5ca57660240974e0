"""The hardware of unpacking: bytes on a bus as codes, with their sides."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.count import counter, within
from hadacast.core.packing.fetcher import Fetcher, word_layout
from hadacast.core.packing.section import Section
from hadacast.core.packing.shared_sides import AHEAD, SharedSides
from hadacast.core.packing.turns import Turns
from hadacast.core.queue import RAM_STYLES
from hadacast.core.span import Skid
from hadacast.spec import unpack as spec_module
from hadacast.tech.family import of_platform
from hadacast.track import Track

# Words that a section's queue holds beyond those that wait for the other section.
SLACK = 16


class Unpack(Component):
    """The hardware of an Unpack spec, a beat of elements per clock.

    Members
    -------
    i: beats of bytes of good frames. o: beats of elements and their sides (hadacast.core.beat.flowing).

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Unpack):
        self.spec = spec
        self.latency = spec.latency
        self.packed = spec.packed
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(self.packed, self.packed.bus))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        packed = self.packed
        if packed.layout == "beside":
            if packed.block.rows > 1 and packed.side_bits:
                self._rows(m, platform)
            else:
                self._wires(m)
        elif packed.sectioned:
            self._sections(m)
        else:
            self._words(m)
        return m

    # Layout "beside"

    def _beat(self) -> tuple[Value, Value]:
        """The codes and the sides in the beat at the input."""
        bits, packed = Value.cast(self.i.p.data), self.packed
        return bits[: packed.code_bits], bits[packed.code_bits : packed.code_bits + packed.side_bits]

    def _wires(self, m: Module) -> None:
        codes, sides = self._beat()
        fires = self.i.valid & self.i.ready
        if self.packed.side_bits and self.packed.unit_beats > 1:
            inside = self._inside(m, fires, self._place(m, fires))
            sides = self._held(m, fires, inside, sides)
        m.d.comb += [
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready),
            self.o.p.last.eq(self.i.p.last),
            self.o.p.mark.eq(self.i.p.mark),
        ]
        self._shape(m, self.o.p, codes, sides)

    def _place(self, m: Module, fires: Value) -> Signal:
        """The number of a beat of elements in its frame."""
        return counter(m, fires, self.spec.beats, "place")

    def _inside(self, m: Module, fires: Value, place: Signal) -> Value:
        """Its number among the beats of its unit."""
        return within(m, fires, place, self.packed.unit_beats, "inside")

    def _held(self, m: Module, fires: Value, inside: Value, sides: Value) -> Value:
        """The sides in the first beat of a unit, for all its beats."""
        held, found = Signal(len(sides), reset_less=True), Signal(len(sides))
        m.d.comb += found.eq(Mux(inside == 0, sides, held))
        with m.If(fires):
            m.d.sync += held.eq(found)
        return found

    def _rows(self, m: Module, platform: Any) -> None:
        """Sides that come with the first row, and are kept for those behind it."""
        packed = self.packed
        codes, sides = self._beat()
        skid = m.submodules.skid = Skid(self.o.p.shape())
        fires = Signal()
        m.d.comb += [self.i.ready.eq(skid.enable), fires.eq(self.i.valid & skid.enable)]
        place = self._place(m, fires)
        across = packed.units * packed.unit_beats
        inside = self._inside(m, fires, place)
        unit = Signal(range(packed.units))
        if across & (across - 1) == 0:
            m.d.comb += unit.eq((place & (across - 1)) >> (packed.unit_beats - 1).bit_length())
        else:
            ends = inside == packed.unit_beats - 1
            m.d.comb += unit.eq(counter(m, fires & ends, packed.units, "unit_number"))
        if packed.unit_beats > 1:
            sides = self._held(m, fires, inside, sides)
        valid = Signal()
        arrived = Signal(
            data.StructLayout(
                {
                    "codes": len(codes),
                    "sides": len(sides),
                    "first": 1,
                    "unit": len(unit),
                    "last": 1,
                    "mark": 1,
                }
            ),
            reset_less=True,
        )
        with m.If(skid.enable):
            m.d.sync += [
                valid.eq(self.i.valid),
                arrived.codes.eq(codes),
                arrived.sides.eq(sides),
                arrived.first.eq(place < across),
                arrived.unit.eq(unit),
                arrived.last.eq(self.i.p.last),
                arrived.mark.eq(self.i.p.mark),
            ]
        writes = valid & arrived.first & skid.enable
        if packed.units == 1:
            kept: Value = Signal(len(sides), reset_less=True)
            with m.If(writes):
                m.d.sync += kept.eq(arrived.sides)
        else:
            # A unit is read a row or more after it is written, which is two beats or more.
            style = RAM_STYLES[of_platform(platform).storage(packed.units)]
            memory = m.submodules.memory = Memory(
                shape=len(sides),
                depth=packed.units,
                init=[],
                attrs={"ram_style": style, "no_rw_check": 1},
            )
            write, read = memory.write_port(), memory.read_port()
            m.d.comb += [
                write.en.eq(writes),
                write.addr.eq(arrived.unit),
                write.data.eq(arrived.sides),
                read.en.eq(skid.enable),
                read.addr.eq(unit),
            ]
            kept = read.data
        m.d.comb += [
            skid.i_valid.eq(valid),
            skid.i.last.eq(arrived.last),
            skid.i.mark.eq(arrived.mark),
            self.o.valid.eq(skid.o.valid),
            self.o.payload.eq(skid.o.payload),
            skid.o.ready.eq(self.o.ready),
        ]
        self._shape(m, skid.i, arrived.codes, Mux(arrived.first, arrived.sides, kept))

    # Layouts with tracks

    def _words(self, m: Module) -> None:
        """One track: codes, with the sides of their block ahead of them."""
        packed = self.packed
        track = packed.codes_track
        fetcher = m.submodules.fetcher = Fetcher(track)
        m.d.comb += [
            fetcher.i.valid.eq(self.i.valid),
            fetcher.i.p.data.eq(self.i.p.data),
            fetcher.i.p.mark.eq(self.i.p.mark),
            self.i.ready.eq(fetcher.i.ready),
            self.o.valid.eq(fetcher.o.valid),
            fetcher.o.ready.eq(self.o.ready),
            self.o.p.mark.eq(fetcher.o.p.mark),
        ]
        fires = self.o.valid & self.o.ready
        place = self._place(m, fires)
        m.d.comb += self.o.p.last.eq(place == self.spec.beats - 1)
        piece, sides = fetcher.o.p.data, Value.cast(0)
        codes: Value = piece[: packed.code_bits]
        if track.head:
            inside = self._inside(m, fires, place)
            codes = Mux(inside == 0, piece[track.head :], codes)
            sides = self._held(m, fires, inside, piece[: packed.side_bits])
        self._shape(m, self.o.p, codes, sides)

    def _sections(self, m: Module) -> None:
        """Two tracks: each section's words wait in a queue."""
        packed = self.packed
        rows = packed.block.rows > 1
        codes_track, sides_track = packed.codes_track, packed.sides_track
        behind = packed.layout == "behind"
        if rows:  # they are taken as fast as they come
            sides_track = replace(sides_track, gap=1)
        shared = packed.units if rows else 0
        # Codes wait for the sides behind them, or for those ahead to be shared by rows.
        wait = sides_track.words + shared + (codes_track.words if behind else 0)
        codes = self._section(m, "codes", codes_track, wait)
        sides = self._section(m, "sides", sides_track, 2 * sides_track.words)

        turns = m.submodules.turns = Turns(packed)
        fires = Signal()
        first, second = (codes, sides) if behind else (sides, codes)
        m.d.comb += [
            self.i.ready.eq(codes[0].room & sides[0].room),
            fires.eq(self.i.valid & self.i.ready),
            turns.step.eq(fires),
            first[0].push.eq(fires & turns.first),
            second[0].push.eq(fires & turns.second),
        ]

        source = sides[1].o
        if rows:
            across = packed.units * packed.unit_beats
            bank = m.submodules.shared = SharedSides(
                packed.side_bits, packed.units, self.spec.beats // across
            )
            m.d.comb += [
                bank.i.valid.eq(source.valid),
                bank.i.payload.eq(source.payload),
                source.ready.eq(bank.i.ready),
            ]
            source = bank.o
        else:
            # What stands still while a unit lasts is this queue, not the fetcher.
            ahead = m.submodules.ahead = Section(source.p.shape(), AHEAD)
            m.d.comb += [
                ahead.push.eq(source.valid & ahead.room),
                ahead.tail.eq(source.p),
                source.ready.eq(ahead.room),
            ]
            source = stream.Signature(source.p.shape()).create()
            m.d.comb += [
                source.valid.eq(ahead.valid),
                source.payload.eq(ahead.head),
                ahead.pop.eq(source.valid & source.ready),
            ]
        pieces = codes[1].o
        leaves = Signal()
        place = self._place(m, leaves)
        last_of_unit = self._inside(m, leaves, place) == packed.unit_beats - 1
        m.d.comb += [
            self.o.valid.eq(pieces.valid & source.valid),
            leaves.eq(self.o.valid & self.o.ready),
            pieces.ready.eq(leaves),
            source.ready.eq(leaves & last_of_unit),
            self.o.p.last.eq(place == self.spec.beats - 1),
            # Before broken frames are dropped, the last word of one has the mark, of either section.
            self.o.p.mark.eq(pieces.p.mark | source.p.mark),
        ]
        self._shape(m, self.o.p, pieces.p.data, source.p.data)

    def _section(self, m: Module, name: str, track: Track, wait: int) -> tuple[Section, Fetcher]:
        """A queue of words, and what takes pieces out of them."""
        section = m.submodules[name] = Section(word_layout(track), wait + SLACK)
        fetcher = m.submodules[f"{name}_fetcher"] = Fetcher(track)
        m.d.comb += [
            section.tail.data.eq(self.i.p.data),
            section.tail.mark.eq(self.i.p.mark),
            fetcher.i.valid.eq(section.valid),
            fetcher.i.payload.eq(section.head),
            section.pop.eq(section.valid & fetcher.i.ready),
        ]
        return section, fetcher

    def _shape(self, m: Module, payload: data.View, codes: Value, sides: Value) -> None:
        """Bits as lanes and sides of a beat."""
        packed, block = self.packed, self.packed.block
        names = {name: width for name, (width, _) in block.sides.items()}
        by_group = packed.side_bits // packed.unit_groups
        at = 0
        for name, width in names.items():
            for slot in range(beat.groups(block, self.spec.lanes)):
                low = slot % packed.unit_groups * by_group + at
                m.d.comb += payload[name][slot].eq(sides[low : low + width])
            at += width
        for lane in range(self.spec.lanes):
            code = codes.word_select(lane, block.width)
            if block.wide is not None and block.element.width < block.width:
                # Codes of the other groups are narrower, in the low bits.
                short: Value = code[: block.element.width]
                if block.signed:
                    short = short.as_signed()
                narrow = Signal(payload.data[lane].shape(), name=f"narrow_{lane}")
                m.d.comb += narrow.eq(short)
                code = Mux(payload.wide[lane // block.group], code, narrow.as_unsigned())
            m.d.comb += payload.data[lane].eq(code)
