"""Requests from the host: their elements go straight into the core, without a packet buffer."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc import catalog
from amaranth.lib.wiring import In, Out

from hadacast.boards.bridge.slip import DECODED
from hadacast.spec.pipeline import Pipeline
from hadacast.talk import protocol
from hadacast.talk.protocol import Request, Status

# A reply that doesn't come from the core.
NOTICE = data.StructLayout({"status": 8, "tag": 8})


class RequestReader(wiring.Component):
    """Checks requests and feeds the core.

    A beat goes to the core as soon as its last byte is in; the frame's last beat waits for the CRC.
    If that is right, the beat ends the frame. If anything is wrong, the frame is made one that the
    core drops by its own rule: its TLAST comes early, or late where the next beat would have been
    the last anyway. So nothing of a bad request ever leaves the core, whatever its length.

    The shift register that assembles a beat also holds it until the core takes it: for a byte's time
    at least. If the core hasn't by then, because replies back up, the packet is let go and answered
    OVERRUN.

    Parameters: `spec`, the core's Pipeline; `beat`, the payload layout of the core's input.
    Members: `i`, decoded bytes, at least 2 cycles apart; `o`, beats for the core; `tag`, the tag of
    each frame whose last beat goes to the core; `notice`, replies that aren't results, offered for
    one cycle; `busy`, a beat waits for the core. A tag that finds no room makes an OVERRUN; a notice
    that finds none is lost, which takes a host that sends without listening.
    """

    def __init__(self, spec: Pipeline, beat: data.StructLayout):
        self._spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(DECODED, always_ready=True)),
                "o": Out(stream.Signature(beat)),
                "tag": Out(stream.Signature(8)),
                "notice": Out(stream.Signature(NOTICE)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        spec, size = self._spec, self._spec.input.bytes
        beat_bytes = spec.in_lanes * size
        m = Module()
        m.submodules.crc = crc = catalog.CRC16_IBM_3740().create()

        shift = Signal(8 * beat_bytes)
        offer = Signal()  # the beat in `shift` waits for the core
        last = Signal()
        aborts = Signal(2)  # beats still to be sent to end a bad frame
        busy = self.busy
        sent = Signal(range(spec.in_beats))  # beats of this frame that went, or are on offer, to the core

        identify = Signal()
        tag = Signal(8)
        left = Signal(range(max(beat_bytes, protocol.CRC_BYTES)))  # of this beat, or of the CRC
        damaged = Signal()  # a byte of this packet before this one was bad
        intact = Signal()
        fail = Signal()
        status = Signal(8)

        byte, more, end = self.i.p.data, Signal(), Signal()
        m.d.comb += [
            more.eq(self.i.valid & ~self.i.p.end),
            end.eq(self.i.valid & self.i.p.end),
            crc.data.eq(byte),
            crc.valid.eq(more),
            crc.start.eq(end),
            intact.eq(crc.match_detected & ~damaged & ~self.i.p.bad),
            self.o.valid.eq(offer),
            self.o.p.last.eq(last),
            busy.eq(offer | (aborts != 0)),
            self.tag.p.eq(tag),
            self.notice.p.tag.eq(tag),
            self.notice.p.status.eq(status),
        ]
        for lane in range(spec.in_lanes):
            m.d.comb += self.o.p.data[lane].eq(shift[8 * size * lane :][: spec.input.width])

        with m.If(offer & self.o.ready):
            m.d.sync += offer.eq(0)
        with m.If(~offer & (aborts != 0)):
            m.d.sync += [offer.eq(1), last.eq(aborts == 1), aborts.eq(aborts - 1)]
        with m.If(self.i.valid):
            m.d.sync += damaged.eq((damaged | self.i.p.bad) & ~self.i.p.end)

        def ends(status_then):
            """The packet ends here, in a state where it must not."""
            m.d.comb += status.eq(status_then)
            with m.If(end):
                m.d.comb += fail.eq(1)
                m.next = "HEADER"

        with m.FSM():
            with m.State("HEADER"):
                m.d.sync += [sent.eq(0), left.eq(protocol.CRC_BYTES - 1), tag.eq(protocol.NO_TAG)]
                with m.If(more):
                    m.d.sync += identify.eq(byte == Request.IDENTIFY)
                    m.next = "TAG"
                    with m.If((byte != Request.IDENTIFY) & (byte != Request.TRANSFORM)):
                        m.next = "UNKNOWN TAG"
                # Nothing between two ENDs is nothing, unless the line was noisy.
                m.d.comb += [fail.eq(end & self.i.p.bad), status.eq(Status.CRC)]
            with m.State("TAG"):
                with m.If(more):
                    m.d.sync += tag.eq(byte)
                    m.next = "CRC"
                    with m.If(~identify):
                        m.d.sync += left.eq(beat_bytes - 1)
                        m.next = "ELEMENTS"
                ends(Status.SHORT)
            with m.State("ELEMENTS"):
                with m.If(more & busy):
                    m.next = "OVERRUN"
                with m.Elif(more):
                    m.d.sync += [shift.eq(Cat(shift, byte)[8:]), left.eq(left - 1)]
                    with m.If(left == 0):
                        with m.If(sent == spec.in_beats - 1):
                            m.d.sync += left.eq(protocol.CRC_BYTES - 1)
                            m.next = "CRC"
                        with m.Else():
                            m.d.sync += [left.eq(beat_bytes - 1), offer.eq(1), last.eq(0), sent.eq(sent + 1)]
                ends(Status.SHORT)
            with m.State("CRC"):
                with m.If(more):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 0):
                        m.next = "COMPLETE"
                ends(Status.SHORT)
            with m.State("COMPLETE"):
                with m.If(more):
                    m.next = "LONG"
                with m.Elif(end):
                    m.next = "HEADER"
                    with m.If(~intact):
                        m.d.comb += [status.eq(Status.CRC), fail.eq(1)]
                    with m.Elif(identify):
                        m.d.comb += [status.eq(Status.IDENTITY), self.notice.valid.eq(1)]
                    with m.Else():
                        # The core took all beats before this one, or a byte would have met `busy`.
                        m.d.comb += self.tag.valid.eq(1)
                        m.d.comb += [status.eq(Status.OVERRUN), fail.eq(~self.tag.ready)]
                        m.d.sync += [offer.eq(self.tag.ready), last.eq(1)]
            with m.State("LONG"):
                ends(Status.LONG)
            with m.State("OVERRUN"):
                ends(Status.OVERRUN)
            with m.State("UNKNOWN TAG"):
                with m.If(more):
                    m.d.sync += tag.eq(byte)
                    m.next = "UNKNOWN"
                ends(Status.SHORT)
            with m.State("UNKNOWN"):  # its length is unknown too, so only the CRC tells news from noise
                ends(Mux(intact, Status.KIND, Status.CRC))

        with m.If(fail):
            m.d.comb += self.notice.valid.eq(1)
            with m.If(sent != 0):
                m.d.sync += aborts.eq(Mux(sent == spec.in_beats - 1, 2, 1))
        return m
