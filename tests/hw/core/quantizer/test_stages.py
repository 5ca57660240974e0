"""Whole quantize stages under the scales that divide: RTL equals reference, whatever the streams do."""

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.rounding import MODES
from hadacast.spec.quantize import Quantize

NVFP4 = {"kind": "floating", "tensor_amax": 40}


def stage(frame, lanes, group, code, scale, *, width=10, floating=False, **settings):
    fixed = Format(width=width, fraction=4)
    return Quantize(
        frame=frame,
        lanes=lanes,
        input=exponents(fixed, frame) if floating else fixed,
        code=code,
        group=group,
        scale=scale,
        **settings,
    )


def frames(spec, count, seed):
    """Random frames of all sizes, with zero groups and outliers."""
    rng = np.random.default_rng(seed)
    low, high, width = spec.element.min, spec.element.max, spec.element.width
    x = rng.integers(low, high + 1, (count, spec.frame)) >> rng.integers(0, width, (count, 1))
    zero = rng.random((count, spec.frame // spec.group)) < 0.2
    x = np.where(np.repeat(zero, spec.group, axis=1), 0, x)
    x[np.arange(count), rng.integers(0, spec.frame, count)] = rng.choice([low, high, 0, 1], count)
    if not spec.floating:
        return x
    exponent = rng.integers(115, 140, (count, 1))
    exponent[-1] = 255
    return Frames(codes=np.where(exponent == 255, 0, x), scale=exponent)


SPECS = {
    "int4 per token": stage(16, 2, 16, "int4", "maximum"),
    "int8 in tiles": stage(16, 4, 2, "int8", "maximum", rows=4, narrow=True),
    "fp8 per group": stage(16, 4, 8, "e4m3", {"kind": "maximum", "store": "bf16"}, floating=True),
    "int3, outliers int6": stage(16, 4, 4, "int3", "maximum", wide="int6", above=12),
    "uint2 per group": stage(16, 8, 4, "uint2", "range"),
    "uint4, zero clipped": stage(
        16, 2, 8, "uint4", {"kind": "range", "zero": "clamped", "include_zero": False}
    ),
    "uint3, offsets": stage(16, 4, 4, "uint3", {"kind": "range", "zero": "float", "store": "fp16"}),
    "nvfp4": stage(16, 16, 16, "e2m1", NVFP4),
    "nvfp4 in tiles, at random": stage(16, 2, 4, "e2m1", NVFP4, rows=2, rounding="stochastic"),
    "nvfp4 of torchao": stage(16, 4, 4, "e2m1", {**NVFP4, "arithmetic": "torchao"}, floating=True),
    "e4m3 under ue5m3": stage(8, 2, 4, "e4m3", {"kind": "floating", "format": "ue5m3"}),
}


@pytest.mark.parametrize("name", SPECS)
def test_hardware_is_the_reference(name):
    spec = SPECS[name]
    stage_bench.check(spec, frames(spec, 12, spec.frame), seed=spec.group)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60))
def test_any_stage(seed):
    """Formats, scales, modes and shapes at random."""
    rng = np.random.default_rng(seed)

    def one(*choices):
        return choices[rng.integers(len(choices))]

    frame = 1 << int(rng.integers(1, 7))
    lanes = 1 << int(rng.integers(0, min(frame.bit_length(), 5)))
    rows = 1 << int(rng.integers(0, frame.bit_length())) if rng.random() < 0.3 else 1
    group = 1 << int(rng.integers(0, (frame // rows).bit_length()))
    floating = bool(rng.integers(2))
    store = one("bf16", "fp16", "fp32") if floating or rng.random() < 0.5 else "exact"
    clip = one(1, "4/5", "9/10")
    kind = one("maximum", "range", "floating")
    if kind == "maximum":
        code = one("int2", "int4", "int8", "bfp6", "e2m1", "e3m2", "e4m3", "e5m2")
        scale = {"kind": kind, "clip": clip, "store": store, "floor": one(0, 1, 9)}
        if rng.random() < 0.3:
            scale |= {"clip_negative": one(1, "3/4", "9/10"), "floor": 1}
    elif kind == "range":
        code = one("uint2", "uint4", "uint8")
        zero, include = one("integer", "clamped", "ends", "float"), bool(rng.integers(2))
        include = include or zero == "ends"
        scale = {"kind": kind, "clip": clip, "store": store, "zero": zero, "include_zero": include}
    else:
        code = one("e2m1", "e2m1", "e2m3", "e4m3")
        amax = {"tensor_amax": one(3, 77, 2000)} if rng.integers(2) else {}
        scale = {"kind": kind, "format": one("e4m3", "ue5m3"), **amax}
    settings = {"rounding": one(*MODES), "width": int(rng.integers(6, 16)), "rows": rows}
    spec = stage(frame, lanes, group, code, scale, floating=floating, **settings)
    stage_bench.check(spec, frames(spec, 60, seed), "cxxrtl", int(rng.integers(1 << 30)))
