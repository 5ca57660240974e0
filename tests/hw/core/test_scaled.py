"""Constant factors and dyadic requantization in hardware."""

from fractions import Fraction

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.normalize import Normalize
from hadacast.spec.requantize import Requantize

W20 = Format(width=20, fraction=10)
SPECS = {
    "free": Normalize(frame=16, lanes=4, input=W20),
    "free, wider": Normalize(frame=16, lanes=4, input=W20, width=24),
    "shift": Normalize(frame=16, lanes=4, input=W20, width=12, fraction=4),
    "181 exact": Normalize(frame=32, lanes=8, input=W20),
    "181 rounded": Normalize(frame=8, lanes=2, input=W20, width=16, fraction=8, rounding="up"),
    "third": Normalize(frame=8, lanes=1, input=W20, factor="1/3", width=12, fraction=9, rounding="away"),
    "unsigned": Normalize(
        frame=8, lanes=8, input=Format(width=9, signed=False), factor="5/7", fraction=0, rounding="zero"
    ),
    "hawq": Requantize(frame=8, lanes=2, input=Format(width=32), multiplier=1518500250, shift=40),
    "int4": Requantize(frame=8, lanes=2, input=Format(width=16), code="int4", scale=0.0037, rounding="up"),
    "channels": Requantize(
        frame=8,
        lanes=2,
        input=Format(width=24),
        scale=tuple(0.001 * n for n in range(1, 9)),
        zero=tuple(range(8)),
    ),
    "uint8": Requantize(frame=8, lanes=8, input=Format(width=20), code="uint8", scale=0.001, zero=128),
    "gemmlowp": Requantize(
        frame=8,
        lanes=2,
        input=Format(width=24),
        multiplier=1234567891,
        shift=42,
        rounding="gemmlowp",
        zero=-3,
    ),
    "gemmlowp channels": Requantize(
        frame=8,
        lanes=2,
        input=Format(width=16),
        scale=tuple(Fraction(n, 40) for n in range(1, 9)),
        rounding="gemmlowp",
    ),
    "gemmlowp left": Requantize(frame=4, input=Format(width=8), scale=12.5, rounding="gemmlowp"),
    "double rounding": Requantize(
        frame=8, lanes=4, input=Format(width=8), code="int4", multiplier=1, shift=4
    ),
    "long table": Requantize(
        frame=128, lanes=1, input=Format(width=12), scale=tuple(0.01 * (n % 97 + 1) for n in range(128))
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    rng = np.random.default_rng(1)
    low, high = spec.input.min, spec.input.max
    shape = 10 if spec.beats > 100 else 20, spec.frame
    x = rng.integers(low, high + 1, shape) >> rng.integers(0, spec.input.width, shape)
    x[0], x[1], x[2] = low, high, 0
    stage_bench.check(spec, x)


def test_exponents_pass():
    spec = Normalize(frame=8, lanes=2, input=exponents(Format(width=9), 8), width=8, fraction=1)
    rng = np.random.default_rng(2)
    frames = Frames(codes=rng.integers(-256, 256, (20, 8)), scale=rng.integers(0, 256, (20, 1)))
    stage_bench.check(spec, frames)


def test_free_is_free():
    assert SPECS["free"].latency == SPECS["free, wider"].latency == 0
