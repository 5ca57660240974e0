"""Dense matrices against their definition, in fractions and in float64."""

from fractions import Fraction

import dequantized
import numpy as np
import pytest

from hadacast import coefficients
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.spec.normalize import MODES
from hadacast.spec.rotate import Rotate

F = Fraction
X8 = Format(width=8, fraction=4)
PLAIN = ((F(1, 2), F(-1, 4)), (F(1), F(3, 4)))


def orthogonal(n, seed=1):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]


def definition(spec, x):
    """(I ⊗ C ⊗ I_s) x in fractions, C each coefficient rounded as Python rounds fractions, of one frame."""
    n, s = spec.order, spec.distance
    step = F(2) ** -spec.coefficient.fraction
    matrix = spec.matrix if not spec.transpose else tuple(zip(*spec.matrix, strict=True))
    c = [[round(number / step) * step for number in row] for row in matrix]
    values = [F(int(v)) * F(2) ** -spec.element.fraction for v in x]
    y = [F(0)] * len(values)
    for start in range(0, len(values), n * s):
        for t in range(s):
            for i in range(n):
                y[start + i * s + t] = sum(c[i][k] * values[start + k * s + t] for k in range(n))
    return y


@pytest.mark.parametrize(
    ("n", "s", "frame", "lanes"),
    [(2, 1, 8, 1), (2, 4, 8, 2), (3, 1, 12, 1), (3, 2, 12, 2), (5, 4, 20, 4), (7, 3, 42, 3), (8, 1, 16, 4)],
)
@pytest.mark.parametrize("transpose", [False, True])
def test_exact_results_are_those_of_the_definition(n, s, frame, lanes, transpose):
    rng = np.random.default_rng(n)
    spec = Rotate(
        frame=frame,
        lanes=lanes,
        input=X8,
        matrix=rng.normal(size=(n, n)).tolist(),
        stride=s,
        transpose=transpose,
        coefficient_width=9,
    )
    x = rng.integers(-128, 128, (5, frame))
    x[0], x[1] = -128, 127
    for row, y in zip(x, spec.compute(x), strict=True):
        assert [F(int(v)) * F(2) ** -spec.result.fraction for v in y] == definition(spec, row)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("width", "fraction"), [(0, 3), (6, 2), (12, 9), (0, -2), (5, -4), (20, 14)])
def test_roundings_are_those_of_the_definition(mode, width, fraction):
    rng = np.random.default_rng(3)
    spec = Rotate(
        frame=8,
        input=X8,
        matrix=rng.integers(-4, 5, (4, 4)).tolist(),
        stride=1,
        coefficient_fraction=1,
        width=width,
        fraction=fraction,
        rounding=mode,
    )
    x = rng.integers(-128, 128, (60, 8))
    want = [[dequantized.rounded(v, spec.result, mode) for v in definition(spec, row)] for row in x]
    assert spec.compute(x).tolist() == want


@pytest.mark.parametrize(
    "input_", [X8, Format(width=8, signed=False), Format(width=1), Format(width=36)], ids=str
)
def test_a_width_of_0_is_the_least_that_never_saturates(input_):
    low, high = input_.min, input_.max
    for matrix in (((1, 1), (1, -1)), ((3, 0), (-1, -1)), ((-2, -2), (0, 1))):
        spec = Rotate(frame=2, input=input_, matrix=matrix, coefficient_width=4, coefficient_fraction=0)
        corners = np.array([[low, low], [low, high], [high, low], [high, high]])
        y = [[sum(c * int(v) for c, v in zip(row, x, strict=True)) for row in matrix] for x in corners]
        assert spec.compute(corners).tolist() == y
        with pytest.raises(HadacastError):
            Format(width=spec.result.width - 1).check(np.array(y))


@pytest.mark.parametrize("seed", range(4))
def test_large_sums_are_exact(seed):
    """Beyond what float64 holds."""
    rng = np.random.default_rng(seed)
    spec = Rotate(
        frame=8,
        input=Format(width=36),
        matrix=rng.normal(size=(8, 8)).tolist(),
        coefficient_width=18,
        width=48,
        fraction=4,
    )
    x = rng.integers(-(1 << 35), 1 << 35, (3, 8))
    assert abs(spec.plan.range[0]) > 1 << 53
    want = [[dequantized.rounded(v, spec.result, "even") for v in definition(spec, row)] for row in x]
    assert spec.compute(x).tolist() == want


