"""Constant scales."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.scale.static import Static
from hadacast.spec.quantize import Quantize


def codes(x, code="int8", fraction=0, **settings):
    spec = Quantize(
        frame=len(x), code=code, scale=Static(**settings), input=Format(width=16, fraction=fraction)
    )
    return spec.compute(np.array(x)).codes.tolist()


def test_step():
    assert codes([0, 1, 2, 3, 5, -5, 300, -300], step=2) == [0, 0, 1, 2, 2, -2, 127, -128]
    assert codes([1, 2], step="0.1") == [10, 20]


def test_the_step_is_in_the_units_of_the_input():
    assert codes([8, 16], fraction=3, step="0.1") == [10, 20]


def test_threshold_is_what_the_largest_code_stands_for():
    assert codes([254, 127, 300, -256], threshold=254) == [127, 64, 127, -128]
    assert codes([6, -6], code="e2m1", threshold=6) == [7, 15]


def test_channels():
    assert codes([10, 10, 10, 10], step=(1, 2, 5, "0.5")) == [10, 5, 2, 20]


def test_zero_points():
    assert codes([-10, 0, 10, 300], code="uint8", step=1, zero=5) == [0, 5, 15, 255]
    assert codes([1, 1], code="uint8", step=1, zero=(3, 4)) == [4, 5]


def test_what_codes_stand_for():
    spec = Quantize(
        frame=4,
        code="uint8",
        scale=Static(step=("0.1", 1, 2, 3), zero=(1, 2, 3, 4)),
        input=Format(width=16, fraction=4),
    )
    x = np.array([[16, 160, 160, 160]])
    assert np.abs(spec.output.decode(spec.compute(x)) - x / 16).max() <= 1.5
    assert spec.output.sides == {}


def test_exponents_of_frames():
    spec = Quantize(frame=4, code="int8", scale=Static(step="1/2"), input=exponents(Format(width=8), 4))
    found = spec.compute(Frames(codes=np.array([[1, 2, 3, 4]] * 2), scale=np.array([[127], [130]])))
    assert found.codes.tolist() == [[2, 4, 6, 8], [16, 32, 48, 64]]


REFUSED = [
    ({}, {}, "a static scale needs step or threshold, and not both"),
    ({"step": 1, "threshold": 1}, {}, "a static scale needs step or threshold, and not both"),
    ({"step": 0}, {}, "step is 0: "),
    ({"step": (1, 0)}, {}, "step is 0: "),
    ({"step": 1, "zero": 1.5}, {}, "zero is 1.5: "),
    ({"step": 1, "zero": 1}, {"code": "e4m3"}, "zero is (1,): e4m3 has no zero point, it must be 0"),
    ({"step": (1, 2), "zero": (1, 2, 3)}, {}, "step has 2 numbers: it must be 1, or 3"),
    ({"step": (1, 2)}, {}, "the static scale has 2 channels: it must be 1 or the frame, 16"),
    ({"step": 1}, {"group": 4}, "group is 4: a static scale has none, it must be 0"),
]


@pytest.mark.parametrize(("settings", "more", "text"), REFUSED)
def test_refused(settings, more, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(**{"frame": 16, "code": "int8", "scale": Static(**settings), **more})


def test_steps():
    assert Static(threshold=127).steps(Format(width=8)) == (Fraction(1),)
