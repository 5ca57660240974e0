"""Queues, against a list."""

import random
from collections import deque

import pytest
from amaranth.hdl import Fragment
from amaranth.lib import data
from amaranth.sim import Simulator

from hadacast.core.quantizer.replay import Queue, results_storage, storage_of
from hadacast.errors import HadacastError
from hadacast.spec.quantize import QUICK_RESULTS
from hadacast.tech.family import FAMILIES, Target

WORD = data.StructLayout({"number": 16})
QUICK = {"ff": 1, "lutram": 1, "bram": 2}


@pytest.mark.parametrize("storage", QUICK)
@pytest.mark.parametrize("depth", [1, 2, 3, 5, 16, 17, 70])
def test_words_come_out_in_order_and_none_is_lost_when_it_is_full(storage, depth):
    dut = Queue(WORD, depth, storage)
    rng = random.Random(depth)

    async def testbench(ctx):
        waiting: deque[tuple[int, int]] = deque()  # word, cycle of its push
        sent = full = quick = 0
        for cycle in range(20 * depth + 300):
            # Phases: as fast as possible on either side, or one of them rarely.
            pushes, pops = ((1, 1), (1, 0.1), (0.1, 1), (0.5, 0.5))[cycle * 12 // (20 * depth + 300) % 4]
            valid = ctx.get(dut.valid)
            assert not valid or waiting
            if waiting and cycle - waiting[0][1] >= QUICK[storage]:
                assert valid
                quick += cycle - waiting[0][1] == QUICK[storage]
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


def test_storage_by_depth_and_family():
    for family in FAMILIES.values():
        lutram = 2 * family.lutram_depth
        assert storage_of("auto", max(lutram, 5) + 1, family) == "bram"
        assert storage_of("bram", 3, family) == "bram"
        if lutram:
            assert storage_of("auto", lutram, family) == "lutram"
        # As quick in every family: a latency doesn't depend on it.
        for depth in (1, 4, 5, QUICK_RESULTS):
            assert results_storage(depth, family) in ("ff", "lutram")
        assert results_storage(QUICK_RESULTS + 1, family) == "bram"


def test_lut_ram_where_there_is_none():
    with pytest.raises(HadacastError, match="ice40 has no LUT RAM"):
        Fragment.get(Queue(WORD, 8, "lutram"), Target(FAMILIES["ice40"]))
