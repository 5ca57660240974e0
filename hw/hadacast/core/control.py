"""Settings at run time: registers behind AXI4-Lite, and a gate that keeps frames from meeting a change."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import Component, In, Out

from hadacast import settings
from hadacast.core.settings import port_shape, shape_of
from hadacast.settings import WORD_BITS, WORD_BYTES, Place, Register, RegisterMap, Table

OKAY, SLVERR = 0, 2

WRITE = data.StructLayout({"data": WORD_BITS, "strobe": WORD_BYTES})
READ = data.StructLayout({"data": WORD_BITS, "response": 2})


def channels(registers: RegisterMap) -> dict[str, Any]:
    """The channels of AXI4-Lite (Arm IHI 0022): 32 bits of data, addresses in bytes."""
    return {
        "aw": In(stream.Signature(registers.address_bits)),
        "w": In(stream.Signature(WRITE)),
        "b": Out(stream.Signature(2)),
        "ar": In(stream.Signature(registers.address_bits)),
        "r": Out(stream.Signature(READ)),
    }


class RegisterBlock(Component):
    """Registers and tables of a RegisterMap, one access at a time.

    A write that must not be answers SLVERR and changes nothing: to an address without a register, to what can
    only be read, to a setting while frames are inside the core, with a value out of range, or of a table's
    word with a byte missing. Tables can't be read.

    Members
    -------
    aw, w, b, ar, r: the channels of AXI4-Lite, as in channels().
    hold: frames shall wait outside. idle: none is inside, and none comes in.
    frame_error: a pulse for each broken frame; they are counted here.
    set_NAME: of each setting, by Place.name (hadacast.core.settings).
    """

    def __init__(self, registers: RegisterMap):
        self.map = registers
        super().__init__(
            {
                **channels(registers),
                "hold": Out(1),
                "idle": In(1),
                "frame_error": In(1),
                **{f"set_{place.name}": Out(port_shape(place.setting)) for place in registers.places},
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        self._writes(m)
        self._reads(m)
        return m

    def _writes(self, m: Module) -> None:
        """Address and data are taken together; the next cycle finds whose they are, the one after it says
        whether they are allowed, and answers."""
        word = Signal(self.map.address_bits - 2)
        written = Signal(WRITE)
        looks, judges, takes = Signal(), Signal(), Signal()
        m.d.comb += [
            takes.eq(self.aw.valid & self.w.valid & ~looks & ~judges & ~self.b.valid),
            self.aw.ready.eq(takes),
            self.w.ready.eq(takes),
        ]
        m.d.sync += [looks.eq(takes), judges.eq(looks)]
        with m.If(takes):
            m.d.sync += [word.eq(self.aw.payload[2:]), written.eq(self.w.payload)]
        with m.If(self.b.valid & self.b.ready):
            m.d.sync += self.b.valid.eq(0)

        good = Signal()
        for place in self.map.places:
            hit = Signal(name=f"hit_{place.name}")
            m.d.sync += hit.eq(looks & self.idle & _at(place, word))
            write = self._write_register if isinstance(place.setting, Register) else self._write_row
            allowed = write(m, place, word, written, hit)
            with m.If(hit):
                m.d.comb += good.eq(allowed)
        controls = Signal()
        m.d.sync += controls.eq(looks & (word == settings.CONTROL // WORD_BYTES))
        with m.If(controls):
            m.d.comb += good.eq(1)
            with m.If(written.strobe[0]):
                m.d.sync += self.hold.eq(written.data[0])
        with m.If(judges):
            m.d.sync += [self.b.valid.eq(1), self.b.payload.eq(Mux(good, OKAY, SLVERR))]

    def _write_register(self, m: Module, place: Place, word: Value, written: Any, hit: Value) -> Value:
        register = place.setting
        assert isinstance(register, Register)
        value = Signal(shape_of(register), init=register.init, name=f"register_{place.name}")
        m.d.comb += getattr(self, f"set_{place.name}").eq(value)
        extended = Signal(Shape(WORD_BITS, register.signed))
        new = Signal(Shape(WORD_BITS, register.signed))
        m.d.comb += extended.eq(value)
        for byte in range(WORD_BYTES):
            part = slice(8 * byte, 8 * byte + 8)
            m.d.comb += new[part].eq(Mux(written.strobe[byte], written.data[part], extended[part]))
        good = Signal(name=f"good_{place.name}")
        m.d.comb += good.eq((new >= register.low) & (new <= register.high))
        with m.If(hit & good):
            m.d.sync += value.eq(new)
        return good

    def _write_row(self, m: Module, place: Place, word: Value, written: Any, hit: Value) -> Value:
        table = place.setting
        assert isinstance(table, Table)
        port = getattr(self, f"set_{place.name}")
        words = -(-table.width // WORD_BITS)
        row_bits = (table.row_words - 1).bit_length()
        part, row = word[:row_bits], word[row_bits:]
        # A row's number counts from the table's address, a multiple of its size.
        number = row[: (table.depth - 1).bit_length()]
        low = [Signal(WORD_BITS, name=f"low_{place.name}_{i}", reset_less=True) for i in range(words - 1)]
        good = Signal(name=f"good_{place.name}")
        m.d.comb += good.eq(written.strobe.all() & (number < table.depth) & (part < words))
        for i, register in enumerate(low):
            with m.If(hit & good & (part == i)):
                m.d.sync += register.eq(written.data)
        m.d.comb += [
            port.enable.eq(hit & good & (part == words - 1)),
            port.row.eq(number),
            port.data.eq(Cat(*low, written.data)),
        ]
        return good

    def _reads(self, m: Module) -> None:
        """As writes go: an address is taken, found, answered."""
        word = Signal(self.map.address_bits - 2)
        looks, answers, takes = Signal(), Signal(), Signal()
        m.d.comb += [takes.eq(self.ar.valid & ~looks & ~answers & ~self.r.valid), self.ar.ready.eq(takes)]
        m.d.sync += [looks.eq(takes), answers.eq(looks)]
        with m.If(takes):
            m.d.sync += word.eq(self.ar.payload[2:])
        with m.If(self.r.valid & self.r.ready):
            m.d.sync += self.r.valid.eq(0)
        errors = Signal(range(settings.MAX_FRAME_ERRORS + 1), name="frame_errors")
        with m.If(self.frame_error & (errors != settings.MAX_FRAME_ERRORS)):
            m.d.sync += errors.eq(errors + 1)
        fixed: dict[int, Value] = {
            settings.ID: Const(settings.IDENTITY, WORD_BITS),
            settings.VERSION_AT: Const(settings.VERSION, WORD_BITS),
            settings.CONTROL: self.hold,
            settings.STATUS: self.idle,
            settings.FRAME_ERRORS: errors,
        }
        found = [(word == address // WORD_BYTES, value) for address, value in fixed.items()]
        for place in self.map.places:
            if isinstance(place.setting, Register):
                found.append((_at(place, word), getattr(self, f"set_{place.name}")))
        hits = Signal(len(found))
        m.d.sync += hits.eq(Cat(hit for hit, _ in found))
        with m.If(answers):
            m.d.sync += [self.r.valid.eq(1), self.r.p.response.eq(Mux(hits.any(), OKAY, SLVERR))]
            m.d.sync += self.r.p.data.eq(0)
            for hit, (_, value) in zip(hits, found, strict=True):
                with m.If(hit):
                    m.d.sync += self.r.p.data.eq(value)


def _at(place: Place, word: Signal) -> Value:
    """Whether a word's address is in a setting."""
    size = (place.setting.words - 1).bit_length()
    return word[size:] == place.address // WORD_BYTES >> size


