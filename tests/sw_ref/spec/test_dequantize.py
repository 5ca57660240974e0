"""The inverse of a quantizer against exact fractions."""

from dataclasses import replace
from fractions import Fraction

import dequantized
import numpy as np
import pytest
from dequantized import BLOCKS

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import E2M1, E4M3, E8M0, FP16
from hadacast.spec.dequantize import MODES, Dequantize
from hadacast.spec.quantize import Quantize


def check(block, frames, numbers, width, fraction):
    """All roundings of some frames, whose exact numbers are known, to one format."""
    for mode in MODES:
        spec = Dequantize(frame=16, lanes=4, input=block, width=width, fraction=fraction, rounding=mode)
        want = [[dequantized.rounded(number, spec.result, mode) for number in row] for row in numbers]
        assert spec.compute(frames).tolist() == want


@pytest.mark.parametrize("name", BLOCKS)
def test_equals_the_definition(name):
    block = BLOCKS[name]
    frames = dequantized.codes_of(block, 10, np.random.default_rng(len(name)))
    numbers = dequantized.exact(block, frames)
    for width, fraction in ((16, 6), (5, -2), (30, 12)):
        check(block, frames, numbers, width, fraction)


@pytest.mark.parametrize("name", BLOCKS)
def test_ties_are_ties(name):
    """Numbers that lie half a step between two results, in the format in which most of them do."""
    block = BLOCKS[name]
    frames = dequantized.codes_of(block, 24, np.random.default_rng(3), specials=0)
    numbers = dequantized.exact(block, frames)
    ties = {
        fraction: sum((n * Fraction(2) ** (fraction + 1)) % 2 == 1 for row in numbers for n in row)
        for fraction in range(-8, 16)
    }
    fraction = max(ties, key=ties.__getitem__)
    assert ties[fraction] > 0
    check(block, frames, numbers, 24, fraction)


def test_what_a_quantizer_leaves_comes_back_within_half_a_step():
    x = np.random.default_rng(4).integers(-2000, 2001, (50, 32))
    quantize = Quantize(frame=32, lanes=4, input=Format(width=12, fraction=4), code="int8", scale="maximum")
    spec = Dequantize(frame=32, lanes=4, input=quantize.output, width=16, fraction=8)
    back = spec.compute(quantize.compute(x)) / 2**8
    step = np.abs(x).max(axis=-1, keepdims=True) / 16 / 127
    assert (np.abs(back - x / 16) <= step / 2 + 2**-9).all()


def test_exponents_stay_where_they_are():
    block = exponents(E2M1, 8)
    spec = Dequantize(frame=8, lanes=2, input=block, width=6, fraction=1, exponents=True)
    frames = Frames(codes=np.arange(16).reshape(2, 8), scale=np.array([[3], [255]]))
    got = spec.compute(frames)
    assert spec.output == exponents(Format(width=6, fraction=1), 8)
    assert got.codes.tolist() == [[0, 1, 2, 3, 4, 6, 8, 12], [0, -1, -2, -3, -4, -6, -8, -12]]
    assert got.scale.tolist() == [[3], [255]]


def test_elements_without_scales():
    codes = np.arange(256)[None]
    spec = Dequantize(frame=256, input=E4M3, width=20, fraction=9)
    want = np.nan_to_num(E4M3.decode(codes)) * 2**9
    assert (spec.compute(codes) == want).all()


CASES = [
    ({"input": Block(element=E2M1, group=3)}, "group is 3"),
    ({"input": Block(element=E2M1, group=8, gain=(Fraction(1),) * 4)}, "gain has 4"),
    ({"input": Block(element=E2M1, group=8, gain=(Fraction(0),))}, "gain is"),
    ({"input": Block(element=E2M1, group=8, zero_point=(1,))}, "only integers have zero points"),
    ({"input": Block(element=E2M1, group=4, scale=E8M0), "exponents": True}, "exponents is true"),
    (
        {"input": Block(element=E2M1, group=8, scale=FP16, offset=FP16, gain=(Fraction(1, 3),))},
        "power of two",
    ),
    ({"input": Block(element=E2M1, group=8, scale=FP16, offset=Format(width=4))}, "integers too"),
    ({"input": Block(element=E2M1, group=8, scale=Format(width=4))}, "must be unsigned"),
    ({"width": 49}, "width is 49"),
    ({"rounding": "stochastic"}, "rounding is"),
    ({"exponents": 1}, "exponents is 1"),
]


@pytest.mark.parametrize(("settings", "says"), CASES)
def test_errors(settings, says):
    with pytest.raises(HadacastError, match=says):
        Dequantize(**{"frame": 8, "input": E2M1} | settings)


def test_products_beyond_int64_are_exact():
    """A 48-bit maximum under a 16-bit code, and a zero point of 40 bits."""
    block = replace(
        BLOCKS["int4 exact"], element=Format(width=16), scale=Format(width=48, signed=False), group=16
    )
    frames = dequantized.codes_of(block, 4, np.random.default_rng(5))
    spec = Dequantize(frame=16, input=block, width=48, fraction=-20)
    want = [
        [dequantized.rounded(n, spec.result, "even") for n in row] for row in dequantized.exact(block, frames)
    ]
    assert spec.compute(frames).tolist() == want
