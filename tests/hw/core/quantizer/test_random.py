"""The generator of random numbers in hardware."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hadacast import random_bits
from hadacast.core.quantizer.random import Xorshift32


@pytest.mark.parametrize(("seed", "lanes"), [(1, 1), (0xC0FFEE, 4), (2**32 - 1, 6), (5, 16)])
def test_numbers_are_the_reference_s(seed, lanes):
    spec = random_bits.Xorshift32(seed=seed, lanes=lanes)
    wanted = spec.draw(200)
    dut = Xorshift32(spec)
    rng = np.random.default_rng(1)

    async def testbench(ctx):
        at = 0
        while at < len(wanted):
            assert [ctx.get(dut.random[lane]) for lane in range(lanes)] == wanted[at].tolist()
            taken = bool(rng.integers(2))  # they stay until they are taken
            ctx.set(dut.taken, taken)
            await ctx.tick()
            at += taken

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
