"""A UART: 8 data bits, no parity, 1 stop bit, least significant bit first."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from hadacast import checks
from hadacast.errors import HadacastError

MIN_DIVISOR = 4  # below, the middle of a bit can't be told from its edges
MAX_ERROR = 0.01  # of the baud rate; ten bits stay aligned up to about 4 %, shared with the host

# A received byte; `error` is set if its stop bit was missing.
RECEIVED = data.StructLayout({"data": 8, "error": 1})


def divisor(clock: float, baud: int) -> int:
    """Clock cycles a bit, for a clock in Hz.

    Raises HadacastError if the nearest whole number misses `baud` by more than 1 %, or is below 4.
    """
    checks.integer("baud", baud, 300, 20_000_000)
    cycles = max(1, round(clock / baud))
    error = abs(clock / cycles / baud - 1)
    if cycles < MIN_DIVISOR:
        raise HadacastError(
            f"baud is {baud:,}: a {clock / 1e6:g} MHz clock allows at most {int(clock / MIN_DIVISOR):,}"
        )
    if error > MAX_ERROR:
        raise HadacastError(
            f"baud is {baud:,}: a {clock / 1e6:g} MHz clock misses it by {100 * error:.1f} %, at most"
            f" {100 * MAX_ERROR:.0f} % is allowed (115200 is a common choice)"
        )
    return cycles


class UartRx(wiring.Component):
    """Receiver. Offers each byte for one cycle, in the middle of its stop bit.

    Parameters: `divisor`, clock cycles a bit, 4 or more.
    Members: `pin`, the asynchronous line, idle high; `o`, received bytes.
    """

    pin: In(1, init=1)
    o: Out(stream.Signature(RECEIVED, always_ready=True))

    def __init__(self, divisor: int):
        self._divisor = checks.integer("divisor", divisor, MIN_DIVISOR, 1 << 20)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        line = Signal(init=1)
        m.submodules.sync = FFSynchronizer(self.pin, line, init=1)

        timer = Signal(range(self._divisor))
        left = Signal(range(10))  # data bits, then the stop bit, still to come
        shift = Signal(8)
        m.d.comb += [self.o.p.data.eq(shift), self.o.p.error.eq(~line)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += timer.eq(self._divisor // 2 - 1)
                with m.If(~line):
                    m.next = "START"
            with m.State("START"):
                m.d.sync += timer.eq(timer - 1)
                with m.If(timer == 0):
                    m.d.sync += [timer.eq(self._divisor - 1), left.eq(8)]
                    m.next = "BITS"
                    with m.If(line):  # a glitch
                        m.next = "IDLE"
            with m.State("BITS"):
                m.d.sync += timer.eq(timer - 1)
                with m.If(timer == 0):
                    m.d.sync += [timer.eq(self._divisor - 1), left.eq(left - 1)]
                    with m.If(left == 0):
                        m.d.comb += self.o.valid.eq(1)
                        m.next = "HIGH"
                    with m.Else():
                        m.d.sync += shift.eq(Cat(shift[1:], line))
            with m.State("HIGH"), m.If(line):  # so that a break is one bad byte, not many
                m.next = "IDLE"
        return m


class UartTx(wiring.Component):
    """Transmitter, without a pause between bytes that wait.

    Parameters: `divisor`, clock cycles a bit.
    Members: `i`, bytes to send; `pin`, the line, idle high, straight from a flip-flop.
    """

    i: In(stream.Signature(8))
    pin: Out(1, init=1)

    def __init__(self, divisor: int):
        self._divisor = checks.integer("divisor", divisor, MIN_DIVISOR, 1 << 20)
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        timer = Signal(range(self._divisor))
        shift = Signal(10, init=0x3FF)  # start, data, stop; ones follow
        left = Signal(range(11))
        m.d.comb += [self.pin.eq(shift[0]), self.i.ready.eq((left == 0) | ((left == 1) & (timer == 0)))]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                shift.eq(Cat(Const(0, 1), self.i.p, Const(1, 1))),
                left.eq(10),
                timer.eq(self._divisor - 1),
            ]
        with m.Elif(left != 0):
            m.d.sync += timer.eq(timer - 1)
            with m.If(timer == 0):
                m.d.sync += [
                    shift.eq(Cat(shift[1:], Const(1, 1))),
                    left.eq(left - 1),
                    timer.eq(self._divisor - 1),
                ]
        return m
