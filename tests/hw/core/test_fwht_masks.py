"""Transforms of parts of frames in hardware, and of frames of any length: with what travels beside them."""

from typing import Any

import numpy as np
import pytest
from hw.core.campaign import frames, stimulus
from hw.core.test_fwht_sides import Adapter, Attach, Detach

from hadacast.core import pipeline as core
from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.stage import Stage


def case(frame: int, lanes: int, **settings: Any) -> Any:
    name = "-".join(f"{key}{value}" for key, value in settings.items()).replace(" ", "")
    return pytest.param(frame, lanes, settings, id=f"n{frame}-p{lanes}-{name}")


CASES = [
    # Blocks: across beats, within a beat, both.
    case(32, 1, size=4),
    case(32, 4, size=8, registers=0),
    case(32, 8, size=4, registers=2),
    case(64, 4, size=32, stall_span=2),
    # Strides.
    case(32, 2, size=4, stride=8),
    case(64, 4, size=4, stride=2, storage="bram"),
    case(64, 4, size=16, stride=4),
    case(24, 3, size=4, stride=3),
    case(48, 2, size=4, stride=12, storage="lutram"),
    case(40, 2, size=4, stride=10, storage="bram", stall_span=1),
    # Bits.
    case(64, 2, bits=(0, 2, 5)),
    case(64, 8, bits=(1, 4), registers=0),
    case(16, 16, bits=(0, 3)),
    case(32, 1, bits=(4,), storage="lutram"),
    # Another size after reset than the one that is built.
    case(32, 1, up_to=32, size=4),
    case(32, 8, up_to=16, size=2, registers=2),
    case(64, 4, up_to=64, bits=(1, 3, 5), storage="bram"),
    case(16, 16, up_to=16, size=1),
    case(48, 2, up_to=4, size=2, stride=12),
    # No powers of two.
    case(12, 4),
    case(24, 24, size=8),
    case(40, 1, registers=2),
    case(96, 12, size=4),
    case(96, 12, size=8, stride=12),
    case(112, 8),
]


def pipeline(*stages: Stage) -> Pipeline:
    return Pipeline(name="core", stages=stages)


def alone(frame: int, lanes: int, settings: dict[str, Any]) -> Pipeline:
    return pipeline(Fwht(frame=frame, lanes=lanes, input=Format(width=7), **settings))


def chained(frame: int, lanes: int, *transforms: dict[str, Any]) -> Pipeline:
    """Transforms of frames with exponents, which the last lane shows."""
    stages: list[Stage] = [Attach(frame=frame, lanes=lanes, input=Format(width=10))]
    for settings in transforms:
        stages.append(Fwht(frame=frame, lanes=lanes, input=stages[-1].output, **settings))
    return pipeline(*stages, Detach(frame=frame, lanes=lanes, input=stages[-1].output))


@pytest.fixture(autouse=True)
def _adapters(monkeypatch):
    monkeypatch.setitem(core.COMPONENTS, "attach", Adapter)
    monkeypatch.setitem(core.COMPONENTS, "detach", Adapter)


def check(spec: Pipeline, samples: int, simulator: str = "amaranth") -> None:
    plan = stimulus(spec, samples, seed=spec.frame + spec.lanes)
    result = compare(spec, plan, simulate(AxiTop(spec), plan, simulator))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize(("frame", "lanes", "settings"), CASES)
def test_equals_the_spec(frame, lanes, settings):
    check(alone(frame, lanes, settings), 400)


@pytest.mark.parametrize(("frame", "lanes", "settings"), CASES)
def test_latency_and_throughput_are_as_stated(frame, lanes, settings):
    spec = alone(frame, lanes, settings)
    x = frames(spec, 4 * frame, np.random.default_rng(1))[:12]
    trace = simulate(AxiTop(spec), Stimulus.frames(x, lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.parametrize(("frame", "lanes", "settings"), CASES[::2])
def test_no_frame_waits_for_the_next(frame, lanes, settings):
    """A frame leaves though the one behind it stops after any number of beats."""
    spec = alone(frame, lanes, settings)
    x = frames(spec, spec.frame, np.random.default_rng(2))[:2]
    for beats in {0, min(1, spec.beats - 1), spec.beats // 2, spec.beats - 1} - {spec.beats}:
        sent = Stimulus.frames(x, lanes)
        cut = slice(0, spec.beats + beats)
        trace = simulate(AxiTop(spec), Stimulus(sent.data[cut], sent.last[cut], sent.gap[cut], sent.ready))
        assert (trace.data.reshape(-1) == spec.compute(x[0])).all()


PART, INNER, WITHIN = {"size": 8}, {"bits": (1, 3)}, {"size": 2}


@pytest.mark.parametrize(
    ("frame", "lanes", "transforms"),
    [
        (32, 4, (PART,)),
        (32, 4, (PART, {})),  # the second drops what the first lets pass
        (32, 4, ({}, PART)),
        (32, 2, (INNER, PART, {"registers": 0}, WITHIN)),
        (16, 2, (WITHIN, {})),
        (24, 2, (PART, {"size": 4, "stride": 6})),
        (24, 4, ({"size": 2, "stride": 12}, {"size": 2})),
        (96, 12, ({"size": 8, "stride": 12}, {"size": 4})),
    ],
    ids=str,
)
def test_what_is_beside_frames_stays_with_them(frame, lanes, transforms):
    spec = chained(frame, lanes, *transforms)
    whole = [index for index, stage in enumerate(spec.stages) if stage.whole]
    assert spec.dropper == (whole[0] if whole else None)
    check(spec, 500)
    x = np.random.default_rng(1).integers(-512, 512, (9, frame))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency


@pytest.mark.parametrize(
    ("frame", "lanes", "settings"),
    [
        (384, 12, {"size": 32, "stride": 12}),
        (5120, 8, {}),
        pytest.param(384, 4, {}, marks=pytest.mark.long),
        pytest.param(1536, 8, {"bits": (0, 2, 8)}, marks=pytest.mark.long),
        pytest.param(5120, 8, {"size": 128, "stride": 40}, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_equals_the_spec_at_length(frame, lanes, settings):
    check(alone(frame, lanes, settings), 60_000, "cxxrtl")
