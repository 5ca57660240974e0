"""What groups reduce to, in every geometry."""

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Fragment, Module
from amaranth.sim import Simulator

from hadacast.core.quantizer.reduce import Reduce
from hadacast.format import Format
from hadacast.frames import Block, exponents
from hadacast.spec.quantize import ENTRY, Quantize

SCALES = {
    "or": {"kind": "exponent", "rule": "floor"},
    "amax": {"kind": "exponent", "rule": "ceil"},
    "range": {"kind": "range"},
    "ends": {"kind": "maximum", "clip": "0.9", "clip_negative": "0.8", "store": "fp32"},
}
# Frame, lanes, group, rows.
SHAPES = [
    *((8, 4, 1, 1), (8, 4, 2, 1), (8, 4, 4, 1), (8, 4, 8, 1), (16, 2, 8, 1), (8, 1, 8, 1), (8, 8, 8, 1)),
    *(
        (16, 2, 2, 2),
        (16, 2, 4, 2),
        (32, 2, 2, 4),
        (32, 4, 1, 2),
        (32, 1, 2, 4),
        (16, 8, 2, 4),
        (16, 16, 1, 8),
    ),
    *((64, 2, 2, 2), (64, 1, 2, 4)),
]


def stage(shape, kind, width=9, signed=True, floating=False):
    frame, lanes, group, rows = shape
    fixed = Format(width=width, signed=signed)
    return Quantize(
        frame=frame,
        lanes=lanes,
        input=exponents(fixed, frame) if floating else fixed,
        code="uint4" if kind == "range" else "e2m1",
        group=group,
        rows=rows,
        scale=SCALES[kind],
    )


def reduced(spec, x, exponent, kind):
    """(frames · words, columns) of dicts, in the order of groups."""
    groups = Block(element=spec.element, group=spec.group, rows=spec.rows).grouped(x)
    rows = []
    for frame, found in zip(groups, exponent, strict=True):
        values = []
        for group in frame:
            value = {"exponent": int(found)} if spec.floating else {}
            if kind == "range":
                value |= {"low": int(group.min()), "high": int(group.max())}
            elif kind == "ends":
                value |= {"low": max(-int(group.min()), 0), "high": max(int(group.max()), 0)}
            elif kind == "amax":
                value["amax"] = int(np.abs(group).max())
            else:
                value["amax"] = int(np.bitwise_or.reduce(np.abs(group)))
            values.append(value)
        rows += [values[i : i + spec.columns] for i in range(0, len(values), spec.columns)]
    return rows


@pytest.mark.parametrize("kind", SCALES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_geometry(shape, kind):
    floating, signed = shape[1] % 4 == 0 and kind != "range", kind in ("range", "ends") or shape[2] != 2
    spec = stage(shape, kind, signed=signed, floating=floating)
    assert spec.leading_only == (kind == "or")
    rng = np.random.default_rng(shape)
    x = rng.integers(spec.element.min, spec.element.max + 1, (12, spec.frame)) >> rng.integers(0, 9, (12, 1))
    x[:3] = [[spec.element.min], [spec.element.max], [0]]
    exponent = rng.integers(0, 256, 12)
    wanted = reduced(spec, x, exponent, kind)
    dut = Reduce(spec)
    assert dut.latency == spec.reduce_latency - ENTRY
    beats = x.reshape(-1, spec.lanes)
    sent_at, found, found_at = [], [], []

    async def source(ctx):
        cycle = 0
        for number, beat in enumerate(beats):
            while number >= len(beats) // 2 and rng.random() < 0.5:  # gaps in one half
                ctx.set(dut.i_valid, 0)
                await ctx.tick()
                cycle += 1
            ctx.set(dut.i_valid, 1)
            for lane, value in enumerate(map(int, beat)):
                if kind == "range":
                    ctx.set(dut.x[lane], value)
                else:
                    ctx.set(dut.x[lane].magnitude, abs(value))
                    ctx.set(dut.x[lane].negative, value < 0)
            if spec.floating:
                ctx.set(dut.exponent, int(exponent[number // spec.beats]))
            sent_at.append(cycle)
            await ctx.tick()
            cycle += 1
        ctx.set(dut.i_valid, 0)
        for _ in range(8):
            await ctx.tick()

    async def monitor(ctx):
        cycle = 0
        while True:
            if ctx.get(dut.o_valid):
                found.append(
                    [
                        {name: int(ctx.get(getattr(dut.o[column], name))) for name in wanted[0][0]}
                        for column in range(spec.columns)
                    ]
                )
                found_at.append(cycle)
            await ctx.tick()
            cycle += 1

    m = Module()  # where every group is in a beat and an element, no register is
    m.domains.sync = ClockDomain()
    m.submodules.dut = dut
    simulator = Simulator(Fragment.get(m, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(source)
    simulator.add_testbench(monitor, background=True)
    simulator.run()
    assert found == wanted
    first = sent_at[spec.walk.decided] + dut.latency
    assert found_at[0] == first
