"""Permutations in hardware: every circuit there is, under gaps, stalls, broken frames and resets."""

import numpy as np
import pytest
from hw.core import stage_bench
from hw.core.campaign import disturbed
from hypothesis import given, settings
from hypothesis import strategies as st

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.permuting.banked import Banked
from hadacast.permuting.in_place import InPlace
from hadacast.permuting.lanes import Lanes
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.fwht import Fwht
from hadacast.spec.order import Order
from hadacast.spec.permute import Permute
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.scatter import Scatter

W = Format(width=9)


def shuffled(size: int, seed: int = 1) -> tuple[int, ...]:
    return tuple(np.random.default_rng(seed).permutation(size).tolist())


ORDERS = [
    *(Order(frame=n, lanes=p, input=W) for n in (16, 64) for p in (1, 2, 4, 8)),
    *(Order(frame=n, lanes=p, input=W, after="dyadic") for n in (8, 32, 128) for p in (1, 2, 4, 8)),
    *(Order(frame=128, lanes=p, input=W, before="sequency", after="natural") for p in (1, 4, 16)),
    *(Order(frame=64, lanes=p, input=W, before="dyadic") for p in (1, 2, 4, 8)),
    *(Order(frame=64, lanes=p, input=W, before="sequency", after="dyadic") for p in (1, 8, 64)),
    Order(frame=96, lanes=4, input=W, size=32),
    Order(frame=64, lanes=2, input=W, size=8, stride=8),
    Order(frame=48, lanes=3, input=W, size=16),
]
PERMUTATIONS = [
    # One beat, wires, a switch of lanes.
    Permute(frame=8, lanes=8, input=W, table=shuffled(8)),
    Permute(frame=12, lanes=3, input=W, table=(2, 0, 1)),
    Permute(frame=12, lanes=3, input=W, table=(2, 0, 1, 3, 4, 5)),
    Permute(frame=160, lanes=2, input=W, table=tuple(k ^ (k // 2 % 7 < 2) for k in range(160))),
    # Affine: in place, tight and not.
    Permute(frame=2, lanes=1, input=W, rule="reverse"),
    Permute(frame=32, lanes=4, input=W, rule="reverse"),
    Permute(frame=64, lanes=8, input=W, rule="xor", mask=37),
    Permute(frame=64, lanes=2, input=W, rule="xor", mask=4),
    Permute(frame=64, lanes=4, input=W, rule="transpose", rows=4),
    Permute(frame=64, lanes=1, input=W, rule="transpose", rows=8),
    # Any: one block and two, with and without switches, on any number of lanes.
    *(Permute(frame=64, lanes=p, input=W, table=shuffled(64, p)) for p in (1, 2, 4, 8, 16, 32)),
    *(Permute(frame=60, lanes=p, input=W, table=shuffled(60, p)) for p in (1, 3, 5, 6, 20)),
    Permute(frame=640, lanes=32, input=Format(width=3), table=shuffled(640)),
    Permute(frame=3, lanes=1, input=W, table=(2, 1, 0)),
    Permute(frame=4, lanes=2, input=W, table=(0, 3, 2, 1)),
    Permute(frame=60, lanes=5, input=W, table=(0, 2, 1, 3), unit=5),
    Permute(frame=28, lanes=4, input=W, rule="rotate", shift=9),
    Permute(frame=36, lanes=4, input=W, rule="rotate", shift=1, block=12),
    Permute(frame=48, lanes=4, input=W, rule="transpose", rows=3, unit=2),
    Permute(frame=256, lanes=2, input=W, table=shuffled(128)),
    # A tight one of one block, which is not affine: every element of a beat to another one.
    Permute(frame=12, lanes=2, input=W, table=(10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
]


def name(spec):
    what = f"{spec.before}-{spec.after}" if spec.kind == "order" else spec.rule or "table"
    return f"{what}-n{spec.frame}-p{spec.lanes}"


def test_every_circuit_is_among_them():
    plans = [spec.plan for spec in ORDERS + PERMUTATIONS]
    assert any(isinstance(plan, Lanes) and not plan.latency for plan in plans)
    assert {plan.latency for plan in plans if isinstance(plan, Lanes)} >= {0, 2, 3}
    places = [plan for plan in plans if isinstance(plan, InPlace)]
    assert {plan.flow.tight for plan in places} == {False, True}
    assert {bool(plan.phases) for plan in places} == {False, True}
    assert {bool(plan.group) for plan in places if not plan.phases} == {False, True}
    assert {bool(plan.turn) for plan in places} == {False, True}
    assert {len(plan.write) for plan in places} >= {0, 1, 2, 3}
    banked = [plan for plan in plans if isinstance(plan, Banked)]
    assert {plan.halves for plan in banked} == {1, 2}
    assert {(plan.write.registers, plan.read.registers) for plan in banked} >= {(0, 0), (1, 1), (2, 2)}


# The larger ones of each sort, and most of those with a lane or two, take long.
LONG = [spec for spec in ORDERS + PERMUTATIONS if spec.frame > 60 and (spec.lanes < 4 or spec.frame > 64)]


@pytest.mark.parametrize(
    "spec", [pytest.param(s, marks=[pytest.mark.long] * (s in LONG)) for s in ORDERS + PERMUTATIONS], ids=name
)
def test_equals_the_spec(spec):
    rng = np.random.default_rng(spec.frame)
    low, high = spec.input.min, spec.input.max
    stage_bench.check(spec, rng.integers(low, high + 1, (16 if spec.beats < 32 else 10, spec.frame)))


@settings(deadline=None, max_examples=4)
@given(data=st.data())
def test_any_permutation(data):
    lanes, beats = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 8))
    table = data.draw(st.permutations(range(lanes * beats)))
    spec = Permute(frame=lanes * beats, lanes=lanes, input=W, table=tuple(table))
    rng = np.random.default_rng(1)
    stage_bench.check(spec, rng.integers(W.min, W.max + 1, (12, spec.frame)))


@pytest.mark.parametrize(
    "spec",
    [
        Order(frame=16, lanes=2, input=exponents(W, 16)),
        Permute(frame=12, lanes=3, input=exponents(W, 12), table=shuffled(12)),
        Permute(frame=12, lanes=3, input=exponents(W, 12), table=(2, 0, 1)),
        Permute(frame=12, lanes=3, input=exponents(W, 12), table=(2, 0, 1, 3, 4, 5)),
        Permute(frame=4, lanes=1, input=exponents(W, 4), rule="reverse"),
    ],
    ids=name,
)
def test_exponents_go_with_their_frames(spec):
    rng = np.random.default_rng(1)
    codes, scale = rng.integers(W.min, W.max + 1, (16, spec.frame)), rng.integers(0, 256, (16, 1))
    stage_bench.check(spec, Frames(codes=codes, scale=scale))


def check(spec: Pipeline, samples: int = 100, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(
        spec.input.min, spec.input.max + 1, (max(16, samples // spec.in_beats), spec.in_beats * spec.in_lanes)
    )
    sent = disturbed(spec, x, rng, seed)
    result = compare(spec, sent, simulate(AxiTop(spec), sent))
    assert result.ok, result.problems
    assert result.dropped > 0
    trace = simulate(AxiTop(spec), Stimulus.frames(x[:6], spec.in_lanes))
    assert trace.latency == spec.latency
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.parametrize(
    ("frame", "lanes"),
    [(8, 1), (16, 4), *(pytest.param(*x, marks=pytest.mark.long) for x in ((32, 2), (64, 8)))],
)
@pytest.mark.parametrize(
    "stages",
    [
        # Before the transform, which drops broken frames: their marks go through.
        lambda f, p: [Order(frame=f, lanes=p, input=W, before="sequency", after="natural")],
        lambda f, p: [Permute(frame=f, lanes=p, input=W, table=shuffled(f))],
        lambda f, p: [Permute(frame=f, lanes=p, input=W, table=(1, 0))],
        lambda f, p: [Permute(frame=f, lanes=p, input=W, rule="xor", mask=f // 2)] * 2,
    ],
)
def test_marks_go_through_to_the_transform_and_behind(stages, frame, lanes):
    before = stages(frame, lanes)
    fwht = Fwht(frame=frame, lanes=lanes, input=W)
    after = Order(frame=frame, lanes=lanes, input=fwht.output)
    spec = Pipeline(name="marks", stages=(*before, fwht, after))
    assert spec.dropper == len(before)
    check(spec)


SCATTERS = [(16, 1, 5), (16, 4, 1), (16, 4, 9), (16, 4, 16), (32, 32, 3), (64, 8, 13), (64, 16, 40)]


@pytest.mark.parametrize(("frame", "lanes", "count"), SCATTERS)
def test_scatter(frame, lanes, count):
    scatter = Scatter(frame=frame, lanes=lanes, input=W, places=shuffled(frame)[:count])
    check(Pipeline(name="scatter", stages=(scatter,)))


@pytest.mark.parametrize(("frame", "lanes", "count"), [(8, 1, 3), (16, 4, 1), (32, 8, 20)])
def test_scatter_and_transform(frame, lanes, count):
    scatter = Scatter(frame=frame, lanes=lanes, input=W, places=shuffled(frame)[:count])
    check(Pipeline(name="scatter", stages=(scatter, Fwht(frame=frame, lanes=lanes, input=W))))


def test_scatter_on_any_number_of_lanes():
    check(Pipeline(name="scatter", stages=(Scatter(frame=30, lanes=5, input=W, places=shuffled(30)[:8]),)))


def test_a_recipe_leaves_the_spectrum_in_sequency_order(tmp_path):
    (tmp_path / "mine.toml").write_text(
        """
[stream]
frame = 64
lanes = 4
[input]
width = 10
[[stage]]
kind = "fwht"
[[stage]]
kind = "order"
after = "sequency"
"""
    )
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    check(spec)
    # A square wave that changes sign s times is one line at place s.
    k = np.arange(64)
    for s in (1, 62):
        gray = s ^ s >> 1
        wave = 1 - 2 * (np.bitwise_count(int(f"{gray:06b}"[::-1], 2) & k) % 2).astype(np.int64)
        assert (np.diff(wave) != 0).sum() == s
        trace = simulate(AxiTop(spec), Stimulus.frames(wave[None], 4))
        assert trace.data.ravel().tolist() == [64 if place == s else 0 for place in range(64)]


def test_a_recipe_reads_its_table_from_a_file(tmp_path):
    np.save(tmp_path / "channels.npy", np.array(shuffled(24)))
    (tmp_path / "mine.toml").write_text(
        """
[stream]
frame = 48
lanes = 6
[[stage]]
kind = "permute"
table = "channels.npy"
[[stage]]
kind = "permute"
table = "channels.npy"
inverse = true
"""
    )
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    x = np.arange(96).reshape(2, 48)
    assert np.array_equal(spec.compute(x), x)
    check(spec)


@pytest.mark.parametrize(
    "spec",
    [
        Order(frame=1024, lanes=4, input=W),
        Order(frame=2048, lanes=8, input=W, before="dyadic"),
        Order(frame=512, lanes=1, input=W, after="dyadic"),
        Permute(frame=1000, lanes=8, input=W, table=shuffled(1000)),
        Permute(frame=512, lanes=4, input=W, rule="reverse"),  # tight, in block RAM
    ],
    ids=name,
)
@pytest.mark.long
def test_at_length(spec):
    rng = np.random.default_rng(1)
    x = rng.integers(W.min, W.max + 1, (100, spec.frame))
    stage_bench.check(spec, x, "cxxrtl")
