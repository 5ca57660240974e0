"""Floating-point scales under a constant of the tensor, exact arithmetic."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import E2M1, E4M3, UE5M3, Minifloat
from hadacast.scale.floating import Floating
from hadacast.scale.scale import Groups
from hadacast.spec.quantize import Quantize


def quantized(scale: Floating, row: list[int]) -> tuple[float, list[float]]:
    codes, sides = scale.quantize(Groups(x=np.array([[row]]), fraction=0), E2M1, "even", "saturate")
    return float(scale.format.decode(sides["scale"][0, 0])), E2M1.decode(codes[0, 0]).tolist()


def test_the_largest_of_the_tensor_has_the_largest_scale():
    assert quantized(Floating(tensor_amax=6), [6, -3, 1]) == (448, [6, -3, 1])
    assert quantized(Floating(tensor_amax=600), [6, -3, 1]) == (4.5, [6, -3, 1])  # 4.48


def test_one_level():
    assert quantized(Floating(), [13, 6, -1]) == (2.25, [6, 3, -0.5])  # 13/6 is nearer to 2.25 than to 2
    assert quantized(Floating(format=UE5M3), [1 << 19, 1]) == (90112, [6, 0])


def test_scales_saturate():
    assert quantized(Floating(), [6 * 448 * 4, 6 * 448, 448]) == (448, [6, 6, 1])


def test_a_scale_of_zero_has_codes_zero():
    small = Floating(tensor_amax=1 << 20)
    assert quantized(small, [1, -1, 0]) == (0, [0, 0, 0])
    assert not np.signbit(quantized(small, [1, -1, 0])[1]).any()


def test_subnormal_scales():
    """2^-9, the least that isn't zero, and a tie that rounds down to zero: amax·448/t = 2^-10."""
    assert quantized(Floating(tensor_amax=448 << 9), [1, -1]) == (2.0**-9, [6, -6])
    assert quantized(Floating(tensor_amax=448 << 10), [1, -1]) == (0, [0, 0])
    assert quantized(Floating(tensor_amax=448 << 10), [3, 1]) == (2.0**-8, [4, 1.5])


def test_minimum():
    assert quantized(Floating(minimum="1/64"), [0, 0]) == (2.0**-6, [0, 0])
    assert Floating(minimum=Fraction(1, 1 << 100)).minimum_code == 0
    assert Floating(minimum="0.1").minimum_code == E4M3.encode(0.1)


def test_split():
    """A scale code is significand·2^exponent, subnormal or not."""
    for form in (E4M3, UE5M3, Minifloat(exponent=4, mantissa=0)):
        codes = np.arange(form.max_code + 1)
        significand, exponent = Floating(format=form).split(codes)
        np.testing.assert_array_equal(np.ldexp(significand.astype(float), exponent), form.decode(codes))


def test_constant():
    assert Floating(tensor_amax=10).constant(E2M1) == Fraction(2688, 10)
    assert Floating(tensor_amax=10).constant(E4M3) == Fraction(448 * 448, 10)
    assert Floating().constant(E2M1) == 1


def test_what_codes_stand_for():
    """code·s/S: within half a step of E2M1 at the largest, and a sixteenth for the rounding of s."""
    spec = Quantize(
        frame=64, code="e2m1", group=16, scale=Floating(tensor_amax=4096), input=Format(width=16, fraction=3)
    )
    x = np.random.default_rng(3).integers(-(1 << 15), 1 << 15, (50, 64))
    found = spec.compute(x)
    amax = np.abs(x / 8).reshape(50, 4, 16).max(axis=-1).repeat(16, axis=-1)
    assert (np.abs(spec.output.decode(found) - x / 8) <= amax * (1 / 6 + 1 / 16)).all()
    assert spec.output.gain == (Fraction(4096, 2688),)


def test_the_tensor_is_in_the_units_of_the_input():
    """A fraction in the format moves x, and not tensor_amax."""
    scale = Floating(tensor_amax=100)
    one = Quantize(frame=16, code="e2m1", scale=scale, input=Format(width=16)).compute(np.arange(16))
    two = Quantize(frame=16, code="e2m1", scale=scale, input=Format(width=16, fraction=3)).compute(
        8 * np.arange(16)
    )
    np.testing.assert_array_equal(one.codes, two.codes)
    np.testing.assert_array_equal(one.scale, two.scale)


def test_exponents_of_frames():
    """x·2^e under any e: the same as x shifted. A frame of NaN has the scale NaN."""
    spec = Quantize(
        frame=16,
        group=4,
        code="e2m1",
        scale=Floating(tensor_amax=1000),
        input=exponents(Format(width=12), 16),
    )
    plain = Quantize(frame=16, group=4, code="e2m1", scale=Floating(tensor_amax=1000), input=Format(width=30))
    x = np.random.default_rng(1).integers(-2048, 2048, (3, 16))
    x[2] = 0
    frames = spec.compute(type(plain.compute(x))(codes=x, scale=np.array([[127 + 3], [127], [255]])))
    expected = plain.compute(x << np.array([[3], [0], [0]]))
    np.testing.assert_array_equal(frames.codes, expected.codes)
    np.testing.assert_array_equal(frames.scale[:2], expected.scale[:2])
    assert frames.scale[2].tolist() == [0x7F] * 4


REFUSED = [
    (
        {"format": "int8"},
        {},
        "format is signed 8-bit, 0 fraction bits: it must be a minifloat of up to 8 bits",
    ),
    ({"format": "fp16"}, {}, "format is fp16: "),
    ({"format": "e8m0"}, {}, "format is e8m0: it must be a minifloat of up to 8 bits with a zero"),
    ({"tensor_amax": 0}, {}, "tensor_amax is 0: "),
    ({"minimum": 449}, {}, "minimum is 449: it must be a number from 0 to 448"),
    (
        {"arithmetic": "float32"},
        {},
        "arithmetic is 'float32': it must be one of exact, torchao, transformer_engine",
    ),
    ({}, {"code": "int4"}, "element is signed 4-bit, 0 fraction bits: a floating scale needs a minifloat"),
]


@pytest.mark.parametrize(("settings", "more", "text"), REFUSED)
def test_refused(settings, more, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(**{"frame": 16, "code": named("code", "e2m1"), "scale": Floating(**settings), **more})