class Gate(Component):
    """Stops the stream between two frames, and says when all that came before has left.

    Members
    -------
    i, o: beats, whole frames, `last` on the last one of each, `mark` there on a broken one's.
    hold: no frame shall begin.
    left: a bit for each stream that leaves the core: a frame has. idle: none is inside, and none comes in.

    Parameters
    ----------
    shape: of a beat. streams: how many leave. drain: cycles in which a broken frame, whose leaving nobody
    sees, has gone for certain.
    """

    FRAMES = 16  # bits of the count of frames inside; a core holds far fewer

    def __init__(self, shape: data.Layout, streams: int, drain: int):
        self.drain = drain
        super().__init__(
            {
                "i": In(stream.Signature(shape)),
                "o": Out(stream.Signature(shape)),
                "hold": In(1),
                "left": In(streams),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        closed, within, still_within = Signal(), Signal(), Signal()
        passes = Signal()
        m.d.comb += [
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & ~closed),
            self.i.ready.eq(self.o.ready & ~closed),
            passes.eq(self.o.valid & self.o.ready),
            still_within.eq(Mux(passes, ~self.i.p.last, within)),
        ]
        m.d.sync += [within.eq(still_within), closed.eq(self.hold & ~still_within)]

        # Counted a cycle late, or two: what says so comes from far, and the count is asked later still.
        enters, leaves = Signal(), Signal.like(self.left)
        m.d.sync += [enters.eq(passes & self.i.p.last & ~self.i.p.mark), leaves.eq(self.left)]
        empty = []
        for stream_, left in enumerate(leaves):
            inside = Signal(self.FRAMES, name=f"inside_{stream_}")
            m.d.sync += inside.eq(inside + enters - left)
            empty.append(inside == 0)
        gone = Signal()
        m.d.sync += gone.eq(Cat(*empty).all())
        # Nothing that leaves can hold up what is left of broken frames once the others are gone.
        quiet = Signal(range(self.drain + 1))
        drained = Signal()
        with m.If(~closed | ~gone):
            m.d.sync += [quiet.eq(0), drained.eq(0)]
        with m.Elif(~drained):
            m.d.sync += [quiet.eq(quiet + 1), drained.eq(quiet == self.drain)]
        m.d.sync += self.idle.eq(closed & self.hold & gone & drained)
        return m
