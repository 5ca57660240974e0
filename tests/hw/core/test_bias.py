"""Vectors that are added, in hardware."""

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.spec.bias import Bias

RANDOM = tuple(np.random.default_rng(1).normal(scale=9, size=96).tolist())
SPECS = {
    "one": Bias(frame=8, lanes=2, input=Format(width=9, fraction=3), bias=-5.25),
    "lanes": Bias(frame=16, lanes=4, input=Format(width=12), bias=RANDOM[:4]),
    "finer": Bias(frame=16, lanes=2, input=Format(width=7, fraction=1), bias=RANDOM[:8], fraction=6),
    "coarser": Bias(frame=16, lanes=2, input=Format(width=7, fraction=5), bias=RANDOM[:8], fraction=-1),
    "unsigned": Bias(frame=8, lanes=4, input=Format(width=6, signed=False), bias=(1, 0, 70, 3)),
    "below 0": Bias(frame=8, lanes=1, input=Format(width=6, signed=False), bias=(-1, 0)),
    "never below 0": Bias(frame=8, lanes=1, input=Format(width=6), bias=(32, 33)),
    "not a power of two": Bias(frame=24, lanes=3, input=Format(width=10), bias=RANDOM[:12]),
    "long": Bias(frame=96, lanes=1, input=Format(width=10), bias=RANDOM),
    "wide": Bias(frame=8, lanes=2, input=Format(width=47), bias=(2**45, -(2**45))),
    "loadable": Bias(frame=24, lanes=3, input=Format(width=10), bias=RANDOM[:12], loadable=True),
    "loadable, repeated": Bias(frame=64, lanes=2, input=Format(width=10), bias=RANDOM[:16], loadable=True),
    "loadable, one": Bias(frame=8, lanes=2, input=Format(width=10), bias=-3, bits=4, loadable=True),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    rng = np.random.default_rng(spec.frame)
    x = rng.integers(spec.input.min, spec.input.max + 1, (12 if spec.beats > 50 else 30, spec.frame))
    x[0], x[-1] = spec.input.min, spec.input.max
    stage_bench.check(spec, x)
