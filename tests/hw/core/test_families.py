"""Cores as other families have them do what the generic one does: the same bench, with plain adders in them.

On ECP5 the last adders hold; on iCE40 the one register behind a memory is its own.
"""

from dataclasses import replace

import numpy as np
import pytest
from hw.core.campaign import Config, frames, stimulus

from hadacast.core import fwht
from hadacast.core.top import AxiTop
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.tech.family import FAMILIES

CONFIGS = [
    Config(2, 2, 16),
    Config(8, 2, 5, signed=False),
    Config(8, 8, 12, registers=0),
    Config(16, 4, 16),
    Config(32, 4, 8, registers=2, span=2),
    Config(64, 8, 16, span=1),
]


@pytest.fixture(params=["ecp5", "ice40"], autouse=True)
def family(request, monkeypatch):
    """The generic family, with what decides the structure of a core from another one."""
    other = FAMILIES[request.param]
    monkeypatch.setattr(fwht, "holds", lambda lanes, platform: request.param == "ecp5")
    monkeypatch.setitem(FAMILIES, "generic", replace(other, name="generic"))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_the_spec(config):
    spec = config.pipeline
    sent = stimulus(spec, 600, seed=config.frame * 1000 + config.lanes)
    result = compare(spec, sent, simulate(AxiTop(spec), sent, "amaranth"))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_latency_and_throughput_are_as_stated(config):
    spec = config.pipeline
    x = frames(spec, 8 * spec.frame, np.random.default_rng(1))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, spec.lanes), "amaranth")
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()
