"""Gains against their definition in fractions, and what they are for against NumPy."""

import re
from fractions import Fraction

import dequantized
import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.fwht import Fwht
from hadacast.spec.gain import Gain
from hadacast.spec.normalize import MODES, Normalize
from hadacast.spec.pipeline import Pipeline

F = Fraction
X10 = Format(width=10, fraction=4)
MIXED = (F(3, 4), F(-5), F(0), F(1, 3), -(F(2) ** -9), F(123456789, 1000), F(1), F(-1))


def significant(g, bits):
    """The nearest number of so many significant bits, by trying every power of two."""
    if not g:
        return F(0)
    power = next(p for p in range(-200, 200) if F(2) ** p <= abs(g) < F(2) ** (p + 1))
    return F(round(g * F(2) ** (bits - 1 - power))) * F(2) ** (power - bits + 1)


@pytest.mark.parametrize("bits", [1, 5, 16, 32])
@pytest.mark.parametrize("reciprocal", [False, True])
def test_gains_have_so_many_significant_bits(bits, reciprocal):
    numbers = tuple(g for g in MIXED if g or not reciprocal)
    spec = Gain(frame=8 * len(numbers), gain=numbers, bits=bits, reciprocal=reciprocal, width=16, fraction=0)
    wanted = [1 / g if reciprocal else g for g in numbers]
    assert list(spec.gains) == [significant(g, bits) for g in wanted]
    assert spec.gain_error <= F(1, 1 << bits)
    assert spec.gain_error == max(abs(a / g - 1) for a, g in zip(spec.gains, wanted, strict=True) if g)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "fraction"), [(0, 3), (8, 2), (14, 12), (0, -3), (48, 20)])
@pytest.mark.parametrize("signed", [True, False])
def test_roundings_are_those_of_the_definition(mode, width, fraction, signed):
    input_ = Format(width=10, fraction=4, signed=signed)
    spec = Gain(frame=8, input=input_, gain=MIXED, bits=11, width=width, fraction=fraction, rounding=mode)
    x = np.random.default_rng(1).integers(input_.min, input_.max + 1, (60, 8))
    x[0], x[1] = input_.min, input_.max
    want = [
        [
            dequantized.rounded(F(int(v), 16) * significant(g, 11), spec.result, mode)
            for v, g in zip(row, MIXED, strict=True)
        ]
        for row in x
    ]
    assert spec.compute(x).tolist() == want


