"""The libraries' float32: what holds without the libraries. With them: tests/sw_ref/oracles."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import E2M1, E2M3, E4M3, UE5M3
from hadacast.scale import fp32
from hadacast.scale.floating import Floating
from hadacast.spec.quantize import Quantize

pytestmark = pytest.mark.filterwarnings("error")

scales = st.builds(
    Floating,
    arithmetic=st.sampled_from(fp32.LIBRARIES),
    tensor_amax=st.none() | st.floats(2.0**-40, 2.0**40, width=32).map(Fraction),
)
TORCHAO = Floating(arithmetic="torchao", tensor_amax=Fraction(280))
TE = Floating(arithmetic="transformer_engine", tensor_amax=Fraction(280))
EXACT = Floating(tensor_amax=Fraction(280))


def codes(scale: Floating, row: list[int], power: int = 0) -> tuple[float, list[float]]:
    x = np.array(row)
    found = scale.scale_codes(np.abs(x).max(), power, E2M1)
    elements = scale.element_codes(x, power, found, E2M1, "even", "saturate", 0)
    return float(E4M3.decode(found)), E2M1.decode(elements).tolist()


def test_what_a_tie_makes_of_each():
    """Computed by torchao 0.18 and Transformer Engine 2.20: 125·448/280 = 200, between 192 and 208."""
    assert codes(EXACT, [125, -17, 48]) == (192, [6, -1, 2])
    assert codes(TORCHAO, [125, -17, 48]) == (208, [6, -1, 2])
    assert codes(TE, [85, -39, 27]) == (144, [6, -3, 2])
    assert codes(TORCHAO, [85, -39, 27]) == (128, [6, -3, 2])


def test_zeros():
    assert codes(TORCHAO, [0, 0]) == (2.0**-6, [0, 0])
    assert codes(TE, [0, 0]) == (0, [0, 0])


def test_a_tiny_group_in_a_large_tensor():
    large = {"tensor_amax": Fraction(1 << 20)}
    assert codes(Floating(**large), [1, -1, 0]) == (0, [0, 0, 0])
    assert codes(Floating(arithmetic="torchao", **large), [1, -1, 0]) == (2.0**-6, [0, -0.0, 0])
    assert codes(Floating(arithmetic="transformer_engine", **large), [1, -1, 0]) == (0, [6, -6, 0])


def test_minus_zero():
    """What is negative and rounds to zero has a sign in both; what underflows, in torchao only."""
    one = np.array([-1])
    for scale, power in ((TORCHAO, 0), (TE, 0)):
        found = scale.element_codes(one, power, np.array([0x7E]), E2M1, "even", "saturate", 0)
        assert found.tolist() == [8]
    far = Floating(arithmetic="transformer_engine", tensor_amax=Fraction(1 << 64))
    assert far.element_codes(one, -149, np.array([0x7E]), E2M1, "even", "saturate", 0).tolist() == [0]
    far = Floating(arithmetic="torchao", tensor_amax=Fraction(1 << 64))
    assert far.element_codes(one, -149, np.array([0x7E]), E2M1, "even", "saturate", 0).tolist() == [8]


def test_saturation():
    for scale in (TORCHAO, TE):
        assert codes(scale, [28000, -14000, 7000]) == (448, [6, -6, 6])
        assert scale.scale_codes(np.array([1 << 24]), 200, E2M1).tolist() == [0x7E]  # infinite in float32


@given(scales, st.lists(st.integers(0, 1 << 24), min_size=2).map(sorted), st.integers(-80, 40))
def test_scales_grow_with_amax(scale, amax, power):
    assert (np.diff(scale.scale_codes(np.array(amax), power, E2M1)) >= 0).all()


@given(
    scales,
    st.integers(0, 126),
    st.lists(st.integers(0, 1 << 24), min_size=2).map(sorted),
    st.integers(-80, 40),
)
def test_elements_grow_with_magnitude(scale, code, x, power):
    least = E4M3.encode(float(fp32.LEAST[scale.arithmetic]))
    arguments = (power, np.maximum([code], least), E2M1, "even", "saturate", 0)
    found = scale.element_codes(np.array(x), *arguments)
    assert (np.diff(found) >= 0).all()
    other = scale.element_codes(-np.array(x), *arguments)
    np.testing.assert_array_equal(other[np.array(x) > 0] & 7, found[np.array(x) > 0])


@given(
    scales.filter(lambda s: s.tensor_amax),
    st.lists(st.integers(1, 1 << 24), min_size=1),
    st.integers(-20, 20),
)
def test_a_power_of_two_on_everything_changes_nothing(scale, x, power):
    moved = Floating(arithmetic=scale.arithmetic, tensor_amax=scale.tensor_amax * Fraction(2) ** power)
    amax = np.array(x)
    found = scale.scale_codes(amax, 0, E2M1)
    np.testing.assert_array_equal(moved.scale_codes(amax, power, E2M1), found)
    np.testing.assert_array_equal(
        moved.element_codes(amax[::-1], power, found, E2M1, "even", "saturate", 0),
        scale.element_codes(amax[::-1], 0, found, E2M1, "even", "saturate", 0),
    )


def test_tensor_amax_is_the_nearest_float32():
    third = Floating(arithmetic="torchao", tensor_amax=Fraction(1, 3))
    nearest = Floating(arithmetic="torchao", tensor_amax=Fraction(float(np.float32(1 / 3))))
    amax = np.arange(1, 1 << 16)
    np.testing.assert_array_equal(third.scale_codes(amax, -17, E2M1), nearest.scale_codes(amax, -17, E2M1))


def test_shapes():
    scale = TORCHAO.scale_codes(np.arange(1, 7).reshape(2, 3), np.array([[0], [1]]), E2M1)
    assert (scale.shape, scale.dtype) == ((2, 3), np.int64)
    x = np.ones((2, 3, 16), dtype=np.int64)
    assert TE.element_codes(x, 0, scale[..., None], E2M1, "even", "saturate", 0).shape == (2, 3, 16)


REFUSED = [
    (
        {"code": E2M3},
        {},
        "arithmetic is 'torchao': it is for e2m1 elements and e4m3 scales, not e2m3 and e4m3",
    ),
    (
        {},
        {"format": UE5M3},
        "arithmetic is 'torchao': it is for e2m1 elements and e4m3 scales, not e2m1 and ue5m3",
    ),
    ({"input": Format(width=26)}, {}, "arithmetic is 'torchao': it takes an input of up to 25 bits, not 26"),
    (
        {"input": Format(width=25, signed=False)},
        {},
        "arithmetic is 'torchao': it takes an input of up to 25 bits",
    ),
    ({}, {"minimum": Fraction(1, 2)}, "minimum is 1/2: arithmetic 'torchao' has its own, 1/64; leave it out"),
    ({"rounding": "stochastic"}, {}, "rounding is 'stochastic': arithmetic 'torchao' has even"),
]


@pytest.mark.parametrize(("settings", "more", "text"), REFUSED)
def test_refused(settings, more, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(
            **{
                "frame": 64,
                "group": 16,
                "code": E2M1,
                "scale": Floating(arithmetic="torchao", **more),
                **settings,
            }
        )