# Kronecker rotations, against NumPy in float64.


@pytest.mark.parametrize(("n1", "n2", "lanes"), [(4, 8, 2), (12, 5, 1), (64, 64, 1), (86, 128, 1)])
def test_two_stages_are_a_kronecker_rotation(n1, n2, lanes):
    """P_Lᵀ X P_R, within the bounds that the stages state."""
    left, right = orthogonal(n1, 1), orthogonal(n2, 2)
    common = {"frame": n1 * n2, "lanes": lanes, "transpose": True, "coefficient_width": 14, "fraction": 12}
    first = Rotate(input=Format(width=16, fraction=12), matrix=left.tolist(), stride=n2, **common)
    second = Rotate(input=first.output, matrix=right.tolist(), stride=1, **common)
    x = np.clip(np.random.default_rng(4).normal(scale=1.5, size=(3, n1 * n2)), -7.9, 7.9)
    codes = first.input.encode(x)
    values = first.input.decode(codes)
    y = second.output.decode(second.compute(first.compute(codes)))
    middle = np.einsum("ki,fkt->fit", left, values.reshape(-1, n1, n2))
    want = np.einsum("fik,kj->fij", middle, right).reshape(-1, n1 * n2)
    # The first stage's error goes through the second one's matrix, as it is in coefficients.
    gain = max(sum(map(abs, row)) for row in second.codes) * 2.0**-second.coefficient.fraction
    bound = float(first.error_bound(F(8))) * gain + float(second.error_bound(F(float(np.abs(middle).max()))))
    error = np.abs(y - want).max()
    assert error <= bound
    assert error < 0.01  # and that is not all: rounding errors don't add up at their worst


def test_the_error_bound_is_reached():
    """Inputs with the signs of the coefficients' errors, in one row."""
    matrix = orthogonal(8)
    spec = Rotate(frame=8, input=Format(width=12, fraction=4), matrix=matrix.tolist(), coefficient_width=6)
    step = 2.0**-spec.coefficient.fraction
    off = np.array(spec.codes) * step - matrix
    assert float(spec.coefficient_error) == pytest.approx(np.abs(off).max())
    assert spec.coefficient_error <= F(1, 2) * F(2) ** -spec.coefficient.fraction
    row = int(np.abs(off).sum(1).argmax())
    x = np.where(off[row] > 0, 2047, -2047)
    values = x / 16
    found = np.abs(spec.result.decode(spec.compute(x[None]))[0] - matrix @ values).max()
    bound = float(spec.error_bound(F(2047, 16)))
    assert bound * (1 - 1e-9) <= found <= bound * (1 + 1e-9)
    assert spec.error_bound() == spec.gain_error * 128


def test_rounding_is_in_the_bound():
    base = {"frame": 2, "input": X8, "matrix": PLAIN}
    assert Rotate(**base).error_bound() == 0
    assert Rotate(**base, fraction=3).error_bound() == F(1, 16)
    assert Rotate(**base, fraction=3, rounding="zero").error_bound() == F(1, 8)
    assert Rotate(**base, fraction=40).error_bound() == 0


# Coefficients.


@pytest.mark.parametrize("width", [2, 3, 8, 18])
def test_an_automatic_fraction_is_the_largest_that_fits(width):
    rng = np.random.default_rng(width)
    for scale in (1e-9, 0.3, 1, 7, 1e6):
        numbers = [F(float(v)) for v in rng.normal(scale=scale, size=9)]
        found = coefficients.fraction_bits(numbers, width)

        def fits(fraction, numbers=numbers):
            codes = [round(v * F(2) ** fraction) for v in numbers]
            return min(codes) >= -(1 << (width - 1)) and max(codes) < 1 << (width - 1)

        assert fits(found)
        assert not fits(found + 1)


@pytest.mark.parametrize(
    ("numbers", "fraction"),
    [
        ([F(1)], 6),
        ([F(-1)], 7),
        ([F(-1), F(1, 2)], 7),
        ([F(255, 256)], 6),
        ([F(127, 128)], 7),
        ([F(0)], None),
    ],
)
def test_edges_of_automatic_fractions(numbers, fraction):
    assert coefficients.fraction_bits(numbers, 8) == fraction


