"""Asymmetric scales."""

import re

import numpy as np
import pytest

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import BF16, FP16
from hadacast.scale.range import Range
from hadacast.scale.scale import Groups
from hadacast.spec.quantize import Quantize

UINT4 = named("code", "uint4")


def quantized(
    scale: Range, row: list[int], element=UINT4, mode: str = "even"
) -> tuple[list[int], dict[str, int]]:
    codes, sides = scale.quantize(Groups(x=np.array([[row]]), fraction=0), element, mode, "saturate")
    return codes[0, 0].tolist(), {name: int(side[0, 0]) for name, side in sides.items()}


def test_integer_zero_point():
    """s = 15/15 = 1, z = 3."""
    assert quantized(Range(), [-3, 12, 0, 6]) == ([0, 15, 3, 9], {"scale": 15, "zero": 3})


def test_both_round_by_themselves():
    """s = 8/15: z = RNE(7.5) = 8, and 2 is RNE(3.75) + 8."""
    assert quantized(Range(), [-4, 4, 2]) == ([0, 15, 12], {"scale": 8, "zero": 8})


def test_ties_of_the_zero_point():
    """s = 30/15: z = RNE(2.5) = 2, RNE(7/2) = 4."""
    assert quantized(Range(), [-5, 25])[1] == {"scale": 30, "zero": 2}
    assert quantized(Range(), [-7, 23])[1] == {"scale": 30, "zero": 4}
    assert quantized(Range(), [-5, 25], mode="away")[1] == {"scale": 30, "zero": 3}


def test_half_up_of_the_zero_point():
    """z = 7.5 goes up, and -7.5, half up, to -7: the least code is 1."""
    assert quantized(Range(), [-4, 4], mode="up") == ([1, 15], {"scale": 8, "zero": 8})


def test_zero_in_the_range_or_not():
    assert quantized(Range(), [30, 45]) == ([10, 15], {"scale": 45, "zero": 0})
    assert quantized(Range(include_zero=False), [30, 45]) == ([0, 15], {"scale": 15, "zero": -30})
    assert quantized(Range(include_zero=False), [-45, -30]) == ([0, 15], {"scale": 15, "zero": 45})
    assert quantized(Range(include_zero=False, zero="clamped"), [-45, -30]) == (
        [0, 0],
        {"scale": 15, "zero": 15},
    )


def test_float_zero_point():
    assert quantized(Range(zero="float", include_zero=False), [30, 45, 37]) == (
        [0, 15, 7],
        {"scale": 15, "offset": 30},
    )
    assert quantized(Range(zero="float"), [30, 45, 37]) == ([10, 15, 12], {"scale": 45, "offset": 0})


def test_clip():
    """RotateKV's 2 bits: s = 24·(4/5)/3 = 6.4."""
    found = quantized(Range(clip="4/5"), [-10, 14, 2, -4], named("code", "uint2"))
    assert found == ([0, 3, 2, 1], {"scale": 24, "zero": 2})


def test_both_ends_are_clipped():
    """QuaRot's KV cache: s = 0.8·30/15 = 1.6, z = round(0.8·10/1.6) = 5; both ends saturate."""
    found = quantized(Range(clip="4/5", zero="ends"), [-10, 20, -9, 15, 2], named("code", "uint4"))
    assert found == ([0, 15, 0, 14, 6], {"scale": 30, "zero": 5})


def test_constant_groups():
    assert quantized(Range(), [0, 0]) == ([0, 0], {"scale": 1, "zero": 0})
    assert quantized(Range(include_zero=False, zero="float"), [7, 7]) == ([0, 0], {"scale": 1, "offset": 7})
    assert quantized(Range(floor=30), [0, 2]) == ([0, 1], {"scale": 30, "zero": 0})


def test_stored():
    _, sides = quantized(Range(store="bf16", zero="float", include_zero=False), [-30, 15])
    assert sides == {"scale": BF16.encode(3.0), "offset": BF16.encode(-30.0)}
    _, sides = quantized(Range(store="fp16"), [-30, 40])
    assert sides == {"scale": FP16.encode(70 / 15), "zero": 6}


@pytest.mark.parametrize(
    ("zero", "include_zero"),
    [
        ("integer", True),
        ("integer", False),
        ("clamped", True),
        ("ends", True),
        ("float", True),
        ("float", False),
    ],
)
@pytest.mark.parametrize("code", ["uint2", "uint3", "uint4", "uint8"])
def test_what_codes_stand_for(zero, include_zero, code):
    """Within a step, half for x and half for z, wherever 0 lies in the range."""
    scale = Range(zero=zero, include_zero=include_zero)
    spec = Quantize(frame=64, code=code, group=16, scale=scale, input=Format(width=12, fraction=3))
    x = np.random.default_rng(9).integers(-2048, 2048, (40, 64)) >> np.random.default_rng(8).integers(
        0, 9, (40, 1)
    )
    found = spec.compute(x)
    assert spec.output.check(found).codes.shape == (40, 64)
    step = np.repeat(found.scale, 16, axis=-1) / 8 / spec.code.max
    error = np.abs(spec.output.decode(found) - x / 8)
    assert (error <= step * (1 + 1e-12)).all()


def test_zero_points_fit_their_format():
    """The farthest that they can be: a group of two neighbours at the end of the range."""
    for signed, low in ((True, -128), (True, 126), (False, 254)):
        spec = Quantize(
            frame=2, code="uint8", scale=Range(include_zero=False), input=Format(width=8, signed=signed)
        )
        found = spec.compute(np.array([low, low + 1]))
        assert spec.output.check(found).zero.tolist() == [-low * 255]
        assert found.codes.tolist() == [0, 255]


REFUSED = [
    ({}, {"code": "int4"}, "element is signed 4-bit, 0 fraction bits: a range scale needs uint2 … uint16"),
    ({}, {"code": "e2m1"}, "element is e2m1: a range scale needs uint2"),
    ({"zero": "none"}, {}, "zero is 'none': it must be one of integer, clamped, ends, float"),
    ({"floor": 0}, {}, "floor is 0: it must be an integer from 1 to 65,535"),
    ({"include_zero": 1}, {}, "include_zero is 1: it must be true or false"),
    ({"clip": "2"}, {}, "clip is '2': "),
    ({"zero": "ends", "include_zero": False}, {}, "zero is 'ends': include_zero must be true"),
    ({"zero": "ends", "clip": "0.4"}, {}, "clip is 2/5: with zero 'ends' it must be 1/2 to 1"),
    (
        {"include_zero": False},
        {"code": "uint16", "input": Format(width=40)},
        "include_zero is false: unsigned 16-bit",
    ),
]


@pytest.mark.parametrize(("settings", "more", "text"), REFUSED)
def test_refused(settings, more, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(**{"frame": 16, "code": "uint4", "scale": Range(**settings), **more})
