"""The inverse of a quantizer in hardware."""

from dataclasses import replace

import dequantized
import numpy as np
import pytest
from dequantized import BLOCKS
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import E2M1, E4M3
from hadacast.spec.dequantize import Dequantize


@pytest.mark.parametrize("name", BLOCKS)
def test_equals_the_spec(name):
    stage = dequantized.stages(name)[0]
    stage_bench.check(stage, dequantized.codes_of(BLOCKS[name], 10, np.random.default_rng(1)))


@pytest.mark.long
@pytest.mark.parametrize("name", BLOCKS)
def test_equals_the_spec_at_length(name):
    stage = dequantized.stages(name, lanes=2)[1]
    stage_bench.check(stage, dequantized.codes_of(BLOCKS[name], 5000, np.random.default_rng(2)), "cxxrtl")


@pytest.mark.parametrize(
    ("name", "lanes"), [("nvfp4", 1), ("range", 16), ("static channels", 16), ("mxint8 tile", 1)]
)
def test_other_lanes(name, lanes):
    stage = dequantized.stages(name, lanes)[0]
    stage_bench.check(stage, dequantized.codes_of(BLOCKS[name], 10, np.random.default_rng(lanes)))


@pytest.mark.parametrize(("name", "mode"), [("int4 exact", "up"), ("range float", "zero"), ("mxfp8", "zero")])
def test_other_roundings(name, mode):
    stage = replace(dequantized.stages(name)[1], rounding=mode)
    stage_bench.check(stage, dequantized.codes_of(BLOCKS[name], 10, np.random.default_rng(6)))


@pytest.mark.parametrize("element", [E2M1, E4M3, Format(width=8, fraction=6)], ids=str)
def test_exponents_stay_where_they_are(element):
    block = exponents(element, 16)
    stage = Dequantize(frame=16, lanes=4, input=block, width=12, fraction=2, exponents=True)
    stage_bench.check(stage, dequantized.codes_of(block, 16, np.random.default_rng(7)))


def test_powers_of_two_take_no_multiplier():
    """MXFP4: a decoder, a shifter and a rounder."""
    plan = dequantized.stages("mxfp4")[0].plan
    assert plan.ratio(0).plan == "wire"
    assert plan.scale_bits == 0
