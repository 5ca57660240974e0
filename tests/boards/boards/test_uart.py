"""The UART against ideal line levels, with the errors that real lines have."""

import pytest
from amaranth.sim import Simulator

from hadacast.boards.bridge.uart import UartRx, UartTx, divisor
from hadacast.errors import HadacastError


def receive(levels: list[tuple[int, float]], cycles: int) -> list[tuple[int, int]]:
    """What a receiver of 16 cycles a bit makes of (level, duration in cycles)."""
    rx = UartRx(16)
    simulator = Simulator(rx)
    simulator.add_clock(1e-6)
    got = []

    async def line(ctx):
        edge = passed = 0
        for level, duration in levels:
            ctx.set(rx.pin, level)
            edge += duration
            while passed < edge:
                await ctx.tick()
                passed += 1
        ctx.set(rx.pin, 1)
        await ctx.tick().repeat(cycles)

    async def watch(ctx):
        while True:
            if ctx.get(rx.o.valid):
                got.append((ctx.get(rx.o.p.data), ctx.get(rx.o.p.error)))
            await ctx.tick()

    simulator.add_testbench(line)
    simulator.add_testbench(watch, background=True)
    simulator.run()
    return got


def levels(data: bytes, bit: float = 16, stop: int = 1) -> list[tuple[int, float]]:
    return [(level, bit) for byte in data for level in (0, *(byte >> i & 1 for i in range(8)), stop)]


@pytest.mark.parametrize("bit", [15.5, 16, 16.5])  # ±3 %
def test_receives_at_rates_nearby(bit):
    data = bytes(range(0, 256, 5)) + b"\x00\xff\xaa\x55"
    assert receive(levels(data, bit), 40) == [(byte, 0) for byte in data]


def test_glitch_is_no_byte():
    assert receive([(1, 20), (0, 4), (1, 40), *levels(b"A")], 40) == [(ord("A"), 0)]


def test_missing_stop_bit_is_an_error_and_a_break_only_one():
    assert receive([(0, 16 * 50), (1, 40), *levels(b"A")], 40) == [(0, 1), (ord("A"), 0)]


def test_transmits_exact_levels_without_pauses():
    tx = UartTx(5)
    simulator = Simulator(tx)
    simulator.add_clock(1e-6)
    data, line = b"\x00\xffU\x81", []

    async def feed(ctx):
        for byte in data:
            ctx.set(tx.i.payload, byte)
            ctx.set(tx.i.valid, 1)
            await ctx.tick().until(tx.i.ready)
        ctx.set(tx.i.valid, 0)
        await ctx.tick().repeat(60)

    async def watch(ctx):
        while True:
            line.append(ctx.get(tx.pin))
            await ctx.tick()

    simulator.add_testbench(feed)
    simulator.add_testbench(watch, background=True)
    simulator.run()
    start = line.index(0)
    assert line[start : start + 5 * 40] == [level for level, _ in levels(data) for _ in range(5)]
    assert all(line[start + 5 * 40 :])


def test_divisor_takes_what_fits():
    assert divisor(12e6, 1_000_000) == 12
    assert divisor(12e6, 115_200) == 104


@pytest.mark.parametrize(
    ("clock", "baud", "said"),
    [
        (10e6, 921_600, "921,600: a 10 MHz clock misses it by 1.4 %"),
        (12e6, 4_000_000, "4,000,000: a 12 MHz clock allows at most 3,000,000"),
        (12e6, 0, "baud is 0"),
    ],
)
def test_divisor_refuses_what_does_not(clock, baud, said):
    with pytest.raises(HadacastError, match=said):
        divisor(clock, baud)
