"""The memory that turns frames over, on its own, against NumPy's transposition."""

import random

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Fragment, Module
from amaranth.sim import Simulator

from hadacast.core.rotation.stride import StrideMemory
from hadacast.format import Format
from hadacast.frames import exponents


def run(rows, columns, frames, gap, stall, seed=1):
    """(beats that left, the cycle of each): numbered beats of `frames` frames through it."""
    memory = StrideMemory(exponents(Format(width=16, signed=False), rows * columns), 1, rows, columns)
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.memory = memory
    total = rows * columns * frames
    rng = random.Random(seed)
    found, cycles = [], []
    # Of a frame's beats but the last, and of the last: a broken one, a good one, one behind dropped ones.
    marks = [(0, 0), (0, 1), (1, 1), (0, 0)]

    async def testbench(ctx):
        sent, cycle, offered, held = 0, 0, False, None
        while len(found) < total:
            offered = offered or (sent < total and rng.random() >= gap)
            ctx.set(memory.i.valid, offered)
            ctx.set(memory.i.p.data[0], sent if offered else rng.getrandbits(16))
            frame, place = divmod(sent, rows * columns)
            ends = place == rows * columns - 1
            ctx.set(memory.i.p.mark, marks[frame % 4][ends] if offered else rng.getrandbits(1))
            ctx.set(memory.i.p.last, ends and frame % 3 == 0 if offered else rng.getrandbits(1))
            ctx.set(memory.i.p.scale[0], frame if offered else rng.getrandbits(8))
            ready = rng.random() >= stall
            ctx.set(memory.o.ready, ready)
            if held is not None:  # what was refused is still there
                assert ctx.get(memory.o.valid)
                assert ctx.get(memory.o.p.data[0]) == held
            valid, held = ctx.get(memory.o.valid), None
            if valid and ready:
                frame, place = divmod(len(found), rows * columns)
                ends = place == rows * columns - 1
                found.append(ctx.get(memory.o.p.data[0]))
                assert ctx.get(memory.o.p.mark) == marks[frame % 4][ends]
                assert ctx.get(memory.o.p.last) == (ends and frame % 3 == 0)
                assert ctx.get(memory.o.p.scale[0]) == frame
                cycles.append(cycle)
            elif valid:
                held = ctx.get(memory.o.p.data[0])
            if offered and ctx.get(memory.i.ready):
                sent, offered = sent + 1, False
            await ctx.tick()
            cycle += 1
            assert cycle < 100 * total + 1000, "it hangs"

    simulator = Simulator(Fragment.get(m, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return np.array(found), np.array(cycles), memory.latency


SHAPES = [(2, 2), (2, 3), (3, 2), (4, 4), (3, 7), (8, 2), (5, 6), (16, 4), (7, 13)]


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_frames_are_transposed(rows, columns):
    frames = max(5, 100 // (rows * columns))
    want = np.arange(rows * columns * frames).reshape(frames, rows, columns).swapaxes(1, 2).reshape(-1)
    for gap, stall, seed in ((0, 0, 1), (0, 0.4, 2), (0.4, 0.3, 3), (0.8, 0.1, 4)):
        found, cycles, latency = run(rows, columns, frames, gap, stall, seed)
        assert (found == want).all()
        if not gap and not stall:
            assert cycles[0] == latency
            assert (np.diff(cycles) == 1).all()


def test_there_and_back_is_nothing():
    found, _, _ = run(3, 5, 4, 0.2, 0.2)
    back = found.reshape(4, 5, 3).swapaxes(1, 2).reshape(-1)
    assert (back == np.arange(60)).all()
