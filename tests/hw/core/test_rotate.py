"""Dense matrices in hardware."""

import random
from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import ClockDomain, Fragment, Module
from amaranth.sim import Simulator
from hw.core import stage_bench
from hw.core.campaign import frames, stimulus

from hadacast import recipe
from hadacast.core.rotate import Rotate as Component
from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.rotate import Rotate
from hadacast.spec.rotate_plan import GROUP


def spec_of(n, stride, frame, lanes, width=8, **settings):
    """A stage with a random matrix."""
    matrix = np.random.default_rng(n).normal(size=(n, n)).tolist()
    settings.setdefault("coefficient_width", 10)
    input_ = settings.pop("input", Format(width=width, fraction=4))
    return Rotate(frame=frame, lanes=lanes, input=input_, matrix=matrix, stride=stride, **settings)


SPECS = {
    # n, stride, frame, lanes
    "a lane": spec_of(4, 1, 16, 1),
    "two lanes of a vector": spec_of(4, 1, 16, 2, width=9, fraction=3, transpose=True),
    "a beat is a vector": spec_of(4, 1, 16, 4),
    "a beat is vectors side by side": spec_of(2, 4, 16, 8, fraction=0),
    "a beat is a row": spec_of(4, 4, 32, 4),
    "a beat is some rows": spec_of(6, 2, 24, 6),
    "three taps": spec_of(9, 1, 18, 3, width=12, fraction=5, rounding="up"),
    "strided": spec_of(4, 8, 32, 1, fraction=2, width=7, rounding="away"),
    "strided, several": spec_of(3, 4, 36, 2),
    "strided, wide": spec_of(
        5, 6, 60, 3, input=Format(width=24), coefficient_width=18, width=20, fraction=-3
    ),
    "unsigned, in pieces": spec_of(4, 1, 8, 2, input=Format(width=20, signed=False), width=30, fraction=-1),
    "36 bits": spec_of(2, 1, 4, 1, input=Format(width=36), coefficient_width=8),
    "one bit": spec_of(4, 1, 8, 1, input=Format(width=1), coefficient_width=2, rounding="zero", fraction=-1),
    "more than a group": spec_of(GROUP + 3, 1, 2 * (GROUP + 3), 1),
    "loadable": spec_of(6, 2, 24, 6, loadable=True, fraction=4),
    "loadable, strided": spec_of(5, 10, 50, 5, loadable=True, fraction=4),
    "least": spec_of(2, 1, 2, 1),
    "square": spec_of(2, 2, 8, 1),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    rng = np.random.default_rng(spec.frame)
    x = rng.integers(spec.input.min, spec.input.max + 1, (20, spec.frame))
    x[0], x[-1] = spec.input.min, spec.input.max
    # The largest sums, either way.
    row = np.resize(np.repeat(spec.codes[0], spec.distance), spec.frame)
    x[1] = np.where(row < 0, spec.input.min, spec.input.max)
    x[2] = np.where(row < 0, spec.input.max, spec.input.min)
    stage_bench.check(spec, x)


@pytest.mark.parametrize("stride", [1, 8])
def test_exponents_pass(stride):
    spec = spec_of(4, stride, 32, 2, input=exponents(Format(width=6), 32))
    rng = np.random.default_rng(1)
    codes, scale = rng.integers(-32, 32, (20, 32)), rng.integers(0, 256, (20, 1))
    stage_bench.check(spec, Frames(codes=codes, scale=scale))


KRONECKER = """
[stream]
frame = 24
lanes = {lanes}
[input]
width = 10
fraction = 6
[[stage]]
kind = "rotate"
matrix = "left.npy"
transpose = true
stride = 6
coefficient_width = 12
width = 14
fraction = 8
[[stage]]
kind = "rotate"
matrix = "right.npy"
transpose = true
stride = 1
coefficient_width = 12
width = 16
fraction = 8
"""


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_kronecker_rotation(lanes, tmp_path):
    """P_Lᵀ X P_R of a 4 × 6 frame, as a recipe has it."""
    for name, n in (("left", 4), ("right", 6)):
        np.save(tmp_path / f"{name}.npy", np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0])
    (tmp_path / "mine.toml").write_text(KRONECKER.format(lanes=lanes))
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    sent = stimulus(spec, 100, seed=1)
    result = compare(spec, sent, simulate(AxiTop(spec), sent))
    assert result.ok, result.problems
    assert result.dropped > 0
    trace = simulate(AxiTop(spec), Stimulus.frames(frames(spec, 64, np.random.default_rng(2)), spec.in_lanes))
    assert trace.latency == spec.latency
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.long
@pytest.mark.parametrize(("n1", "n2"), [(64, 64), (86, 128)])
def test_a_kronecker_rotation_of_a_token(n1, n2):
    """4096 and 11008 elements of real activations' widths, one beat per clock."""
    common = {
        "frame": n1 * n2,
        "lanes": 1,
        "transpose": True,
        "coefficient_width": 12,
        "width": 16,
        "fraction": 10,
    }
    left, right = (np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0].tolist() for n in (n1, n2))
    first = Rotate(input=Format(width=16, fraction=10), matrix=left, stride=n2, **common)
    second = Rotate(input=first.output, matrix=right, stride=1, **common)
    rng = np.random.default_rng(1)
    for stage in (first, second):
        x = np.clip(np.rint(rng.normal(scale=1500, size=(16, stage.frame))), -32768, 32767).astype(np.int64)
        x[0], x[1] = -32768, 32767
        stage_bench.check(stage, x, "cxxrtl")