@pytest.mark.parametrize("input_", [X10, Format(width=10, signed=False)], ids=str)
@pytest.mark.parametrize("gains", [(F(3),), (F(-3), F(1, 8)), (F(1, 2), F(0)), (F(-1),), (F(0),), (F(1),)])
def test_exact_results_fit_and_lose_nothing(input_, gains):
    spec = Gain(frame=2, input=input_, gain=gains)
    x = np.array([[input_.min] * 2, [input_.max] * 2])
    y = spec.compute(x)
    for row, got in zip(x, y, strict=True):
        values = [F(int(v)) * F(2) ** -spec.result.fraction for v in got]
        both = zip(row, gains * (2 // len(gains)), strict=True)
        assert values == [F(int(v)) * F(2) ** -input_.fraction * g for v, g in both]
    if spec.result.width > 1 + spec.result.signed:
        with pytest.raises(HadacastError):
            Format(width=spec.result.width - 1, signed=spec.result.signed).check(y)


def test_gains_of_1_are_wires():
    spec = Gain(frame=8, input=X10, gain=(1,))
    assert (spec.latency, spec.output) == (0, X10)
    assert Gain(frame=8, input=X10, gain=(1, 1, 1, 2)).latency > 0


def test_wide_numbers_are_exact():
    spec = Gain(frame=2, input=Format(width=48), gain=(F(1, 3), F(-2) ** 40), bits=32, width=48, fraction=0)
    x = np.array([[(1 << 47) - 1, 5], [-(1 << 47), -3]])
    third = significant(F(1, 3), 32)
    want = [[round(int(a) * third), max(min(int(b) << 40, (1 << 47) - 1), -(1 << 47))] for a, b in x]
    assert spec.compute(x).tolist() == want


def test_exponents_pass():
    spec = Gain(frame=8, input=exponents(Format(width=9), 8), gain=(2, -1))
    got = spec.compute(Frames(codes=np.arange(8)[None], scale=np.array([[130]])))
    assert spec.output == exponents(spec.result, 8)
    assert got.scale.tolist() == [[130]]


# Spectral work: W, D, W.


def spectral(n, gains, reciprocal=False):
    """fwht, gains, fwht, 1/N: with exact fraction bits but for the gains'."""
    first = Fwht(frame=n, lanes=2, input=Format(width=10, fraction=6))
    middle = Gain(
        frame=n,
        lanes=2,
        input=first.output,
        gain=gains,
        reciprocal=reciprocal,
        bits=20,
        width=28,
        fraction=12,
    )
    last = Fwht(frame=n, lanes=2, input=middle.output)
    factor = Normalize(frame=n, lanes=2, input=last.output, factor=F(1, n))
    return Pipeline(name="spectral", stages=(first, middle, last, factor))


@pytest.mark.parametrize("n", [4, 16, 64])
def test_a_dyadic_convolution(n):
    """(1/N) W (λ ∘ W y), λ = W k, is Σ_j k(i ⊕ j) y_j: the Gram product of a shift-invariant kernel."""
    rng = np.random.default_rng(n)
    kernel = rng.integers(-8, 9, n) / 8
    eigenvalues = hadamard(n) @ kernel
    spec = spectral(n, tuple(F(v) for v in eigenvalues.tolist()))
    codes = rng.integers(-512, 512, (20, n))
    y = spec.input.decode(codes)
    place = np.arange(n)
    gram = kernel[place[:, None] ^ place]
    got = spec.output.decode(spec.compute(codes))
    assert np.abs(got - y @ gram.T).max() == 0  # λ have few bits here, and nothing is rounded


@pytest.mark.parametrize("n", [4, 16, 64])
def test_and_its_solve(n):
    """1/λ in place of λ: what NumPy solves."""
    rng = np.random.default_rng(n)
    place = np.arange(n)
    kernel = np.where(place == 0, 2, 1 / (1 + place)) + 0.01
    gram = kernel[place[:, None] ^ place]
    eigenvalues = hadamard(n) @ kernel
    assert eigenvalues.min() > 0
    spec = spectral(n, tuple(F(v) for v in eigenvalues.tolist()), reciprocal=True)
    codes = rng.integers(-512, 512, (20, n))
    want = np.linalg.solve(gram, spec.input.decode(codes).T).T
    got = spec.output.decode(spec.compute(codes))
    # |W x| is at most N·8; gains are off by 2^-20 of themselves, and n numbers by 2^-13 for their rounding.
    bound = (8 * n * 2.0**-20 / eigenvalues.min() + 2.0**-13) * 1.001
    assert np.abs(got - want).max() <= bound


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "gain has 0 numbers"),
        ({"gain": (1, 2, 3)}, "gain has 3 numbers: they must divide the frame, 8"),
        ({"gain": "x"}, "gain is 'x'"),
        ({"gain": ((1, 2),)}, r"gain is \(1, 2\)"),
        ({"gain": (1, 1e-30)}, "gain has 1e-30: it must be of a magnitude from 2"),
        ({"gain": (1, 0), "reciprocal": True}, "gain has 0"),
        ({"gain": 2, "reciprocal": 1}, "reciprocal is 1"),
        ({"gain": 2, "bits": 33}, "bits is 33"),
        ({"gain": 2, "rounding": "stochastic"}, "rounding is"),
        ({"gain": 2, "width": 49}, "width is 49"),
        ({"gain": 2, "fraction": "some"}, "fraction is 'some'"),
        ({"gain": (2.0**40, 2.0**-40)}, "output width is 9"),
        ({"gain": 2, "input": Format(width=50)}, "width is 50"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Gain(**{"frame": 8, **settings})


def test_loadable_gains_are_multiples_of_a_step():
    spec = Gain(frame=4, input=Format(width=8), gain=(1, -0.3, 0, 1.99), bits=8, loadable=True)
    assert spec.step == F(1, 128)
    assert spec.gains == (1, F(-38, 128), 0, F(255, 128))
    (table,) = spec.settings
    assert table.init == (128, -38, 0, 255)
    assert (table.width, table.signed) == (9, True)
    # Every code that can be written has a result that fits.
    x = np.array([[-128, 127, -128, 127]])
    np.testing.assert_array_equal(spec.compute(x), x * np.array([128, -38, 0, 255]))
    assert spec.result.max >= 128 * 256
    assert (
        spec.output
        == Gain(frame=4, input=Format(width=8), gain=(0.1,), up_to=1.99, bits=8, loadable=True).output
    )


@pytest.mark.parametrize(
    ("up_to", "step"), [(1, F(1, 8)), (F(31, 32), F(1, 8)), (F(15, 16), F(1, 16)), (16, 2), (15, 1)]
)
def test_the_step_is_the_least_that_reaches_up_to(up_to, step):
    spec = Gain(frame=4, input=Format(width=8), gain=(0,), up_to=up_to, bits=4, loadable=True)
    assert spec.step == step


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gain": (1, 2), "up_to": 1.5, "loadable": True}, "gain has 2: up_to, 1.5, must be as large"),
        ({"gain": (1,), "up_to": 2}, "up_to is 2: without loadable it must be 0"),
        ({"gain": (0,), "loadable": True}, "gain is 0: with loadable, up_to must be"),
        ({"gain": (1,), "bits": 32, "loadable": True}, "bits is 32"),
        ({"gain": (1,), "up_to": True, "loadable": True}, "up_to is True"),
        ({"gain": (1,), "loadable": 1}, "loadable is 1"),
    ],
)
def test_what_cannot_be_loaded_is_refused(settings, message):
    with pytest.raises(HadacastError, match=re.escape(message)):
        Gain(frame=4, input=Format(width=8), **settings)
