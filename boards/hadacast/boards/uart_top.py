"""The whole of a board: serial port, packets, core."""

from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import io, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out, connect

from hadacast.boards.board import Board
from hadacast.boards.bridge.reply import ReplyWriter
from hadacast.boards.bridge.request import NOTICE, RequestReader
from hadacast.boards.bridge.slip import SlipDecoder, SlipEncoder
from hadacast.boards.bridge.uart import UartRx, UartTx, divisor
from hadacast.core.pipeline import PipelineCore
from hadacast.errors import HadacastError
from hadacast.spec.pipeline import Pipeline

# Frames in the core whose replies haven't begun, and notices that wait for their turn. A host that
# keeps one request outstanding needs one of each; the second is for noise, and hosts that don't.
QUEUE = 2

BLINK = 16  # an LED shows activity for 1/16 s at least


class UartTop(wiring.Component):
    """A core behind a UART, by its ports alone.

    Parameters: `spec`; `divisor`, clock cycles a bit, 4 or more; `core`, a component with the ports
    of `PipelineCore(spec)`, which is the default.
    Raises HadacastError for a core that has ports beside its two streams.
    Members: `rx`, `tx`, the lines as the board sees them, idle high; `active`, high while a byte is
    on either line.
    """

    rx: In(1, init=1)
    tx: Out(1, init=1)
    active: Out(1)

    def __init__(self, spec: Pipeline, *, divisor: int, core: wiring.Component | None = None):
        if spec.scales is not None:
            raise HadacastError(
                "layout is 'stream': a UART carries one stream; it must be beside, ahead or behind"
            )
        if spec.random_bits:
            raise HadacastError("random is 'port': nothing on a board drives it; it must be xorshift32")
        self._spec, self._divisor = spec, divisor
        self._core: Any = PipelineCore(spec) if core is None else core
        super().__init__()

    def elaborate(self, platform: Any) -> Module:
        core = self._core
        m = Module()
        m.submodules.core = core
        m.submodules.uart_rx = uart_rx = UartRx(self._divisor)
        m.submodules.uart_tx = uart_tx = UartTx(self._divisor)
        m.submodules.decoder = decoder = SlipDecoder()
        m.submodules.encoder = encoder = SlipEncoder()
        m.submodules.reader = reader = RequestReader(self._spec, core.i.p.shape())
        m.submodules.writer = writer = ReplyWriter(self._spec, core.o.p.shape())
        m.submodules.tags = tags = SyncFIFO(width=8, depth=QUEUE)
        m.submodules.notices = notices = SyncFIFO(width=NOTICE.size, depth=QUEUE)

        m.d.comb += [uart_rx.pin.eq(self.rx), self.tx.eq(uart_tx.pin), self.active.eq(~self.rx | ~self.tx)]
        connect(m, uart_rx.o, decoder.i)
        connect(m, decoder.o, reader.i)
        connect(m, reader.o, core.i)
        connect(m, reader.tag, tags.w_stream)
        connect(m, core.o, writer.i)
        connect(m, tags.r_stream, writer.tag)
        connect(m, writer.o, encoder.i)
        connect(m, encoder.o, uart_tx.i)

        # A core takes up to a frame's time to be rid of a broken frame. Its error reply waits for
        # that, so that a host that tries again at once isn't early.
        calm = Signal()
        m.d.comb += [
            calm.eq(core.i.ready & ~reader.busy),
            notices.w_data.eq(reader.notice.p),
            notices.w_en.eq(reader.notice.valid),
            reader.notice.ready.eq(notices.w_rdy),
            writer.notice.p.eq(notices.r_data),
            writer.notice.valid.eq(notices.r_rdy & calm),
            notices.r_en.eq(writer.notice.ready & calm),
        ]
        return m


class BoardTop(Elaboratable):
    """The top for a board: `UartTop` on its default clock, its `uart` resource 0, and its first LED.

    Works on any amaranth-boards platform with such a resource, not only the board's own.
    Elaboration raises HadacastError if the platform's clock misses the board's baud rate.
    """

    def __init__(self, spec: Pipeline, board: Board):
        self._spec, self._baud = spec, board.baud

    def elaborate(self, platform: Any) -> Module:
        clock = platform.default_clk_frequency
        cycles = divisor(clock, self._baud)
        m = Module()
        m.submodules.top = top = UartTop(self._spec, divisor=cycles)
        uart = platform.request("uart", 0, dir="-")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [top.rx.eq(rx.i), tx.o.eq(top.tx)]
        if ("led", 0) in platform.resources:
            m.submodules.led = led = io.Buffer("o", platform.request("led", 0, dir="-"))
            lit = int(clock / BLINK)
            timer = Signal(range(lit + 1))
            with m.If(top.active):
                m.d.sync += timer.eq(lit)
            with m.Elif(timer != 0):
                m.d.sync += timer.eq(timer - 1)
            m.d.comb += led.o.eq(timer != 0)
        return m
