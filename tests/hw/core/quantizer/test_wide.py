"""Outlier groups: which ones they are, and their codes."""

from fractions import Fraction

import numpy as np
import pytest
from hw.core import stage_bench
from hw.core.pipe_bench import run
from hw.core.quantizer.units_bench import groups

from hadacast.core.quantizer.wide import Outlier
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.scale.latency import outlier_latency
from hadacast.spec.quantize import Quantize


def stage(above, width=10, fraction=4, floating=False, frame=4, code="e2m1", wide="e4m3", **settings):
    fixed = Format(width=width, fraction=fraction)
    return Quantize(
        frame=frame,
        input=exponents(fixed, frame) if floating else fixed,
        code=code,
        wide=wide,
        above=above,
        scale={"kind": "exponent"},
        **settings,
    )


@pytest.mark.parametrize("above", [0, "1/16", "1/3", 1, "3.99", 16, 31, 32, 1000, "1e-9", "1e9"])
@pytest.mark.parametrize("floating", [False, True])
def test_flag(above, floating):
    spec = stage(above, floating=floating)
    rng = np.random.default_rng(3)
    amax = np.concatenate([np.arange(513), rng.integers(0, 513, 400)])
    exponent = np.full(len(amax), 127)
    exponent[513:] = rng.integers(100, 160, 400)
    exponent[-200:] = rng.integers(0, 255, 200)
    real = [
        Fraction(int(a), 16) * Fraction(2) ** int((e - 127) * floating)
        for a, e in zip(amax, exponent, strict=True)
    ]
    pipe = Outlier(spec)
    assert pipe.latency == outlier_latency(spec)
    words = [{"i": int(a) | (int(e) << 10 if floating else 0)} for a, e in zip(amax, exponent, strict=True)]
    found = [bool(flag) for (flag,) in run(pipe, words, ["flag"])]
    assert found == [value > spec.above for value in real]


@pytest.mark.parametrize(
    "spec",
    [
        stage(8, frame=16, lanes=4, group=8),
        stage("5/3", frame=16, lanes=8, group=2, floating=True),
        stage(3, frame=32, lanes=4, group=16, code="int4", wide="int8", narrow=True, rounding="stochastic"),
        stage(0, frame=8, lanes=1, rows=2, group=2, code="e2m1", wide="fp16", rounding="up"),
    ],
    ids=lambda spec: f"{spec.code}-{spec.wide}-{spec.frame}",
)
def test_stage(spec):
    x = groups(Quantize(frame=spec.frame, input=spec.element), 8, 5)
    rng = np.random.default_rng(1)
    x = x[rng.permutation(len(x))[:14]]
    if spec.floating:
        exponent = rng.integers(124, 130, (len(x), 1))
        x = Frames(codes=x, scale=exponent)
    result = spec.compute(x)
    assert 0 < result.wide.mean() < 1
    stage_bench.check(spec, x)
