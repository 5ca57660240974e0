"""Table quantizers against their definitions, evaluated with sixty digits for every element."""

from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.lookup import Lookup

getcontext().prec = 60
F = Fraction
X10 = Format(width=10, fraction=4)
EVERY = np.arange(-512, 512)


def real(number):
    number = F(number)
    return Decimal(number.numerator) / Decimal(number.denominator)


def even(number):
    """To nearest, ties to even; sixty digits tell ties from everything near one."""
    return int(number.quantize(Decimal(10) ** -40).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def log2(number):
    return number.ln() / Decimal(2).ln()


def spec(**settings):
    return Lookup(frame=1024, lanes=4, input=X10, **settings)


def codes_of(stage):
    return [int(c) for c in stage.compute(EVERY).codes]


def magnitude_codes(stage, m_of):
    """Sign and magnitude codes of every element, by a function of it and its sign."""
    sign = 1 << (stage.bits - 1)
    codes = []
    for x in EVERY:
        m = m_of(abs(F(int(x), 16)), int(x < 0))
        codes.append(m + sign if x < 0 and (m or not stage.zero) else m)
    return codes


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("exponent", [-3, 0, 4, 9])
@pytest.mark.parametrize("zero", [True, False])
def test_log2_nearest_in_value(bits, exponent, zero):
    """The magnitude whose number is nearest, the larger on a tie."""
    stage = spec(family="log2", bits=bits, exponent=exponent, zero=zero)
    top = (1 << (bits - 1)) - 1
    numbers = [F(2) ** (exponent - top + m) for m in range(top + 1)]
    if zero:
        numbers[0] = F(0)
    assert codes_of(stage) == magnitude_codes(
        stage, lambda a, _: min(range(top + 1), key=lambda m: (abs(numbers[m] - a), -m))
    )
    assert [F(float(v)) for v in stage.format_.numbers] == [*numbers, *(-n for n in numbers)]


@pytest.mark.parametrize("bits", [2, 3, 4, 6])
@pytest.mark.parametrize("exponent", [-3, 0, 4])
@pytest.mark.parametrize("zero", [True, False])
def test_log2_nearest_logarithm(bits, exponent, zero):
    stage = spec(family="log2", bits=bits, exponent=exponent, zero=zero, boundary="log")
    top = (1 << (bits - 1)) - 1

    def m_of(a, _):
        if a == 0:
            return 0
        return min(max(even(log2(real(a))) - exponent + top, 0), top)

    assert codes_of(stage) == magnitude_codes(stage, m_of)


def test_denseshift_has_no_zero():
    stage = spec(family="log2", bits=3, exponent=3, zero=False)
    codes = np.array(codes_of(stage))
    assert stage.format_.numbers.tolist() == [1, 2, 4, 8, -1, -2, -4, -8]
    assert codes[512] == 0  # x = 0 is the least positive power
    assert (codes[:512] >= 4).all()


@pytest.mark.parametrize("bits", [3, 4])
@pytest.mark.parametrize(
    ("delta", "point", "eta"),
    [
        ((F(1),), (0,), 0),
        ((F(1, 2),), (-8,), F(1, 1000)),
        ((F(2),), (-2,), 0),  # ties: log2|x| an odd whole number
        ((F("0.37"), F("1.1")), (-5, -2), F("1e-3")),
        ((F(3),), (-1, 0), F(1, 2)),
    ],
)
def test_twin_log(bits, delta, point, eta):
    stage = spec(family="twin_log", bits=bits, delta=delta, zero_point=point, eta=eta, fraction=20)
    most = (1 << (bits - 1)) - 2

    def m_of(a, sign):
        if a == 0:
            return 0
        q = even(log2(real(a + eta)) / real(delta[sign % len(delta)])) - point[sign % len(point)]
        return 1 + min(max(q, 0), most)

    assert codes_of(stage) == magnitude_codes(stage, m_of)
    for code, value in enumerate(stage.format_.values):
        m, sign = code % (most + 2), code // (most + 2)
        want = Decimal(0)
        if m:
            power = real(delta[sign % len(delta)] * (m - 1 + point[sign % len(point)]))
            want = max((power * Decimal(2).ln()).exp() - real(eta), Decimal(0)) * 2**20
        assert value == even(want) * (-1 if sign else 1)


@pytest.mark.parametrize("bits", [3, 4, 8])
@pytest.mark.parametrize(("power", "amax"), [("0.5", 8), ("1/3", 30), ("1", 5), ("2", 31), ("0.7", "20.5")])
def test_power(bits, power, amax):
    stage = spec(family="power", bits=bits, power=power, amax=amax, fraction=12)
    most = (1 << (bits - 1)) - 1

    def m_of(a, _):
        if a == 0:
            return 0
        return min(even(((real(a) / real(amax)).ln() * real(power)).exp() * most), most)

    assert codes_of(stage) == magnitude_codes(stage, m_of)
    for m in range(1, most + 1):
        want = even(((real(F(m, most))).ln() / real(power)).exp() * real(amax) * 2**12)
        assert stage.format_.values[m] == want
        assert stage.format_.values[m + most + 1] == -want


def test_a_table_of_one_s_own():
    thresholds, values = ("-3", "1/3", "5.0625"), (-8, -0.5, 1, 20)
    stage = spec(family="table", bits=0, thresholds=thresholds, values=values)
    assert codes_of(stage) == [sum(F(int(x), 16) >= F(t) for t in thresholds) for x in EVERY]
    assert stage.format_.numbers.tolist() == list(values)
    assert (stage.format_.width, stage.format_.fraction) == (2, 1)


def test_thresholds_beyond_the_input_are_no_cells():
    stage = spec(family="table", bits=0, thresholds=(-1000, -32, 0, "0.01", "0.02", 1000), values=range(7))
    assert stage.cells == ((0, 1), (2, 3, 5))
    one = spec(family="table", bits=0, thresholds=(1000,), values=(1, 2))
    assert one.cells == ((), (0,))
    assert set(codes_of(one)) == {0}


def test_codes_come_back_as_their_numbers():
    stage = spec(family="log2", bits=4, exponent=4)
    back = Dequantize(frame=1024, lanes=4, input=stage.output, width=16, fraction=8)
    x = back.compute(stage.compute(EVERY)) / 2**8
    assert (x == stage.format_.numbers[codes_of(stage)]).all()
    assert abs(x[512 + 24] - 1.5) == 0.5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"family": "some"}, "family is 'some'"),
        ({"bits": 9}, "bits is 9"),
        ({"boundary": "x"}, "boundary is 'x'"),
        ({"thresholds": (1,)}, "thresholds is for family"),
        ({"family": "table", "bits": 0}, "thresholds is"),
        ({"family": "table", "bits": 0, "thresholds": (1, 1), "values": (1, 2, 3)}, "rising"),
        ({"family": "table", "bits": 0, "thresholds": (1,), "values": (1,)}, "values has 1"),
        ({"family": "table", "bits": 0, "thresholds": (1,), "values": ("1/3", 1)}, "power of two"),
        ({"family": "table", "bits": 3, "thresholds": (1,), "values": (0, 1)}, "bits is 3"),
        ({"family": "twin_log", "fraction": 8}, "delta is"),
        ({"family": "twin_log", "delta": 1}, "fraction is 'exact'"),
        ({"family": "power", "power": 20, "fraction": 8}, "power is 20"),
        ({"input": Format(width=50)}, "up to 48 bits"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Lookup(**{"frame": 8, "input": X10} | settings)
