"""The pvq stage in hardware equals the spec, whatever the two sides of its streams do."""

from dataclasses import dataclass

import numpy as np
import pytest
from hw.core.campaign import disturbed
from hw.core.exposed import Expose, ExposeComponent

from hadacast.core import pipeline as core_pipeline
from hadacast.core.top import AxiTop
from hadacast.format import Format, Ints
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.pvq import Pvq


@dataclass(frozen=True)
class Config:
    """One pvq stage, and whether a transform comes before it."""

    frame: int
    lanes: int
    group: int
    pulses: int
    width: int
    signed: bool = True
    transform: bool = False

    def __str__(self) -> str:
        sign = "s" if self.signed else "u"
        more = "-fwht" if self.transform else ""
        return f"n{self.frame}-p{self.lanes}-g{self.group}-k{self.pulses}-{sign}{self.width}{more}"

    @property
    def pipeline(self) -> Pipeline:
        shape = {"frame": self.frame, "lanes": self.lanes}
        input_ = Format(width=self.width, signed=self.signed)
        stages = [Fwht(**shape, input=input_)] if self.transform else []
        stages.append(
            Pvq(**shape, input=stages[0].output if stages else input_, group=self.group, pulses=self.pulses)
        )
        return Pipeline(name="pyramid", stages=(*stages, Expose(**shape, input=stages[-1].output)))


# Groups of several beats, of one, and several in a beat; each number of rows in a comparison; squares of one
# limb and of more.
CONFIGS = [
    Config(2, 1, 2, 1, 4),
    Config(4, 2, 2, 2, 1),
    Config(8, 8, 2, 5, 6, signed=False),
    Config(8, 1, 4, 3, 8),
    Config(8, 4, 4, 4, 8),
    Config(16, 2, 4, 9, 12),
    Config(16, 2, 8, 4, 12, transform=True),
    Config(16, 8, 4, 2, 20),
]
LARGE = [
    Config(32, 8, 8, 8, 12),
    Config(32, 1, 16, 8, 14),
    Config(32, 1, 32, 32, 20),
    Config(64, 1, 32, 17, 20, signed=False),
    Config(64, 4, 16, 6, 12, transform=True),
]


@pytest.fixture(autouse=True)
def _exposed(monkeypatch):
    monkeypatch.setitem(core_pipeline.COMPONENTS, Expose.kind, ExposeComponent)


def frames(config: Config, count: int, rng: np.random.Generator) -> Ints:
    """Numbers of all sizes; of few values, for ties; mostly zeros; all zeros; the largest; one outlier."""
    format_, shape = Format(width=config.width, signed=config.signed), (count, config.frame)
    low, high = format_.min, format_.max
    wild = rng.integers(low, high + 1, shape)
    few = np.clip(rng.integers(-2, 3, shape), low, high)
    kinds = [
        wild,
        few,
        np.where(rng.integers(0, 6, shape) == 0, wild, 0),
        np.zeros(shape, dtype=np.int64),
        np.where(rng.integers(0, 2, shape), low, high),
        np.where(rng.integers(0, config.group, shape) == 0, low or high, few),
        wild >> rng.integers(0, config.width, (count, 1)),
    ]
    x = np.choose(rng.integers(0, len(kinds), (count, 1)), kinds)
    x[0], x[1] = low, high
    return x


def check(config: Config, samples: int, simulator: str) -> None:
    spec = config.pipeline
    seed = 1000 * config.frame + 10 * config.lanes + config.pulses
    rng = np.random.default_rng(seed)
    sent = disturbed(spec, frames(config, max(40, samples // config.frame), rng), rng, seed)
    result = compare(spec, sent, simulate(AxiTop(spec), sent, simulator))
    assert result.ok, result.problems
    assert result.frames > 20
    assert result.dropped > 0


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_the_spec(config):
    check(config, 500, "amaranth")


@pytest.mark.long
@pytest.mark.parametrize("config", [*CONFIGS, *LARGE], ids=str)
def test_equals_the_spec_at_length(config):
    check(config, 300_000, "cxxrtl")


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_latency_and_throughput_are_as_stated(config):
    """Without gaps and stalls: the stated latency, and a beat every clock for several times that long."""
    spec = config.pipeline
    x = frames(config, 4 + 3 * spec.latency // spec.beats, np.random.default_rng(1))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, spec.lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.parametrize("config", CONFIGS[:5], ids=str)
def test_no_frame_waits_for_the_next(config):
    """A frame leaves though the one behind it stops after any number of beats."""
    spec = config.pipeline
    x = frames(config, 4, np.random.default_rng(2))[::3]
    for beats in range(spec.beats):
        sent = Stimulus.frames(x, spec.lanes)
        cut = slice(0, spec.beats + beats)
        sent = Stimulus(sent.data[cut], sent.last[cut], sent.gap[cut], sent.ready)
        trace = simulate(AxiTop(spec), sent)
        assert len(trace.data) == spec.beats
        assert (trace.data.reshape(-1) == spec.compute(x[0])).all()
