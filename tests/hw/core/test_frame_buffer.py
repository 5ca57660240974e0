"""The frame buffer sends good frames whole and forgets broken ones, at one beat per clock."""

from dataclasses import dataclass

import numpy as np
import pytest
from hw.core.campaign import frames, stimulus

from hadacast.core.top import AxiTop
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import BF16, E2M1
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.cast import Cast
from hadacast.spec.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class Bytes(Cast):
    """An identity whose frames may have any number of beats, as a packed stream's may."""

    number: int = 3

    @property
    def in_beats(self) -> int:
        return self.number

    @property
    def out_beats(self) -> int:
        return self.number

    def transform(self, x):
        return x


def pipeline(lanes: int, beats: int, input_: Codes) -> Pipeline:
    stage = Bytes(frame=max(2, lanes), lanes=lanes, number=beats, input=input_)
    return Pipeline(name="core", stages=(stage,))


SHAPES = [(2, 1), (1, 2), (1, 3), (4, 4), (2, 7), (1, 16), (2, 31)]


def sent(spec: Pipeline, samples: int, seed: int) -> tuple[Stimulus, Ints]:
    x = frames(spec, samples, np.random.default_rng(seed))
    return Stimulus.frames(x, spec.in_lanes), x


@pytest.mark.parametrize("input_", [Format(width=9), E2M1], ids=str)
@pytest.mark.parametrize(("lanes", "beats"), SHAPES)
def test_equals_the_spec(lanes, beats, input_):
    spec = pipeline(lanes, beats, input_)
    plan = stimulus(spec, 200, seed=lanes * 100 + beats)
    result = compare(spec, plan, simulate(AxiTop(spec), plan))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize(("lanes", "beats"), [(2, 1), (1, 5), (4, 64)])
def test_equals_the_spec_at_length(lanes, beats):
    spec = pipeline(lanes, beats, BF16)
    plan = stimulus(spec, 50_000, seed=beats)
    result = compare(spec, plan, simulate(AxiTop(spec), plan, "cxxrtl"))
    assert result.ok, result.problems
    assert result.frames > 50
    assert result.dropped > 5


@pytest.mark.parametrize(("lanes", "beats"), SHAPES)
def test_latency_and_throughput_are_as_stated(lanes, beats):
    spec = pipeline(lanes, beats, Format(width=9))
    plan, x = sent(spec, 100, 1)
    trace = simulate(AxiTop(spec), plan)
    assert trace.offer[0] - trace.accept[0] == spec.latency == beats + 2
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()
    assert (trace.data.reshape(len(x), -1) == x).all()


@pytest.mark.parametrize("broken", [[0], [1], [0, 1], [2, 3, 4], [0, 2, 4]])
@pytest.mark.parametrize("beats", [1, 3])
def test_the_first_good_frame_after_broken_ones_is_marked(beats, broken):
    spec = pipeline(2, beats, Format(width=9))
    plan, x = sent(spec, 12, 2)
    plan = plan.resize(dict.fromkeys(broken, 1))
    trace = simulate(AxiTop(spec), plan)
    good = [frame for frame in range(len(x)) if frame not in broken]
    assert (trace.data.reshape(len(good), -1) == x[good]).all()
    marked = [frame - 1 in broken for frame in good]
    assert trace.user.tolist() == np.repeat(marked, beats).tolist()
    assert trace.error_pulses == len(broken)