def test_coefficients_are_never_clipped():
    spec = {"frame": 2, "matrix": ((1, 0), (0, -1)), "coefficient_width": 8}
    assert Rotate(**spec, coefficient_fraction=6).codes == ((64, 0), (0, -64))
    with pytest.raises(HadacastError, match=r"matrix has 1: .* holds -1 to 0.99"):
        Rotate(**spec, coefficient_fraction=7)


def test_a_matrix_may_be_rows_or_one_row():
    flat = tuple(n for row in PLAIN for n in row)
    specs = [
        Rotate(frame=4, matrix=m) for m in (PLAIN, flat, [list(r) for r in PLAIN], ("0.5", "-1/4", 1, 0.75))
    ]
    assert all(spec == specs[0] for spec in specs)
    assert hash(specs[0]) == hash(specs[2])
    assert Rotate(frame=4, matrix=PLAIN, transpose=True).codes == tuple(zip(*specs[0].codes, strict=True))


def test_numbers_next_to_0_are_taken():
    """What is left of a zero of an orthogonal matrix."""
    spec = Rotate(frame=2, matrix=((1.0, F(6.1e-17)), (-1e-300, 1.0)))
    assert spec.codes[0][1] == spec.codes[1][0] == 0


def test_exponents_pass():
    spec = Rotate(frame=8, input=exponents(Format(width=9), 8), matrix=PLAIN, stride=1)
    got = spec.compute(Frames(codes=np.arange(8)[None], scale=np.array([[130]])))
    assert spec.output == exponents(spec.result, 8)
    assert got.scale.tolist() == [[130]]


def test_loadable_widths_hold_any_coefficients():
    spec = Rotate(
        frame=4, input=X8, matrix=((0,) * 4,) * 4, coefficient_fraction=0, coefficient_width=5, loadable=True
    )
    assert spec.plan.range == (4 * 127 * -16, 4 * -128 * -16)
    assert spec.result.width == 15


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"matrix": ()}, "matrix has 0 rows"),
        ({"matrix": "m.txt"}, "matrix is 'm.txt'"),
        ({"matrix": (1, 2, 3)}, "matrix has 3 numbers"),
        ({"matrix": ((1, 2), (3,))}, r"matrix has \(3,\) as row 1 of 2"),
        ({"matrix": ((1, 2), 3)}, "matrix has 3 as row 1 of 2"),
        ({"matrix": ((1, 2), (3, "x"))}, "matrix is 'x'"),
        ({"matrix": ((1, 2), (3, float("nan")))}, "matrix is nan"),
        ({"matrix": ((1, 2), (3, True))}, "matrix is True"),
        ({"matrix": ((1, 2), (3, 1e99))}, "must be a number from"),
        ({"matrix": ((0, 0), (0, 0))}, "matrix of zeros"),
        ({"matrix": ((1,) * 3,) * 3}, "n must divide the frame, 8"),
        ({"frame": 2, "matrix": ((1,) * 3,) * 3}, "n must divide the frame, 2"),
        ({"stride": 3}, "stride 3 × n must divide the frame"),
        ({"stride": -1}, "stride is -1"),
        ({"stride": 2, "lanes": 8}, "it must divide 2, or be a multiple of 2 that divides 4"),
        ({"coefficient_width": 19}, "coefficient_width is 19"),
        ({"coefficient_fraction": "some"}, "fraction is 'some'"),
        ({"width": 49}, "width is 49"),
        ({"fraction": 200}, "fraction is 200"),
        ({"rounding": "stochastic"}, "rounding is 'stochastic'"),
        ({"transpose": 1}, "transpose is 1"),
        ({"loadable": "yes"}, "loadable is 'yes'"),
        ({"input": Format(width=37)}, "width is 37"),
        ({"input": Format(width=36), "coefficient_width": 18}, "output width is 5"),
        ({"frame": 4096, "matrix": np.eye(128).tolist(), "lanes": 16}, "2,048 multiplications"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Rotate(**{"frame": 8, "matrix": PLAIN, **settings})
