"""Amaranth's own simulator: slow, but always there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Value
from amaranth.sim import Simulator

from hadacast.errors import HadacastError
from hadacast.sim.cycle import Job, Progress, bench
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace


def words(top: Any) -> tuple[Value, Value]:
    """What `cycle.bench` drives, above the clock in bit 0, and what it reads, as one value each."""
    inputs = Cat(
        top.aclk, top.aresetn, top.s_axis_tvalid, top.m_axis_tready, top.s_axis_tlast, top.s_axis_tdata
    )
    outputs = Cat(
        top.s_axis_tready,
        top.m_axis_tvalid,
        top.frame_error,
        top.m_axis_tlast,
        top.m_axis_tuser,
        top.m_axis_tdata,
    )
    return inputs, outputs


def run(
    top: Any,
    stimulus: Stimulus,
    *,
    waves: Path | None = None,
    progress: Progress | None = None,
    timeout_cycles: int | None = None,
) -> Trace:
    """Runs `top` on Amaranth's simulator; see `simulators.simulate`."""
    job = Job.of(top, stimulus, timeout_cycles)
    # One assignment each for "clock low and all inputs" and "clock high", and one read, are all that a cycle
    # costs; time passes only when somebody wants to look at it.
    inputs, outputs = words(top)
    clock = top.aclk
    half = 5e-9  # seconds: 100 MHz on the time axis
    records = []

    async def testbench(ctx):
        set_, get = ctx.set, ctx.get
        cycles = bench(job, progress)
        word = next(cycles)
        try:
            while True:
                set_(inputs, word << 1)
                if waves:
                    await ctx.delay(half)
                got = get(outputs)
                word = cycles.send(got)
                set_(clock, 1)
                if waves:
                    await ctx.delay(half)
        except StopIteration as stop:
            records.append(stop.value)

    with _recursion(5000):
        try:
            simulator = Simulator(top)
        except RecursionError:
            raise HadacastError(
                f"{top.spec.name!r} has {max(top.spec.in_lanes, top.spec.out_lanes)} lanes, "
                "too many for simulator 'amaranth': use cxxrtl"
            ) from None
    if waves:
        _check_writable(waves)
    simulator.add_testbench(testbench)
    with simulator.write_vcd(str(waves)) if waves else nullcontext():
        simulator.run()
    return records[0].trace(top, "amaranth")


def _check_writable(path: Path) -> None:
    try:
        path.open("w").close()
    except OSError as error:
        raise HadacastError(f"can't write waveforms to {str(path)!r}: {error.strerror}") from None


@contextmanager
def _recursion(limit: int) -> Iterator[None]:
    """Lets Python compile what Amaranth makes of a wide beat: one expression, as deep as there are lanes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, limit))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


RUN = {"amaranth": run}
