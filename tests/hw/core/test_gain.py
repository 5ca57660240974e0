"""Gains in hardware."""

from fractions import Fraction

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.gain import Gain

F = Fraction
RANDOM = tuple(F(float(v)) for v in np.random.default_rng(1).normal(scale=2, size=96))
SPECS = {
    "one": Gain(frame=8, lanes=2, input=Format(width=9, fraction=3), gain=-F(5, 3), width=8, fraction=2),
    "signs only": Gain(frame=8, lanes=2, input=Format(width=6), gain=(1, -1, -1, 1)),
    "lanes": Gain(frame=16, lanes=4, input=Format(width=12), gain=RANDOM[:4], width=9, fraction=-2),
    "zeros": Gain(frame=8, lanes=1, input=Format(width=8), gain=(0, 3, 0, -7), bits=3),
    "unsigned": Gain(
        frame=8, lanes=4, input=Format(width=8, signed=False), gain=(1, -2), rounding="up", fraction=-2
    ),
    "exact": Gain(frame=32, lanes=2, input=Format(width=10), gain=RANDOM[:32], bits=6),
    "not a power of two": Gain(
        frame=24, lanes=3, input=Format(width=10), gain=RANDOM[:24], width=12, fraction=1
    ),
    "long": Gain(
        frame=96, lanes=1, input=Format(width=10), gain=RANDOM, width=12, fraction=1, rounding="zero"
    ),
    "loadable, most negative": Gain(
        frame=8, lanes=2, input=Format(width=6), gain=(-1, 0, 1, -0.5), bits=2, up_to=1, loadable=True
    ),
    "reciprocal": Gain(
        frame=16,
        lanes=2,
        input=Format(width=20),
        gain=RANDOM[:16],
        reciprocal=True,
        bits=24,
        width=22,
        fraction=0,
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    rng = np.random.default_rng(spec.frame)
    x = rng.integers(spec.input.min, spec.input.max + 1, (12 if spec.beats > 50 else 30, spec.frame))
    x[0], x[-1] = spec.input.min, spec.input.max
    stage_bench.check(spec, x)


def test_exponents_pass():
    spec = Gain(frame=8, lanes=2, input=exponents(Format(width=6), 8), gain=(3, -1))
    rng = np.random.default_rng(1)
    codes, scale = rng.integers(-32, 32, (20, 8)), rng.integers(0, 256, (20, 1))
    stage_bench.check(spec, Frames(codes=codes, scale=scale))
