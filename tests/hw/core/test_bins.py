"""Bins of sparse spectra in hardware."""

from dataclasses import replace

import numpy as np
import pytest
from hw.core import stage_bench
from hw.core.campaign import disturbed
from hw.core.test_control import Run

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.bins import EMPTY, SEVERAL, SINGLE, Bins
from hadacast.spec.fwht import Fwht
from hadacast.spec.normalize import Normalize
from hadacast.spec.pipeline import Pipeline


def bins(width, bits, hash_, offsets, lanes, **settings):
    size = len(hash_) * len(offsets) * (bits - len(hash_[0]) + 1) << len(hash_[0])
    thresholds = {"zero": (1 << 2 * width - 2) // 16, "spread": (1 << 2 * width - 2) // 40} | settings
    return Bins(
        frame=size,
        lanes=lanes,
        input=Format(width=width),
        bits=bits,
        hash=hash_,
        offsets=offsets,
        **thresholds,
    )


# Lanes below, at and above the number of offsets; a bin in one beat and in many; one bit and many.
SPECS = {
    "one offset": bins(6, 4, ((0,), (3,)), (5,), 1),
    "a bin in a beat": bins(8, 3, ((2,), (0,), (1,)), (0, 7), 6),
    "several bits in a beat": bins(9, 5, ((0, 2),), (0, 31), 4),
    "a bit in a beat": bins(13, 6, ((0, 1, 2), (5, 4, 3)), (1, 2, 60, 11), 4),
    "a bit in several beats": bins(10, 6, ((1, 4), (0, 3)), (0, 63, 9, 54), 2),
    "odd": bins(7, 5, ((4,), (2,)), (3, 0, 17), 3),
    "nothing but zeros are empty": bins(5, 4, ((1, 2),), (0, 15), 2, zero=0, spread=0),
    "all are empty": bins(5, 4, ((1, 2),), (0, 15), 2, zero=256),
    "none are several": bins(5, 4, ((1, 2),), (0, 15), 2, zero=1, spread=(1 << 32) - 1),
    "the widest": bins(18, 8, ((0, 1),), (0, 255, 77), 3),
    "one bit": bins(1, 4, ((1, 2),), (0, 15), 2, zero=0, spread=0),
}


def observations(spec, count, rng):
    """Frames whose bins hold none, one, two or any numbers, some of them the largest there are."""
    low, high = spec.element.min, spec.element.max
    shape = (count, spec.groups * spec.bins, spec.delays)
    size = rng.integers(0, high + 1, shape[:-1])[..., None]
    one, two = (size * rng.choice([-1, 1], shape) for _ in range(2))
    noise = np.round(rng.normal(size=shape) * max(high / 16, 0.5)).astype(np.int64)
    wild = rng.integers(low, high + 1, shape)
    kinds = [0 * wild, noise, one, one + noise, one + two, wild, np.where(one < 0, low, high)]
    x = np.choose(rng.integers(0, len(kinds), shape[:-1])[..., None], kinds)
    x[0], x[-1] = low, high
    return np.clip(x, low, high).reshape(count, spec.frame)


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    stage_bench.check(spec, observations(spec, 24, np.random.default_rng(spec.frame)))


@pytest.mark.parametrize("name", SPECS)
def test_loadable_thresholds_begin_as_the_spec_says(name):
    spec = SPECS[name]
    stage = replace(spec, loadable=True, spread=min(spec.spread, (1 << 2 * spec.element.width - 2)))
    pipeline = Pipeline(name="bins", stages=(stage,))
    x = observations(spec, 12, np.random.default_rng(spec.frame))
    trace = simulate(AxiTop(pipeline), Stimulus.frames(x, spec.lanes))
    assert (trace.data.reshape(len(x), -1) == spec.compute(x)).all()
    assert trace.latency == pipeline.latency


@pytest.mark.parametrize("name", ["several bits in a beat", "a bit in a beat", "a bit in several beats"])
def test_frames_hold_all_kinds(name):
    spec = SPECS[name]
    kind = spec.split(spec.compute(observations(spec, 24, np.random.default_rng(spec.frame)))).kind
    assert {EMPTY, SINGLE, SEVERAL} == set(kind.ravel().tolist())


def front(lanes, bits, hash_, offsets, **settings):
    """Samples of 10 bits to bins."""
    size = 1 << len(hash_[0])
    delays = len(offsets) * (bits - len(hash_[0]) + 1)
    shape = {"frame": len(hash_) * size * delays, "lanes": lanes}
    fwht = Fwht(**shape, input=Format(width=10, fraction=3), size=size, stride=delays)
    mean = Normalize(**shape, input=fwht.output, factor=f"1/{size}", width=9, fraction=3)
    stage = Bins(**shape, input=mean.output, bits=bits, hash=hash_, offsets=offsets, **settings)
    return Pipeline(name="front", stages=(fwht, mean, stage))


FRONTS = {
    "4 bins": (2, 5, ((0, 1), (2, 4)), (0, 31)),
    "8 bins": (4, 6, ((0, 1, 2), (3, 4, 5)), (3, 60, 9, 54)),
    "2 bins": (1, 4, ((0,), (1,), (2,), (3,)), (1, 6, 12)),
}


@pytest.mark.parametrize("name", FRONTS)
def test_a_front_end_equals_its_spec(name):
    spec = front(*FRONTS[name], zero=400, spread=500)
    rng = np.random.default_rng(1)
    x = rng.integers(-512, 512, (30, spec.frame)) >> rng.integers(0, 8, (30, 1))
    x[3:9] = rng.choice([-512, 511], (6, spec.frame))
    sent = disturbed(spec, x, rng, 1)
    result = compare(spec, sent, simulate(AxiTop(spec), sent))
    assert result.ok, result.problems
    assert result.frames > 10
    assert result.dropped > 0


@pytest.mark.long
@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec_at_length(name):
    spec = SPECS[name]
    stage_bench.check(spec, observations(spec, 2000, np.random.default_rng(1)), "cxxrtl")


@pytest.mark.parametrize(
    ("lanes", "bits", "hash_", "offsets"),
    [(2, 3, ((0,), (2,)), (0, 7)), (4, 4, ((0,), (3,)), (0, 15, 6, 9))],
    ids=["2 lanes", "4 lanes"],
)
def test_thresholds_change_between_frames(lanes, bits, hash_, offsets):
    """Samples are noise: each pair of thresholds tells other bins apart."""
    limits = [(20_000, 9_000), (35_000, 20_000), (0, 1 << 16)]
    fronts = [front(lanes, bits, hash_, offsets, zero=z, spread=s, loadable=True) for z, s in limits]
    x = np.random.default_rng(1).integers(-512, 512, (20, fronts[0].frame))
    kinds = [f.stages[-1].split(f.compute(x)).kind for f in fronts]
    assert len({kind.tobytes() for kind in kinds}) == 3
    Run(fronts, seed=1).run()
