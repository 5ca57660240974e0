"""Codebooks in hardware: whole pipelines, since beats that come in are others than those that leave."""

import numpy as np
import pytest
from hw.core.campaign import disturbed

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.codebook import Codebook
from hadacast.spec.fwht import Fwht
from hadacast.spec.gain import Gain
from hadacast.spec.pipeline import Pipeline


def codebook(frame, lanes, v, bits, seed=1, **settings):
    book = np.random.default_rng(seed).uniform(-1, 1, (1 << bits, v))
    return Codebook(
        frame=frame,
        lanes=lanes,
        input=Format(width=bits, signed=False),
        book=tuple(map(tuple, book.tolist())),
        **{"width": 9, "fraction": 7, **settings},
    )


def check(stages, seed=1):
    spec = Pipeline(name="codebook", stages=tuple(stages))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, spec.input.max + 1, (max(16, 80 // spec.in_beats), spec.in_beats * spec.in_lanes))
    sent = disturbed(spec, x, rng, seed)
    top = AxiTop(spec)
    result = compare(spec, sent, simulate(top, sent))
    assert result.ok, result.problems
    assert result.dropped > 0
    plain = Stimulus.frames(x, spec.in_lanes)
    trace = simulate(top, plain)
    assert compare(spec, plain, trace).ok
    assert trace.latency == spec.latency
    assert trace.beats_per_cycle == 1


@pytest.mark.parametrize(
    ("frame", "lanes", "v", "bits"),
    [(32, 4, 4, 4), (32, 8, 2, 3), (32, 2, 8, 5), (24, 2, 6, 3), (8, 8, 8, 1), (12, 3, 1, 6), (64, 1, 8, 4)],
)
def test_equals_the_spec(frame, lanes, v, bits):
    check([codebook(frame, lanes, v, bits)])


@pytest.mark.parametrize(("lanes", "v"), [(4, 4), (2, 8), (8, 2)])
def test_before_others(lanes, v):
    """A transform drops the broken frames, whose marks come through the codebook."""
    book = codebook(32, lanes, v, 4)
    gain = Gain(frame=32, lanes=lanes, input=book.output, gain=(0.5, -3), width=10, fraction=6)
    stages = [book, gain, Fwht(frame=32, lanes=lanes, input=gain.output)]
    assert Pipeline(name="codebook", stages=tuple(stages)).dropper == 2
    check(stages)
