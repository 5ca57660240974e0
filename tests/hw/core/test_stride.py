"""Blocks transposed in place, whatever comes and goes in between."""

import random

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Fragment, Module
from amaranth.lib import data
from amaranth.sim import Simulator

from hadacast.core.line import Line
from hadacast.core.stride import Stride
from hadacast.spec.stride import STRIDE
from hadacast.tech.family import FAMILIES, Target

LAYOUT = data.StructLayout({"word": 16})
SHAPES = [(2, 1), (1, 2), (1, 5), (5, 1), (2, 2), (2, 3), (4, 4), (12, 3), (3, 12), (5, 7)]


def run(rows, columns, blocks, gap, stall, run_=1, go=1.0, seed=1):
    """The words that leave, when, and when words came."""
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.stride = stride = Stride(LAYOUT, rows, columns, run_)
    rng = random.Random(seed)
    words = blocks * rows * columns
    left, came, begins = [], [], []

    async def testbench(ctx):
        offered, cycle = False, 0
        while len(left) < words and cycle < 60 * words + 1000:
            offered = len(came) < words and (offered or rng.random() >= gap)
            ctx.set(stride.i.valid, offered)
            ctx.set(stride.i.payload, {"word": len(came) if offered else rng.getrandbits(16)})
            enable = rng.random() >= stall
            ctx.set(stride.enable, enable)
            ctx.set(stride.go, rng.random() < go)
            if ctx.get(stride.begins):
                begins.append(cycle)
            if enable and ctx.get(stride.o_valid):
                left.append((ctx.get(stride.o).word, cycle))
            if offered and ctx.get(stride.i.ready):
                came.append(cycle)
                offered = False
            await ctx.tick()
            cycle += 1

    simulator = Simulator(Fragment.get(m, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return [word for word, _ in left], [cycle for _, cycle in left], came, begins


def transposed(rows, columns, blocks):
    return np.arange(blocks * rows * columns).reshape(blocks, rows, columns).swapaxes(1, 2).ravel().tolist()


@pytest.mark.parametrize(("gap", "stall"), [(0, 0), (0.3, 0.4), (0.9, 0.05)])
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_every_block_is_transposed(rows, columns, gap, stall):
    blocks = 3 + 60 // (rows * columns)
    left, when, came, _ = run(rows, columns, blocks, gap, stall)
    assert left == transposed(rows, columns, blocks)
    if not gap and not stall:
        assert (np.diff(came) == 1).all()
        assert (np.diff(when) == 1).all()
        assert when[0] - came[0] == rows * columns - 1 + STRIDE


def test_addresses_come_round():
    """After many blocks every order of the memory has been in use, back to the first one and beyond."""
    rows, columns = 3, 4
    left, _, _, _ = run(rows, columns, 25, 0.1, 0.1)
    assert left == transposed(rows, columns, 25)


@pytest.mark.parametrize(("rows", "columns"), [(4, 3), (12, 1), (2, 8)])
def test_runs_have_no_pause(rows, columns):
    blocks = 6
    left, when, _, begins = run(rows, columns, blocks, 0.2, 0, run_=rows, go=0.2)
    assert left == transposed(rows, columns, blocks)
    starts = when[::rows]
    assert when == [s + k for s in starts for k in range(rows)]
    assert begins == [s - STRIDE + 1 for s in starts]
    assert len(set(np.diff(starts))) > 1


@pytest.mark.parametrize("family", ["generic", "ecp5", "ice40"])
@pytest.mark.parametrize("cycles", [1, 2, 3, 4, 5, 16, 17, 20, 32, 33, 60])
def test_a_line_is_a_delay(cycles, family):
    line = Line(9, cycles)
    rng = random.Random(cycles)
    words = [rng.getrandbits(9) for _ in range(3 * cycles + 20)]
    left = []

    async def testbench(ctx):
        for word in words:
            ctx.set(line.i, word)
            left.append(ctx.get(line.o))
            await ctx.tick()

    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.line = line
    simulator = Simulator(Fragment.get(m, Target(FAMILIES[family])))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    assert left[cycles:] == words[:-cycles]
