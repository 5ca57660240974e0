"""A second bench for AxiTop, in cocotb's own style: a source and a sink that know nothing of each other.

The installed bench walks through cycles in one loop. Here each side is a coroutine with its own random
timing, as in most people's benches, so that a mistake in that loop can't hide the same mistake in a core. It
takes beats and TLAST from the job, and the timing from cocotb's seed.
"""

import os
import random
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, Timer
from cocotb.utils import get_sim_time

from hadacast.sim.bench_cocotb import JOB, RECORD
from hadacast.sim.cycle import Job, Record

PERIOD = 10  # ns


def cycle_now() -> int:
    """The cycle that ends at this rising edge."""
    return round(get_sim_time("ns")) // PERIOD


async def source(dut, job: Job, rng: random.Random) -> list[int]:
    """Sends every beat after a random pause; returns the cycle in which each was taken."""
    taken = []
    for row, last in zip(job.data, job.last, strict=True):
        if rng.random() < 0.3:
            dut.s_axis_tvalid.value = 0
            dut.s_axis_tdata.value = rng.getrandbits(8 * len(row))
            dut.s_axis_tlast.value = rng.getrandbits(1)
            await ClockCycles(dut.aclk, rng.randint(1, 4))
        dut.s_axis_tvalid.value = 1
        dut.s_axis_tdata.value = int.from_bytes(bytes(row), "little")
        dut.s_axis_tlast.value = int(last)
        while True:
            await RisingEdge(dut.aclk)
            if dut.s_axis_tready.value == 1:
                break
        taken.append(cycle_now())
    dut.s_axis_tvalid.value = 0
    return taken


async def sink(dut, rng: random.Random, beats: list[tuple[int, bytes, int]]) -> None:
    """Takes beats with random readiness, for ever; appends cycle, TDATA and TLAST with TUSER of each."""
    size = len(dut.m_axis_tdata) // 8
    while True:
        ready = rng.random() < 0.6
        dut.m_axis_tready.value = int(ready)
        await RisingEdge(dut.aclk)
        if ready and dut.m_axis_tvalid.value == 1:
            data = dut.m_axis_tdata.value.to_unsigned().to_bytes(size, "little")
            flags = int(dut.m_axis_tlast.value) | int(dut.m_axis_tuser.value) << 1
            beats.append((cycle_now(), data, flags))


async def count(dut, pulses: list[int]) -> None:
    """Appends the cycles in which frame_error is 1, for ever."""
    while True:
        await RisingEdge(dut.aclk)
        if dut.frame_error.value == 1:
            pulses.append(cycle_now())


@cocotb.test()
async def random_timing(dut):
    """After a reset, everything is sent and whatever comes out is recorded."""
    job = Job.load(Path(os.environ[JOB]))
    rng = random.Random(cocotb.RANDOM_SEED)
    beats: list[tuple[int, bytes, int]] = []
    pulses: list[int] = []
    for port in (
        dut.aclk,
        dut.aresetn,
        dut.s_axis_tvalid,
        dut.s_axis_tlast,
        dut.s_axis_tdata,
        dut.m_axis_tready,
    ):
        port.value = 0
    await Timer(PERIOD // 2, "ns")
    Clock(dut.aclk, PERIOD, "ns").start(start_high=False)
    await ClockCycles(dut.aclk, 3)
    dut.aresetn.value = 1
    cocotb.start_soon(sink(dut, random.Random(rng.random()), beats))
    cocotb.start_soon(count(dut, pulses))
    taken = await source(dut, job, rng)
    quiet = 0
    while quiet <= job.drain:
        await RisingEdge(dut.aclk)
        quiet = 0 if dut.m_axis_tvalid.value == 1 else quiet + 1
    cycles = np.array([cycle for cycle, _, _ in beats], dtype=np.int64)
    data = np.frombuffer(b"".join(data for _, data, _ in beats), dtype=np.uint8)
    record = Record(
        data=data.reshape(-1, job.out_bytes),
        flags=np.array([flags for _, _, flags in beats], dtype=np.uint8),
        cycle=cycles,
        offer=cycles,
        accept=np.array(taken, dtype=np.int64),
        resets=np.zeros(0, dtype=np.int64),
        error_cycle=np.array(pulses, dtype=np.int64),
        broken=np.zeros((0, 2), dtype=np.int64),
        cycles=cycle_now(),
        hung=False,
    )
    record.save(Path(os.environ[RECORD]))
