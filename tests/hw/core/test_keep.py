"""Keeping a part of a spectrum, in hardware."""

import numpy as np
import pytest
from hw.core import stage_bench
from hw.core.test_control import Run

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.minifloat import E2M1
from hadacast.recipe import load
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.keep import Keep
from hadacast.spec.pipeline import Pipeline

SPECS = {
    "one-place": Keep(frame=2, lanes=1, input=Format(width=1), places=(1,)),
    "one-beat": Keep(frame=16, lanes=16, input=Format(width=5), first=6),
    "lanes-that-never-change": Keep(frame=16, lanes=4, input=Format(width=8), places=(0, 4, 8, 12, 1)),
    "logic": Keep(frame=64, lanes=1, input=Format(width=16), share="1/3"),
    "unsigned": Keep(frame=16, lanes=2, input=Format(width=8, signed=False), first=5),
    "memory": Keep(frame=128, lanes=1, input=Format(width=12), share="1/10"),
    "image": Keep(frame=256, lanes=2, input=Format(width=9), share="1/10", along="diagonals", rows=16),
    "floats": Keep(frame=12, lanes=3, input=E2M1, first=7),
    "loadable": Keep(frame=16, lanes=4, input=Format(width=8), first=9, loadable=True),
    "all": Keep(frame=8, lanes=4, input=Format(width=8), first=8),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    rng = np.random.default_rng(spec.frame)
    low, high = spec.input.min, spec.input.max
    x = rng.integers(low, high + 1, (10 if spec.beats > 100 else 20, spec.frame))
    x[0], x[-1] = low, high
    stage_bench.check(spec, x)


def test_exponents_pass():
    spec = Keep(frame=8, lanes=2, input=exponents(Format(width=6), 8), first=3)
    rng = np.random.default_rng(1)
    codes, scale = rng.integers(-32, 32, (20, 8)), rng.integers(0, 256, (20, 1))
    stage_bench.check(spec, Frames(codes=codes, scale=scale))


def test_what_is_kept_changes_between_frames():
    specs = [
        Keep(frame=32, lanes=2, input=Format(width=8), first=first, order="natural", loadable=True)
        for first in (5, 20)
    ]
    Run([Pipeline(name="kept", stages=(spec,)) for spec in specs], seed=1).run()


def test_a_small_image_there_and_back():
    """The shipped recipe on pictures of 16 × 16, at full rate and under gaps and stalls."""
    sizes = [f"stage.{index}.size=16" for index in (1, 2, 4, 5)]
    strides = ["stage.2.stride=16", "stage.4.stride=16"]
    rest = ["stream.frame=256", "stage.keep.rows=16", "stage.requantize.shift=8", "build.image=[16, 16]"]
    spec = load("image64_keep10", [*sizes, *strides, *rest]).pipeline
    x = np.random.default_rng(2).integers(0, 256, (5, 256))
    x[0], x[1] = 255, 0
    top = AxiTop(spec)
    plain = Stimulus.frames(x, 4)
    trace = simulate(top, plain, "amaranth")
    assert compare(spec, plain, trace).ok
    assert trace.latency == spec.latency
    assert (np.diff(trace.cycle) == 1).all()
    hurt = Stimulus.frames(x, 4, gap_rate=0.3, stall_rate=0.3, seed=1)
    assert compare(spec, hurt, simulate(top, hurt, "amaranth")).ok
