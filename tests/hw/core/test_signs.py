"""Signs in hardware."""

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.signs import Signs

SPECS = [
    Signs(frame=2, lanes=1, input=Format(width=1), pattern="+-"),
    Signs(frame=16, lanes=16, input=Format(width=5), pattern="0xD7E8"),
    Signs(frame=16, lanes=2, input=Format(width=8), pattern="0xD7E8"),
    Signs(frame=8, lanes=4, input=Format(width=8), pattern="+"),
    Signs(frame=16, lanes=4, input=Format(width=8, signed=False), pattern="-"),
    Signs(frame=64, lanes=1, input=Format(width=16), pattern="0xD7E8"),
    Signs(frame=128, lanes=1, input=Format(width=12, signed=False), seed=7),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"n{s.frame}-p{s.lanes}-{s.pattern or s.seed}")
def test_equals_the_spec(spec):
    rng = np.random.default_rng(spec.frame)
    low, high = spec.input.min, spec.input.max
    x = rng.integers(low, high + 1, (10 if spec.beats > 100 else 20, spec.frame))
    x[0], x[-1] = low, high
    stage_bench.check(spec, x)


def test_exponents_pass():
    spec = Signs(frame=8, lanes=2, input=exponents(Format(width=6), 8), pattern="0x65")
    rng = np.random.default_rng(1)
    codes, scale = rng.integers(-32, 32, (20, 8)), rng.integers(0, 256, (20, 1))
    stage_bench.check(spec, Frames(codes=codes, scale=scale))
