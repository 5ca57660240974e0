"""The align stage in hardware equals the spec, whatever the two sides of its streams do."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hw.core.campaign import disturbed
from hw.core.exposed import Expose, ExposeComponent

from hadacast.core import pipeline as core_pipeline
from hadacast.core.top import AxiTop
from hadacast.format import Ints
from hadacast.minifloat import BF16, E4M3, E5M2, FP16, Minifloat
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.align import Align
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


@dataclass(frozen=True)
class Config:
    """One align stage, and whether a transform comes behind it."""

    frame: int
    lanes: int
    format: Minifloat
    settings: dict[str, Any] = field(default_factory=dict)
    transform: bool = False

    def __str__(self) -> str:
        more = "".join(f"-{key}={value}" for key, value in self.settings.items())
        return f"n{self.frame}-p{self.lanes}-{self.format}{more}{'-fwht' if self.transform else ''}"

    @property
    def pipeline(self) -> Pipeline:
        shape = {"frame": self.frame, "lanes": self.lanes}
        stages = [Align(**shape, input=self.format, **self.settings)]
        if self.transform:
            stages.append(Fwht(**shape, input=stages[-1].output))
        return Pipeline(name="aligned", stages=(*stages, Expose(**shape, input=stages[-1].output)))


ODD = Minifloat(exponent=4, mantissa=3, bias=-20, top="ieee", subnormal=False)
LENIENT = {"nan": "zero", "inf": "saturate"}
CONFIGS = [
    Config(2, 1, FP16, {"guard": 29}),
    Config(2, 2, BF16, {"guard": 39}),
    Config(4, 2, FP16, {"guard": 0, "rounding": "zero"}),
    Config(8, 1, BF16, {"guard": 0} | LENIENT),
    Config(8, 8, FP16, {"guard": 5, "rounding": "zero"} | LENIENT),
    Config(8, 4, ODD, {"guard": 3} | LENIENT),
    Config(16, 4, E4M3, {"guard": 18, "nan": "zero"}),
    Config(16, 16, E5M2, {"guard": 2, "inf": "saturate"}),
    Config(16, 2, Minifloat(exponent=1, mantissa=6), {"guard": 1}),
    Config(32, 4, BF16, {"guard": 8}, transform=True),
    Config(64, 8, FP16, {"guard": 29}, transform=True),
    Config(128, 8, BF16, {"guard": 12, "rounding": "zero"} | LENIENT),
]
LARGE = [
    Config(128, 8, BF16, {"guard": 8}, transform=True),
    Config(256, 4, FP16, {"guard": 10} | LENIENT),
    Config(2048, 1, BF16, {"guard": 16}),
    Config(64, 64, BF16, {"guard": 8}),
]


@pytest.fixture(autouse=True)
def _exposed(monkeypatch):
    monkeypatch.setitem(core_pipeline.COMPONENTS, Expose.kind, ExposeComponent)


def frames(config: Config, count: int, rng: np.random.Generator) -> Ints:
    """Random patterns; exponents close together; subnormals; zeros; one huge outlier; one NaN or infinity."""
    format_, shape = config.format, (count, config.frame)
    magnitudes = rng.integers(0, 1 << format_.magnitude_bits, shape)
    top, mantissa = 1 << format_.exponent, rng.integers(0, 1 << format_.mantissa, shape)
    centre = rng.integers(0, top, (count, 1))
    near = np.clip(centre + rng.integers(-8, 8, shape), 0, max(top - 2, 0)) << format_.mantissa | mantissa
    one = np.arange(config.frame) == rng.integers(0, config.frame, (count, 1))
    huge, strange = format_.max_code, rng.integers(format_.max_code, 1 << format_.magnitude_bits, shape)
    kinds = [
        magnitudes,
        near,
        mantissa,
        np.where(rng.integers(0, 8, shape) == 0, mantissa, 0),
        np.where(one, huge, near),
        np.where(one, strange, near),
    ]
    x = np.choose(rng.integers(0, len(kinds), (count, 1)), kinds)
    x[1], x[2] = 0, format_.max_code
    return x | rng.integers(0, 2, shape) << format_.magnitude_bits


def check(config: Config, samples: int, simulator: str) -> None:
    spec = config.pipeline
    seed = 100 * config.frame + config.lanes
    rng = np.random.default_rng(seed)
    x = frames(config, max(40, samples // config.frame), rng)
    sent = disturbed(spec, x, rng, seed)
    result = compare(spec, sent, simulate(AxiTop(spec), sent, simulator))
    assert result.ok, result.problems
    assert result.frames > 20
    assert result.dropped > 0


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_equals_the_spec(config):
    check(config, 600, "amaranth")


@pytest.mark.long
@pytest.mark.parametrize("config", [*CONFIGS, *LARGE], ids=str)
def test_equals_the_spec_at_length(config):
    check(config, 1_000_000, "cxxrtl")


@pytest.mark.parametrize("config", [*CONFIGS, LARGE[-1]], ids=str)
def test_latency_and_throughput_are_as_stated(config):
    """Without gaps and stalls: the stated latency, and a beat every clock."""
    spec = config.pipeline
    x = frames(config, 24, np.random.default_rng(1))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, spec.lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()


@pytest.mark.parametrize("config", CONFIGS[:6], ids=str)
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


def test_every_pattern_of_bf16():
    """All 65,536, each beside another, on the fast simulator."""
    config = Config(2, 2, BF16, {"guard": 8} | LENIENT)
    patterns = np.arange(1 << 16)
    other = np.random.default_rng(3).permutation(patterns)
    x = np.stack([patterns, np.where(patterns & 1, other, patterns ^ 0x180)], axis=-1)
    sent = Stimulus.frames(x, 2)
    result = compare(config.pipeline, sent, simulate(AxiTop(config.pipeline), sent, "cxxrtl"))
    assert result.ok, result.problems
    assert result.samples == 1 << 17
