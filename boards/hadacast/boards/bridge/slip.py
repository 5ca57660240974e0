"""SLIP framing (RFC 1055) as stream components."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hadacast.boards.bridge.uart import RECEIVED
from hadacast.talk import protocol

# A decoded byte, or with `end` the end of a packet, then `data` means nothing. `bad` goes with
# either: a byte came without stop bit, or an escape sequence is none.
DECODED = data.StructLayout({"data": 8, "end": 1, "bad": 1})

# A byte to send, or with `end` an END.
ENCODED = data.StructLayout({"data": 8, "end": 1})


class SlipDecoder(wiring.Component):
    """Received bytes to packet bytes and ends. Empty packets are passed on as lone ends."""

    i: In(stream.Signature(RECEIVED, always_ready=True))
    o: Out(stream.Signature(DECODED, always_ready=True))

    def elaborate(self, platform):
        m = Module()
        escaped = Signal()
        byte, is_escape = self.i.p.data, Signal()
        m.d.comb += [
            is_escape.eq((byte == protocol.ESC) & ~escaped & ~self.i.p.error),
            self.o.valid.eq(self.i.valid & ~is_escape),
            self.o.p.data.eq(byte),
            self.o.p.end.eq(byte == protocol.END),
            self.o.p.bad.eq(self.i.p.error),
        ]
        with m.If(escaped), m.Switch(byte):
            with m.Case(protocol.ESC_END):
                m.d.comb += self.o.p.data.eq(protocol.END)
            with m.Case(protocol.ESC_ESC):
                m.d.comb += self.o.p.data.eq(protocol.ESC)
            with m.Default():
                m.d.comb += self.o.p.bad.eq(1)
        with m.If(self.i.valid):
            m.d.sync += escaped.eq(is_escape)
        return m


class SlipEncoder(wiring.Component):
    """Packet bytes and ends to bytes on the wire."""

    i: In(stream.Signature(ENCODED))
    o: Out(stream.Signature(8))

    def elaborate(self, platform):
        m = Module()
        escaped = Signal()  # the ESC is out, its second byte is next
        byte = self.i.p.data
        special = Signal()
        m.d.comb += [
            special.eq(((byte == protocol.END) | (byte == protocol.ESC)) & ~self.i.p.end),
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready & (~special | escaped)),
        ]
        with m.If(self.i.p.end):
            m.d.comb += self.o.p.eq(protocol.END)
        with m.Elif(special & ~escaped):
            m.d.comb += self.o.p.eq(protocol.ESC)
        with m.Elif(special):
            m.d.comb += self.o.p.eq(Mux(byte == protocol.END, protocol.ESC_END, protocol.ESC_ESC))
        with m.Else():
            m.d.comb += self.o.p.eq(byte)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += escaped.eq(special & ~escaped)
        return m
