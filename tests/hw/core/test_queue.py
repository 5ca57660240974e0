"""The queue, against a list."""

import random
from collections import deque

import pytest
from amaranth.hdl import Fragment
from amaranth.lib import data
from amaranth.sim import Simulator

from hadacast.core.queue import Queue
from hadacast.core.relay import Relay
from hadacast.errors import HadacastError
from hadacast.tech.family import FAMILIES, Target

WORD = data.StructLayout({"number": 16})
# Storage and registers behind it: cycles to the head.
QUICK = {
    ("ff", 0): 1,
    ("lutram", 0): 1,
    ("lutram", None): 2,
    ("lutram", 2): 3,
    ("bram", 0): 2,
    ("bram", None): 3,
}


@pytest.mark.parametrize(("storage", "registers"), QUICK)
@pytest.mark.parametrize("depth", [1, 2, 3, 5, 16, 17, 18, 66, 70])
def test_words_come_out_in_order_and_none_is_lost_when_it_is_full(storage, registers, depth):
    check(Queue(WORD, depth, storage, registers=registers), depth, QUICK[storage, registers])


def check(dut, depth, latency):
    """In order, whatever comes and goes, and as quick as said."""
    rng = random.Random(depth)

    async def testbench(ctx):
        waiting: deque[tuple[int, int]] = deque()  # word, cycle of its push
        sent = full = quick = 0
        for cycle in range(20 * depth + 300):
            # Phases: as fast as possible on either side, or one of them rarely.
            pushes, pops = ((1, 1), (1, 0.1), (0.1, 1), (0.5, 0.5))[cycle * 12 // (20 * depth + 300) % 4]
            valid = ctx.get(dut.valid)
            assert not valid or waiting
            if waiting and cycle - waiting[0][1] >= latency:
                assert valid
                quick += cycle - waiting[0][1] == latency
            if valid:
                assert ctx.get(dut.head.number) == waiting[0][0]
            pop = bool(valid) and rng.random() < pops
            # The user counts words until they have left, as the quantizer does.
            push = len(waiting) < depth and rng.random() < pushes
            ctx.set(dut.pop, pop)
            ctx.set(dut.push, push)
            ctx.set(dut.tail.number, sent if push else rng.getrandbits(16))
            if pop:
                waiting.popleft()
            if push:
                waiting.append((sent, cycle))
                sent += 1
            full += len(waiting) == depth
            await ctx.tick()
        assert full > 5
        assert quick > 5

    simulator = Simulator(Fragment.get(dut, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


@pytest.mark.parametrize("depth", [17, 25, 32])
def test_a_relay_is_a_queue(depth):
    check(Relay(WORD, depth), depth, Relay.LATENCY)


def test_lut_ram_where_there_is_none():
    with pytest.raises(HadacastError, match="ice40 has no LUT RAM"):
        Fragment.get(Queue(WORD, 8, "lutram"), Target(FAMILIES["ice40"]))
