"""The factor of a transform against its definition."""

from fractions import Fraction

import dequantized
import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.normalize import MODES, Normalize

F = Fraction


@pytest.mark.parametrize(
    ("size", "constant"),
    [(16, F(1, 4)), (32, F(181, 1 << 10)), (128, F(181, 1 << 11)), (512, F(181, 1 << 12)), (2, F(181, 256))],
)
def test_the_constant_is_the_published_one(size, constant):
    assert Normalize(frame=size).constant == constant
    assert Normalize(frame=1024, size=size).constant == constant


def test_odd_sizes_have_what_bfloat16_and_binary16_have():
    """181·2^-k is 1/√N in both formats, by their own rounding to nearest."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for log2 in range(1, 16, 2):
        exact = 2.0 ** (-log2 / 2)
        c = float(Normalize(frame=2, size=1 << log2).constant)
        assert c == float(np.float32(exact).astype(ml_dtypes.bfloat16)) == float(np.float16(exact))


def test_a_power_of_two_only_moves_the_point():
    spec = Normalize(frame=16, input=Format(width=20, fraction=10))
    assert spec.output == Format(width=20, fraction=12)
    assert spec.latency == 0
    x = np.random.default_rng(1).integers(-(1 << 19), 1 << 19, (3, 16))
    assert (spec.compute(x) == x).all()


@pytest.mark.parametrize("input_", [Format(width=9, fraction=3), Format(width=9, signed=False)], ids=str)
def test_exact_results_fit_and_lose_nothing(input_):
    for constant in (F(181, 256), F(3), F(5, 1 << 20), F(1 << 30)):
        spec = Normalize(frame=2, input=input_, factor=constant)
        x = np.array([input_.min, input_.max])
        values = [F(int(v)) * F(2) ** -spec.result.fraction for v in spec.compute(x)]
        assert values == [F(int(v)) * F(2) ** -input_.fraction * constant for v in x]
        with pytest.raises(HadacastError):
            Format(width=spec.result.width - 1, signed=input_.signed).check(spec.compute(x))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("factor", ["1/3", "0.5", "181/2048", "1e-3", "7"])
def test_roundings_are_those_of_the_definition(mode, factor):
    input_ = Format(width=10, fraction=4)
    x = np.arange(-512, 512)
    for width, fraction in ((12, 6), (5, 3), (0, -1)):
        spec = Normalize(
            frame=1024, input=input_, factor=factor, width=width, fraction=fraction, rounding=mode
        )
        want = [dequantized.rounded(F(int(v), 16) * F(factor), spec.result, mode) for v in x]
        assert spec.compute(x).tolist() == want


def test_a_width_of_0_is_the_least_that_never_saturates():
    for fraction in range(-6, 8):
        spec = Normalize(frame=2, input=Format(width=10, fraction=4), factor="1/3", fraction=fraction)
        wide = Normalize(frame=2, input=spec.input, factor="1/3", fraction=fraction, width=48)
        x = np.array([-512, 511])
        assert (spec.compute(x) == wide.compute(x)).all()


def test_exponents_pass():
    block = exponents(Format(width=9), 8)
    spec = Normalize(frame=8, input=block, fraction=1)
    got = spec.compute(Frames(codes=np.arange(8)[None], scale=np.array([[130]])))
    assert spec.output == exponents(spec.result, 8)
    assert got.scale.tolist() == [[130]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"size": 24}, "size is 24"),
        ({"size": 8, "factor": 2}, "size is 8"),
        ({"factor": -1}, "factor is -1"),
        ({"factor": "1/3"}, "fraction is 'exact'"),
        ({"rounding": "stochastic"}, "rounding is"),
        ({"width": 49}, "width is 49"),
        ({"fraction": "some"}, "fraction is 'some'"),
        ({"input": Format(width=45), "factor": 181}, "output width is 53"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Normalize(frame=8, **settings)
