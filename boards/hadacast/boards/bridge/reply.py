"""Replies to the host: results, identity, errors; one packet after another."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc import catalog
from amaranth.lib.wiring import In, Out

from hadacast.boards.bridge.request import NOTICE
from hadacast.boards.bridge.slip import ENCODED
from hadacast.spec.pipeline import Pipeline
from hadacast.talk.protocol import Descriptor, Status


class ReplyWriter(wiring.Component):
    """Writes reply packets. Notices go before results that wait; nothing interrupts a packet.

    Parameters: `spec`, the core's Pipeline; `beat`, the payload layout of the core's output.
    Members: `i`, the core's output; `tag`, the tag of each of its frames, in order; `notice`, replies
    that aren't results; `o`, packet bytes and ENDs.
    """

    def __init__(self, spec: Pipeline, beat: data.StructLayout):
        self._spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(beat)),
                "tag": In(stream.Signature(8)),
                "notice": In(stream.Signature(NOTICE)),
                "o": Out(stream.Signature(ENCODED)),
            }
        )

    def elaborate(self, platform):
        spec, size = self._spec, self._spec.output.bytes
        beat_bytes = spec.out_lanes * size
        identity = Descriptor.of(spec).pack()
        m = Module()
        m.submodules.crc = crc = catalog.CRC16_IBM_3740().create()

        status = Signal(8)
        tag = Signal(8)
        beat = Signal(8 * beat_bytes)
        last = Signal()
        left = Signal(range(max(beat_bytes, len(identity))))

        wide = []  # lanes, sign- or zero-extended to whole bytes
        for lane in range(spec.out_lanes):
            shape = signed(8 * size) if spec.output.signed else unsigned(8 * size)
            wide.append(Signal(shape, name=f"wide{lane}"))
            m.d.comb += wide[lane].eq(self.i.p.data[lane])

        sent = Signal()
        m.d.comb += [sent.eq(self.o.valid & self.o.ready), crc.data.eq(self.o.p.data)]

        def send(byte, then, checked=True):
            m.d.comb += [self.o.valid.eq(1), self.o.p.data.eq(byte), crc.valid.eq(sent & checked)]
            with m.If(sent):
                m.next = then

        def end(then):
            m.d.comb += [self.o.valid.eq(1), self.o.p.end.eq(1)]
            with m.If(sent):
                m.next = then

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                with m.If(self.notice.valid):
                    m.d.comb += self.notice.ready.eq(1)
                    m.d.sync += [status.eq(self.notice.p.status), tag.eq(self.notice.p.tag)]
                    m.next = "OPEN"
                with m.Elif(self.i.valid & self.tag.valid):
                    m.d.comb += self.tag.ready.eq(1)
                    good = Mux(self.i.p.mark, Status.OK_AFTER_DROP, Status.OK)
                    m.d.sync += [status.eq(good), tag.eq(self.tag.p)]
                    m.next = "OPEN"
            with m.State("OPEN"):
                end("STATUS")
            with m.State("STATUS"):
                send(status, "TAG")
            with m.State("TAG"):
                send(tag, "CRC HIGH")
                with m.If(sent):
                    m.d.sync += left.eq(len(identity) - 1)
                    with m.If(status == Status.IDENTITY):
                        m.next = "IDENTITY"
                    with m.Elif((status == Status.OK) | (status == Status.OK_AFTER_DROP)):
                        m.next = "LOAD"
            with m.State("IDENTITY"):
                rom = Array([Const(byte, 8) for byte in reversed(identity)])
                send(rom[left], "IDENTITY")
                with m.If(sent):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 0):
                        m.next = "CRC HIGH"
            with m.State("LOAD"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += [beat.eq(Cat(*wide)), last.eq(self.i.p.last), left.eq(beat_bytes - 1)]
                with m.If(self.i.valid):
                    m.next = "ELEMENTS"
            with m.State("ELEMENTS"):
                send(beat[:8], "ELEMENTS")
                with m.If(sent):
                    m.d.sync += [beat.eq(beat[8:]), left.eq(left - 1)]
                    with m.If((left == 0) & last):
                        m.next = "CRC HIGH"
                    with m.Elif(left == 0):
                        m.next = "LOAD"
            with m.State("CRC HIGH"):
                send(crc.crc[8:], "CRC LOW", checked=False)
            with m.State("CRC LOW"):
                send(crc.crc[:8], "CLOSE", checked=False)
            with m.State("CLOSE"):
                end("IDLE")
        return m
