"""Quantizing pipelines equal the exact reference: random and extreme frames, real activations, stalls."""

from pathlib import Path

import numpy as np
import pytest
from hw.core.campaign import frames, stimulus
from hw.core.recipes_campaign import CASES, Case

from hadacast import samples
from hadacast.core.top import AxiTop
from hadacast.format import Ints
from hadacast.minifloat import Minifloat
from hadacast.recipe import load
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.pipeline import Pipeline

# Small enough for the interpreting simulator; the others are compiled, behind the marker.
QUICK = [case for case in CASES if case.frame * case.lanes <= 256][::2]


def activations(spec: Pipeline, elements: int) -> Ints:
    """Frames of a language model's activations, from all over the sample."""
    values = samples.load("minilm_mlp_down").astype(np.float64)
    rows = values.reshape(-1, spec.frame)
    count = min(len(rows), max(elements // spec.frame, 2))
    return spec.input.encode(rows[np.linspace(0, len(rows) - 1, count).astype(int)])


def beats_that_hurt(spec: Pipeline, elements: int, seed: int) -> Ints:
    """Codes that find the most, and values over many scales: zero frames, and one huge outlier in each."""
    rng = np.random.default_rng(seed)
    found = [frames(spec, elements, rng), np.zeros((2, spec.frame), dtype=np.int64)]
    if not isinstance(spec.input, Minifloat):
        width = spec.input.width
        small = rng.integers(-3, 4, (6, spec.frame)) << rng.integers(0, width - 3, (6, 1))
        outlier = small.copy()
        outlier[np.arange(6), rng.integers(0, spec.frame, 6)] = rng.choice(
            [spec.input.min, spec.input.max], 6
        )
        found += [small, outlier]
    return np.concatenate(found)


def check(case: Case, folder: Path, elements: int, simulator: str) -> None:
    spec = load(case.write(folder)).pipeline
    top = AxiTop(spec)
    sent = stimulus(spec, elements, seed=spec.frame + spec.lanes)
    broken = compare(spec, sent, simulate(top, sent, simulator))
    assert broken.ok, broken.problems
    assert broken.dropped > 0

    hurt = np.concatenate([activations(spec, elements), beats_that_hurt(spec, elements, seed=3)])
    stalled = Stimulus.frames(hurt, spec.in_lanes, gap_rate=0.2, stall_rate=0.3, seed=1)
    found = compare(spec, stalled, simulate(top, stalled, simulator))
    assert found.ok, found.problems

    # At full rate: the stated latency, and a beat in each clock at both ends. A pack stage may wait once,
    # after its very first beats, which leave as early as they can.
    rate = Stimulus.frames(hurt, spec.in_lanes)
    trace = simulate(top, rate, simulator)
    assert compare(spec, rate, trace).ok
    assert trace.latency == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    if spec.out_beats == spec.in_beats:
        assert (np.diff(trace.cycle)[spec.out_beats :] == 1).all()


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_equals_the_reference(case, tmp_path):
    check(case, tmp_path, 300, "amaranth")


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_the_reference_at_length(case, tmp_path):
    check(case, tmp_path, 60_000, "cxxrtl")
