"""The core in hardware equals the spec, sample for sample, whatever the two sides of its streams do."""

import numpy as np
import pytest
from hw.core.campaign import CONFIGS, Config, frames, stimulus

from hadacast.core.top import AxiTop
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus

QUICK = [c for c in CONFIGS if c.frame <= 64 and c.frame * c.lanes <= 256]
SOME = [CONFIGS[i] for i in (3, 9, 19, 25, 36)]


def check(config: Config, samples: int, simulator: str) -> None:
    spec = config.pipeline
    sent = stimulus(spec, samples, seed=config.frame * 1000 + config.lanes)
    result = compare(spec, sent, simulate(AxiTop(spec), sent, simulator))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize("config", QUICK, ids=str)
def test_equals_the_spec(config):
    check(config, 600, "amaranth")


@pytest.mark.parametrize("config", SOME, ids=str)
def test_equals_the_spec_at_length(config):
    check(config, 50_000, "cxxrtl")


@pytest.mark.long
@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_the_spec_on_a_million_samples(config):
    check(config, 1_000_000, "cxxrtl")


@pytest.mark.parametrize("config", QUICK, ids=str)
def test_latency_and_throughput_are_as_stated(config):
    """Without gaps and stalls: the stated latency, the bound on it, and a beat every clock."""
    spec = config.pipeline
    x = frames(spec, 8 * spec.frame, np.random.default_rng(1))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, spec.lanes), "amaranth")
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert spec.latency <= spec.beats - 1 + 2 * (spec.frame.bit_length() - 1)
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.parametrize("config", QUICK, ids=str)
def test_no_frame_waits_for_the_next(config):
    """A frame leaves though the one behind it stops after any number of beats."""
    spec = config.pipeline
    x = frames(spec, spec.frame, np.random.default_rng(2))[:2]
    for beats in range(spec.beats):
        sent = Stimulus.frames(x, spec.lanes)
        cut = slice(0, spec.beats + beats)
        sent = Stimulus(sent.data[cut], sent.last[cut], sent.gap[cut], sent.ready)
        trace = simulate(AxiTop(spec), sent, "amaranth")
        assert len(trace.data) == spec.beats
        assert (trace.data.reshape(-1) == spec.compute(x[0])).all()
