"""The cocotb bench: `cycle.bench` on a Verilog simulator. Runs inside the simulator's process.

It is here and not in `sim/tb`, because `simulate` needs it where only the package is installed; `sim/tb`
holds benches for developers. The job and the record go through files that the environment names.
"""

import os
import time
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer

from hadacast.sim import cycle
from hadacast.sim.cycle import (
    ARESETN,
    FRAME_ERROR,
    IN_DATA,
    M_TREADY,
    M_TVALID,
    S_TLAST,
    S_TREADY,
    S_TVALID,
    Job,
)

JOB, RECORD, PROGRESS = "HADACAST_JOB", "HADACAST_RECORD", "HADACAST_PROGRESS"
"""Environment variables: the .npz with the Job, that for the Record, and the file for progress, if any."""


@cocotb.test()
async def bench(dut):
    """Drives and watches flat AXI4-Stream ports, one Python step per clock."""
    job = Job.load(Path(os.environ[JOB]))
    cycles = cycle.bench(job, _report)
    inputs = [
        (dut.aresetn, ARESETN),
        (dut.s_axis_tvalid, S_TVALID),
        (dut.m_axis_tready, M_TREADY),
        (dut.s_axis_tlast, S_TLAST),
    ]
    tdata = dut.s_axis_tdata
    s_tready, m_tvalid, frame_error = dut.s_axis_tready, dut.m_axis_tvalid, dut.frame_error
    m_tlast, m_tuser, m_tdata = dut.m_axis_tlast, dut.m_axis_tuser, dut.m_axis_tdata

    def drive(word: int, before: int) -> None:
        changed = word ^ before
        for port, bit in inputs:
            if changed & bit:
                port.value = 1 if word & bit else 0
        if changed >> IN_DATA:
            tdata.value = word >> IN_DATA

    def sample() -> int:
        # Reading a wide port is what a cycle costs most, so it is read only when it says something.
        try:
            word = (S_TREADY if int(s_tready.value) else 0) | (FRAME_ERROR if int(frame_error.value) else 0)
            if int(m_tvalid.value):
                word |= M_TVALID | int(m_tlast.value) << 3 | int(m_tuser.value) << 4
                word |= m_tdata.value.to_unsigned() << cycle.OUT_DATA
        except ValueError:
            return -1  # X or Z
        return word

    # At a rising edge, cocotb reads what was there before it and writes what comes after it. The inputs of
    # the first cycle settle before the clock starts.
    word = next(cycles)
    dut.aclk.value = 0
    drive(word, ~word)
    await Timer(5, "ns")
    Clock(dut.aclk, 10, "ns").start(start_high=False)
    edge = RisingEdge(dut.aclk)
    started = time.perf_counter()
    while True:
        await edge
        try:
            after = cycles.send(sample())
        except StopIteration as stop:
            record = stop.value
            break
        drive(after, word)
        word = after
    record.seconds = time.perf_counter() - started
    record.save(Path(os.environ[RECORD]))


def _report(done: int, total: int) -> None:
    path = os.environ.get(PROGRESS)
    if path:
        Path(path).write_text(str(done))
