"""Copies side by side: equal to the reference under all that a stream may do, and in step by construction."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amaranth.sim import Simulator
from hw.core.campaign import stimulus
from hw.core.test_pack import SHAPES

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.sim import compare, simulate
from hadacast.tools import yosys

SMALL = ("stream.frame=16", "stream.lanes=2", "input.width=6", "input.fraction=2")


def load(name, *overrides):
    return recipe.load(name, overrides).pipeline


SPECS = {
    "transform": load("rotate128", *SMALL, "stream.copies=3"),
    "wide beats": load("rotate128", "stream.frame=8", "stream.lanes=8", "stream.copies=2"),
    "one beat": load("rotate128", "stream.frame=4", "stream.lanes=4", "stream.copies=5", "input.width=3"),
    "quantizer and packing": load("int4_token128", "stream.frame=32", "stream.copies=2", "input.width=8"),
    "random numbers of its own": load(
        "nvfp4_gradient16", "stream.lanes=2", "stream.copies=2", "input.width=8"
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_the_copies_are_the_reference_under_gaps_stalls_resets_and_broken_frames(name):
    spec = SPECS[name]
    plan = stimulus(spec, 600, seed=3)
    trace = simulate(AxiTop(spec), plan, "amaranth")
    verdict = compare(spec, plan, trace)
    assert verdict.ok, verdict.problems[:3]
    assert verdict.samples > 300
    assert verdict.dropped > 0


def test_each_copy_has_its_own_lanes():
    """A mistake in the lanes would hide where all copies get the same frames: here they get other ones."""
    spec = SPECS["transform"]
    frames = np.random.default_rng(0).integers(-32, 32, (6, 16))
    wide = spec.abreast(frames)
    assert wide.shape == (2, 8, 6)
    for k, frame in enumerate(frames):
        group, copy = divmod(k, 3)
        np.testing.assert_array_equal(wide[group, :, 2 * copy : 2 * copy + 2].ravel(), frame)
    answer = spec.respond(wide)
    np.testing.assert_array_equal(spec.apart(answer), spec.compute(frames))


def test_the_scales_of_all_copies_leave_side_by_side():
    spec = replace(SHAPES[1].pack("stream"), copies=2)
    single, packed = spec.single, spec.scales
    rng = np.random.default_rng(4)
    frames = rng.integers(0, 256, (12, single.in_beats * single.in_lanes))
    sides = packed.pack_sides(single.taps(frames)[-2]).reshape(6, 2, -1, packed.side_bytes)
    expected = sides.transpose(0, 2, 1, 3).reshape(-1, 2 * packed.side_bytes)
    top = AxiTop(spec)
    found, ended = [], []

    async def bench(ctx):
        sent = iter(spec.abreast(frames).reshape(-1, spec.in_lanes).tolist())
        beat, number = next(sent), 0
        ctx.set(top.s_axis_tvalid, 1)
        for _ in range(600):
            ctx.set(top.s_axis_tdata, int.from_bytes(bytes(beat), "little") if beat else 0)
            ctx.set(top.s_axis_tvalid, beat is not None)
            ctx.set(top.s_axis_tlast, number % spec.in_beats == spec.in_beats - 1)
            ctx.set(top.m_axis_tready, bool(rng.random() < 0.7))
            ctx.set(top.m_axis_scale_tready, bool(rng.random() < 0.7))
            if ctx.get(top.m_axis_scale_tvalid & top.m_axis_scale_tready):
                data = ctx.get(top.m_axis_scale_tdata)
                found.append(list(data.to_bytes(2 * packed.side_bytes, "little")))
                ended.append(ctx.get(top.m_axis_scale_tlast))
            if beat is not None and ctx.get(top.s_axis_tready):
                beat, number = next(sent, None), number + 1
            ctx.set(top.aclk, 1)
            ctx.set(top.aclk, 0)

    simulator = Simulator(top)
    simulator.add_testbench(bench)
    simulator.run()
    np.testing.assert_array_equal(found, expected)
    assert np.flatnonzero(ended).tolist() == list(range(packed.units - 1, 6 * packed.units, packed.units))


def test_frames_that_are_no_multiple_of_the_copies_are_refused():
    with pytest.raises(HadacastError, match="frames are 4: it must be a multiple of the 3 copies"):
        SPECS["transform"].abreast(np.zeros((4, 16), dtype=np.int64))


@pytest.mark.parametrize("copies", [0, 65, 1.5, True])
def test_copies_out_of_range(copies):
    with pytest.raises(HadacastError, match="copies"):
        load("rotate128", f"stream.copies={str(copies).lower()}")


def test_latency_rate_and_lanes():
    spec = SPECS["transform"]
    assert (spec.in_lanes, spec.rate, spec.in_beats) == (6, 6, 8)
    assert spec.latency == spec.single.latency
    assert spec.single.copies == 1
    assert spec.single == load("rotate128", *SMALL)


# In step: no bit of data reaches the handshake, so it is a function of the handshake and of TLAST alone.

HANDSHAKE = ("s_axis_tready", "m_axis_tvalid", "m_axis_tlast", "m_axis_tuser", "frame_error",
             "m_axis_scale_tvalid", "m_axis_scale_tlast", "m_axis_scale_tuser", "random_taken")  # fmt: skip


def bits_behind(module, wanted: Iterable[str]) -> set[int]:
    """All nets that the ports named are made of, through any number of clocks, bit by bit."""
    makers = {}
    for cell in module["cells"].values():
        pins, ways = cell["connections"], cell["port_directions"]
        inputs = [bit for pin, bits in pins.items() if ways[pin] == "input" for bit in bits]
        for pin, bits in pins.items():
            if ways[pin] == "output":
                makers |= dict.fromkeys(bits, inputs)
    seen: set[int] = set()
    waiting = [bit for name in wanted for bit in module["ports"].get(name, {"bits": []})["bits"]]
    while waiting:
        bit = waiting.pop()
        if isinstance(bit, int) and bit not in seen:
            seen.add(bit)
            waiting += makers.get(bit, [])
    return seen


def gates(spec, tmp_path):
    """The core as gates and flip-flops of one bit."""
    (tmp_path / "core.v").write_text(to_verilog(AxiTop(spec)))
    yosys.run(
        f"read_verilog core.v\nsynth -flatten -noabc -top {module_name(spec)}\nwrite_json core.json\n",
        cwd=tmp_path,
    )
    return json.loads((tmp_path / "core.json").read_text())["modules"][module_name(spec)]


DOCS = Path(__file__).parents[3] / "docs"
# Stages as their own pages show them: (page, which of its recipes), and the slow ones.
SHOWN = [
    ("codebook", 0),
    ("elementwise", 1),
    ("elementwise", 3),
    ("permute", 1),
    ("settings", 0),
    ("sparse", 0),
]
SLOW = [
    *(("align", 0), ("elementwise", 0), ("elementwise", 2), ("hadamard", 0), ("packing", 0), ("packing", 1)),
    *(("permute", 0), ("pvq", 0), ("recipes", 0), ("rotate", 0), ("settings", 1), ("transform", 2)),
]
SHIPPED = ["denseshift_3", "double_rounding_8_4"]
CASES = [
    *(pytest.param(case, id=f"{case[0]}-{case[1]}") for case in SHOWN),
    *(pytest.param(case, id=f"{case[0]}-{case[1]}", marks=pytest.mark.long) for case in SLOW),
    *SHIPPED,
]


def shown(case, folder):
    """A shipped recipe by name, or one of a page's."""
    if isinstance(case, str):
        return load(case)
    page, index = case
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    (folder / "shown.toml").write_text(
        re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[index]
    )
    return load(folder / "shown.toml")


def test_every_kind_of_stage_is_tried(tmp_path):
    cases = [*SHOWN, *SLOW, *SHIPPED]
    assert {stage.kind for case in cases for stage in shown(case, tmp_path).stages} == set(recipe.STAGES) - {
        "permute",  # the same component as order and scatter
        "cast",  # wires
    }


@pytest.mark.parametrize("case", CASES)
def test_no_bit_of_data_reaches_the_handshake(case, tmp_path):
    spec = shown(case, tmp_path)
    module = gates(spec, tmp_path)
    behind = bits_behind(module, HANDSHAKE)
    assert behind & set(module["ports"]["s_axis_tvalid"]["bits"])
    assert behind & set(module["ports"]["s_axis_tlast"]["bits"])
    assert not behind & set(module["ports"]["s_axis_tdata"]["bits"])
    # The same search finds data behind data.
    data = bits_behind(module, ["m_axis_tdata"])
    assert data & set(module["ports"]["s_axis_tdata"]["bits"])