# Coefficients at run time.


def run(spec, steps, seed):
    """What leaves: steps are matrices of coefficient codes, to be written, and frames to be sent."""
    component = Component(spec)
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.component = component
    rng = random.Random(seed)
    found = []

    async def frames_through(ctx, x):
        beats = x.reshape(-1, spec.lanes)
        sent, taken, offered = 0, 0, False
        while taken < len(beats):
            offered = offered or (sent < len(beats) and rng.random() < 0.7)
            ctx.set(component.i.valid, offered)
            if offered:
                ctx.set(component.i.p.data, beats[sent].tolist())
                ctx.set(component.i.p.last, (sent + 1) % spec.beats == 0)
            ready = rng.random() < 0.7
            ctx.set(component.o.ready, ready)
            if ctx.get(component.o.valid) and ready:
                found.append([ctx.get(component.o.p.data[lane]) for lane in range(spec.lanes)])
                taken += 1
                assert ctx.get(component.o.p.last) == (taken % spec.beats == 0)
            if offered and ctx.get(component.i.ready):
                sent, offered = sent + 1, False
            await ctx.tick()
        ctx.set(component.i.valid, 0)

    async def testbench(ctx):
        for kind, item in steps:
            if kind == "frames":
                await frames_through(ctx, item)
                continue
            places = [(row, column) for row in range(spec.order) for column in range(spec.order)]
            rng.shuffle(places)
            for row, column in places:
                place = row << spec.column_bits | column
                write = {"enable": 1, "row": place, "data": int(item[row][column])}
                ctx.set(component.set_coefficients, write)
                await ctx.tick()
                ctx.set(component.set_coefficients, {"enable": 0, "row": 0, "data": -1})
                if rng.random() < 0.2:
                    await ctx.tick()

    simulator = Simulator(Fragment.get(m, None))
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()
    return np.array(found).reshape(-1, spec.frame)


@pytest.mark.parametrize(
    ("n", "stride", "frame", "lanes"),
    [(4, 1, 8, 1), (4, 4, 16, 2), (6, 1, 12, 3), (8, 2, 32, 8), (20, 1, 20, 1)],
)
def test_coefficients_are_loaded(n, stride, frame, lanes):
    """The matrix that it is built with, then others, any codes of their format."""
    spec = spec_of(n, stride, frame, lanes, loadable=True, width=14, fraction=3, coefficient_width=8)
    rng = np.random.default_rng(5)
    steps, want = [], []
    current = spec
    for turn in range(3):
        if turn:
            codes = rng.integers(-128, 128, (n, n))
            steps.append(("matrix", codes))
            scaled = [[float(c) * 2.0**-spec.coefficient.fraction for c in row] for row in codes]
            current = replace(spec, matrix=scaled, coefficient_fraction=spec.coefficient.fraction)
        x = rng.integers(-128, 128, (3, frame))
        steps.append(("frames", x))
        want.append(current.compute(x))
    assert (run(spec, steps, seed=n) == np.concatenate(want)).all()
