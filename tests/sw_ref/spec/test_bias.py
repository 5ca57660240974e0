"""What is added against its definition in fractions."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.settings import Register
from hadacast.spec.bias import Bias

F = Fraction
MIXED = (F(3, 4), F(-5), F(0), F(1, 3), F(-7, 8), F(5, 8), F(100), F(-1, 2**20))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("fraction", ["input", 2, 4, 9, -2])
@pytest.mark.parametrize("bias", [MIXED, (F(33),), (F(-1, 8), F(1, 8)), (0, 0)], ids=range(4))
def test_sums_are_those_of_the_definition(bias, fraction, signed):
    input_ = Format(width=9, fraction=4, signed=signed)
    spec = Bias(frame=16, input=input_, bias=bias, fraction=fraction)
    x = np.random.default_rng(1).integers(input_.min, input_.max + 1, (50, 16))
    x[0], x[1] = input_.min, input_.max
    step = F(2) ** (4 if fraction == "input" else fraction)
    b = [F(round(F(v) * step)) / step for v in bias] * (16 // len(bias))
    want = [[F(int(v), 16) + b[place] for place, v in enumerate(row)] for row in x]
    got = spec.compute(x)
    assert [[F(int(v)) / F(2) ** spec.result.fraction for v in row] for row in got] == want
    spec.result.check(got)
    # Not a bit more than the ends take.
    assert spec.result.signed == (got.min() < 0)
    if spec.result.width > 1 + spec.result.signed:
        with pytest.raises(HadacastError):
            Format(width=spec.result.width - 1, signed=spec.result.signed).check(got)


def test_nothing_to_add_is_wires():
    assert Bias(frame=8, bias=(0,)).latency == 0
    assert Bias(frame=8, bias=(0.4, -0.5)).latency == 0  # in input steps
    assert Bias(frame=8, bias=(0,), loadable=True).latency == 1
    assert Bias(frame=8, lanes=2, bias=(0, 1)).latency == 1  # constant in each lane
    assert Bias(frame=8, bias=(0, 1)).latency == 2
    assert Bias(frame=256, bias=tuple(range(256))).latency == 3


def test_what_can_be_written():
    spec = Bias(frame=12, lanes=3, input=Format(width=8), bias=(1, -2, 3), bits=5, loadable=True)
    (table,) = spec.settings
    assert (table.width, table.signed, table.init) == (5, True, (1, -2, 3, 0))
    assert spec.result == Format(width=9)
    assert Bias(frame=12, lanes=3, bias=(1, 2, 3, 4, 5, 6), loadable=True).settings[0].depth == 8
    assert Bias(frame=12, lanes=3, bias=(1, 2), loadable=True).settings[0].depth == 8
    # Three beats are no power of two: a row for each.
    assert Bias(frame=36, lanes=3, bias=tuple(range(9)), loadable=True).settings[0].depth == 48
    (register,) = Bias(frame=12, input=Format(fraction=3), bias=2.25, bits=9, loadable=True).settings
    assert register == Register(name="bias", text=register.text, low=-256, high=255, init=18)
    assert "2^-3" in register.text
    assert Bias(frame=4, bias=(127, -128), loadable=True).bits == 8
    assert Bias(frame=4, bias=(128, -128), loadable=True).bits == 9


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "bias has 0 numbers"),
        ({"bias": (1, 2, 3)}, "bias has 3 numbers: they must divide the frame, 8"),
        ({"bias": "x"}, "bias is 'x'"),
        ({"bias": 2.0**65}, "bias is 3.6893488147419103e+19"),
        ({"bias": 1, "fraction": "some"}, "fraction is 'some'"),
        ({"bias": 1, "fraction": 129}, "fraction is 129"),
        ({"bias": 1, "bits": 5}, "bits is 5: without loadable it must be 0"),
        (
            {"bias": 16, "bits": 5, "loadable": True},
            "bits is 5: it must be an integer from 6 to 32, for a bias from 16 to 16",
        ),
        ({"bias": 1, "loadable": 1}, "loadable is 1"),
        ({"bias": 2.0**60}, "output width is 61"),
        ({"bias": 1, "fraction": 40}, "output width is 57"),
        ({"bias": 1, "input": Format(width=49)}, "width is 49"),
        ({"bias": 1, "input": exponents(Format(width=9), 8)}, "a bias stage takes plain fixed point"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=re.escape(says)):
        Bias(**{"frame": 8, **settings})
