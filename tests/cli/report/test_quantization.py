"""The figures of a quantizer, each against another way to get it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import elements
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.minifloat import Minifloat
from hadacast.report import quantization, unrotated
from hadacast.samples import load
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.lookup import Lookup
from hadacast.spec.normalize import Normalize
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize
from hadacast.spec.rotate import Rotate

INPUT = Format(width=16, fraction=10)


class Open(Pipeline):
    """A pipeline that may end in codes with scales."""

    def __post_init__(self):
        pass


def pipeline(frame=32, input_=INPUT, **settings):
    rotation = Fwht(frame=frame, input=input_)
    return Open(name="p", stages=(rotation, Quantize(frame=frame, input=rotation.output, **settings)))


def alone(frame=32, input_=INPUT, **settings):
    return Quantize(frame=frame, input=input_, **settings)


def sample(frame, count=400):
    return INPUT.encode(load("minilm_mlp_down").reshape(-1, frame)[:count])


MXFP4 = {"code": "e2m1", "group": 32, "scale": "exponent"}
NVFP4 = {"code": "e2m1", "group": 16, "scale": {"kind": "floating", "tensor_amax": "107"}}
INT4 = {"code": "int4", "scale": "maximum"}
ONE = {"kind": "static", "step": 1}


def fp4(x):
    """E2M1 by its list of numbers."""
    numbers = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    bounds = np.array([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5])
    even = np.array([False, True, False, True, False, True, False])  # whether the tie goes up
    place = np.array(
        [sum(m > b or (m == b and up) for b, up in zip(bounds, even, strict=True)) for m in np.abs(x)]
    )
    return np.sign(x) * numbers[place]


def sqnr(signal, decoded):
    return 10 * math.log10((signal**2).sum() / ((signal - decoded) ** 2).sum())


# Signal over noise and errors


def test_mxfp4_rotated_and_not():
    x = sample(32, 300)
    (shown,) = quantization.report(pipeline(**MXFP4), x)
    values = INPUT.decode(x)
    for name, v in (("unrotated", values * 4), ("rotated", values @ hadamard(32))):
        scale = 2.0 ** (np.floor(np.log2(np.abs(v).max(axis=1, keepdims=True))) - 2)
        decoded = fp4((v / scale).ravel()).reshape(v.shape) * scale
        unit = 4 if name == "unrotated" else math.sqrt(32)
        assert shown[name]["sqnr_db"] == pytest.approx(sqnr(v, decoded), rel=1e-5)
        assert shown[name]["max_error"] == pytest.approx(np.abs(v - decoded).max() / unit, rel=1e-5)
        assert shown[name]["zero_share"] == pytest.approx(100 * (decoded == 0).mean(), rel=1e-5)
        assert shown[name]["bits_per_value"] == 4.25
        assert shown[name]["clipped"] == np.count_nonzero(np.abs(v / scale) >= 7)
        assert shown[name]["clipped"] > 0


def test_int4_is_the_one_of_the_distribution():
    """One scale a block, −7 to 7: the same figure is measured there without any of this."""
    from hadacast.report import distribution

    x = sample(128)
    (shown,) = quantization.report(pipeline(128, **INT4), x)
    values = INPUT.decode(x)
    assert shown["unrotated"]["sqnr_db"] == pytest.approx(distribution.int4_sqnr(values), rel=1e-5)
    rotated = values @ hadamard(128)
    assert shown["rotated"]["sqnr_db"] == pytest.approx(distribution.int4_sqnr(rotated), rel=1e-5)
    assert shown["largest"] == pytest.approx(np.abs(rotated).max(), rel=1e-5)
    # 4 bits and a scale of 23 bits, 16 without the growth of 7.
    assert shown["rotated"]["bits_per_value"] == pytest.approx(4 + 23 / 128, rel=1e-5)
    assert shown["unrotated"]["bits_per_value"] == pytest.approx(4 + 16 / 128, rel=1e-5)


def test_errors_are_those_of_the_input():
    """What comes back through the inverse rotation has the stated signal over noise."""
    x = sample(64)
    spec = pipeline(64, **INT4)
    (shown,) = quantization.report(spec, x)
    back = spec.stages[1].output.decode(spec.taps(x)[1]) @ hadamard(64) / 64
    assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(INPUT.decode(x), back), rel=1e-5)


def test_exact_codes_have_no_noise():
    x = np.array([[0, 1, 2, -3, 4, 5, -6, 7]])
    shown, _ = quantization.figures(alone(8, Format(width=8), code="int8", scale=ONE), Frames(codes=x))
    assert (shown["sqnr_db"], shown["max_error"], shown["zero_share"]) == (None, 0, 12.5)


def test_nothing_but_zeros():
    (shown,) = quantization.report(pipeline(**NVFP4), np.zeros((2, 32), np.int64))
    assert shown["rotated"]["sqnr_db"] is None
    assert shown["unrotated"]["scales_zero"] == 0
    assert shown["largest"] == 0


def test_nan_counts_apart():
    stage = alone(8, exponents(Format(width=8, fraction=6), 8), code="int8", scale="exponent")
    codes = np.array([[64, 1, 2, 3, 4, 5, 6, -64]] * 2)
    shown, _ = quantization.figures(stage, Frames(codes=codes, scale=np.array([[127], [255]])))
    good, _ = quantization.figures(stage, Frames(codes=codes[:1], scale=np.array([[127]])))
    assert shown["not_finite"] == 8
    assert {**shown, "not_finite": 0} == good


# Saturation


def brute_clipped(stage, x):
    """Elements that a range without end would have put elsewhere, in exact fractions."""
    count = 0
    for codes in stage.output.grouped(x).tolist():
        for group in codes:
            count += sum(map(beyond(stage, group), group))
    return count


def beyond(stage, group):
    code, scale = stage.code, stage.scale
    if scale.kind == "maximum":
        step = max(map(abs, group)) * scale.clip / elements.largest(code)
    elif scale.kind == "range":
        step = (max(*group, 0) - min(*group, 0)) * scale.clip / code.max
    else:
        step = scale.steps(code)[0] * 2**stage.element.fraction
    zero = round(-min(*group, 0) / step) if scale.kind == "range" else 0  # round() is to even

    def check(x):
        quotient = x / Fraction(step)
        if isinstance(code, Minifloat):
            top = elements.largest(code)
            last = top - code.multiple(code.max_code - 1) * Fraction(2) ** code.unit
            return abs(quotient) > top + last / 2 or (
                abs(quotient) == top + last / 2 and code.max_code % 2 == 1
            )
        if stage.rounding == "away":
            whole = (abs(quotient) + Fraction(1, 2)).__floor__() * (1 if quotient > 0 else -1)
        elif stage.rounding == "up":
            whole = (quotient + Fraction(1, 2)).__floor__()
        elif stage.rounding == "zero":
            whole = int(quotient)
        else:
            whole = round(quotient)
        return not (-code.max if stage.narrow else code.min) <= whole + zero <= code.max

    return check


CLIPPING = [
    {"code": "int4", "scale": {"kind": "maximum", "clip": "0.8"}},
    {"code": "int4", "scale": {"kind": "maximum", "clip": "0.8"}, "narrow": True},
    {"code": "int3", "scale": {"kind": "maximum", "clip": "1/2", "store": "bf16"}, "group": 8},
    {"code": "e4m3", "scale": {"kind": "maximum", "clip": "3/4", "store": "bf16"}},
    {"code": "e2m1", "scale": {"kind": "maximum", "clip": "2/3"}, "rows": 4, "group": 4},
    {"code": "uint2", "scale": {"kind": "range", "clip": "0.8"}, "group": 16},
    {"code": "int5", "scale": {"kind": "static", "step": "3/1024"}},
    {"code": "e4m3", "scale": {"kind": "static", "step": "1/65536"}},
    *(
        {"code": "int4", "scale": {"kind": "static", "step": "1/128"}, "rounding": mode}
        for mode in ("away", "up", "zero")
    ),
]


@pytest.mark.parametrize("settings", CLIPPING, ids=str)
def test_elements_clipped(settings):
    stage = alone(64, **settings)
    # Small integers make ties, at the end of the range too.
    x = np.random.default_rng(3).integers(-70, 70, (40, 64))
    shown, _ = quantization.figures(stage, Frames(codes=x))
    expected = brute_clipped(stage, x)
    assert 0 < shown["clipped"] == expected
    assert shown["clipped_share"] == pytest.approx(100 * expected / x.size, rel=1e-5)


@pytest.mark.parametrize(("value", "clipped"), [(464, 0), (465, 1), (-464, 0), (-465, 1)])
def test_a_tie_at_the_end_of_e4m3(value, clipped):
    """464 lies between 448 and 480, and 448 is the even one."""
    x = np.array([[value] + 7 * [1]])
    shown, _ = quantization.figures(alone(8, Format(width=16), code="e4m3", scale=ONE), Frames(codes=x))
    assert shown["clipped"] == clipped


def test_scales_saturated_and_zero():
    stage = alone(8, Format(width=32), code="e2m1", group=2, scale="floating")
    # Scales 448 (just), beyond, rounded to 0 and 0 because the group is.
    x = np.array([[6 * 463, 0, 6 * 465, 1, 0, 0, 1, 0]])
    shown, leaving = quantization.figures(stage, Frames(codes=x))
    assert leaving.scale.tolist()[0][:3] == [0x7E, 0x7E, 0]
    assert (shown["scales_saturated"], shown["scales_zero"]) == (1, 0)
    tiny = alone(8, Format(width=32, fraction=16), code="e2m1", group=2, scale="floating")
    shown, _ = quantization.figures(tiny, Frames(codes=x))
    assert (shown["scales_saturated"], shown["scales_zero"]) == (0, 1)


def test_exponents_saturated():
    stage = alone(8, Format(width=8, fraction=128), code="e2m1", group=2, scale="exponent")
    x = np.array([[3, 0, 8, 0, 7, 7, 0, 0]])  # exponents -129, -127, -128 and none
    shown, leaving = quantization.figures(stage, Frames(codes=x))
    assert leaving.scale.tolist() == [[0, 0, 0, 0]]
    assert shown["scales_saturated"] == 2


def test_outliers_have_bits_of_their_own():
    stage = alone(8, Format(width=16), code="int4", wide="int8", above=100, group=4, scale="maximum")
    x = np.array([[1, 2, 3, 4, 1, 2, 3, 400]])
    shown, leaving = quantization.figures(stage, Frames(codes=x))
    assert shown["wide_groups"] == 1
    assert shown["bits_per_value"] == 6 + (16 + 1) / 4
    assert quantization.counted(stage, leaving).sum() == 4


# Codes


@pytest.mark.parametrize("name", ["int4", "uint2", "e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "int8"])
def test_codes_are_in_the_order_of_their_values(name):
    code = elements.element("code", name)
    order = quantization.in_order(code)
    assert sorted(order.tolist()) == list(range(code.min, code.max + 1))
    values = code.decode(order)
    number = ~np.isnan(values)
    assert (np.diff(values[number][np.isfinite(values[number])]) >= 0).all()
    assert np.isnan(values[number.sum() :]).all()


def test_the_histogram_counts_every_element():
    x = sample(32, 200)
    spec = pipeline(**MXFP4)
    (shown,) = quantization.report(spec, x)
    histogram = shown["histogram"]
    assert histogram["values"][:3] == [-6, -4, -3]
    codes = spec.taps(x)[1].codes
    assert histogram["rotated"] == [int((codes == code).sum()) for code in histogram["codes"]]
    assert sum(histogram["unrotated"]) == x.size


def test_wide_codes_have_no_histogram():
    (shown,) = quantization.report(pipeline(code="int12", scale="maximum"), sample(32, 3))
    assert shown["histogram"] is None


# Tables and pulses


def test_a_table():
    """Powers of two, the nearest in value: ties to the larger one; and no word on clipping."""
    x = sample(16, 500)
    rotation = Fwht(frame=16, input=INPUT)
    stage = Lookup(frame=16, input=rotation.output, family="log2", bits=4, exponent=3)
    (shown,) = quantization.report(Open(name="p", stages=(rotation, stage)), x)
    values = INPUT.decode(x) @ hadamard(16)
    numbers = np.array([0, *(2.0**k for k in range(-3, 4))])
    magnitude = np.abs(values)
    place = (magnitude[..., None] >= (numbers[:-1] + numbers[1:]) / 2).sum(-1)
    decoded = np.sign(values) * numbers[place]
    assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(values, decoded), rel=1e-5)
    assert shown["rotated"]["bits_per_value"] == 4
    assert shown["rotated"]["clipped"] is None
    assert ("elements clipped", "–", "–") in quantization.rows(shown)
    assert sum(shown["histogram"]["unrotated"]) == x.size
    assert shown["histogram"]["values"][:2] == [-8, -4]


def test_a_tables_constants_are_met_by_scaling_the_data():
    """As near to the rotated data's largest magnitude as a power of two gets."""
    x = sample(16, 500)
    rotation = Fwht(frame=16, input=INPUT)
    stages = (rotation, Lookup(frame=16, input=rotation.output))
    rotated = INPUT.decode(x) @ hadamard(16)
    _, entering, unit = unrotated.plain(stages, x, rotated)
    ratio = np.abs(rotated).max() / np.abs(INPUT.decode(entering.codes)).max()
    assert 1 <= ratio / unit < 2


def test_pulses():
    x = sample(8, 50)
    rotation = Fwht(frame=8, input=Format(width=12, fraction=6))
    stage = Pvq(frame=8, input=rotation.output, group=8, pulses=5)
    spec = Open(name="p", stages=(rotation, stage))
    codes = x // 16
    (shown,) = quantization.report(spec, codes)
    values = codes @ hadamard(8)
    pulses = spec.taps(codes)[1].codes
    assert (np.abs(pulses).sum(1) == 5).all()
    decoded = pulses * np.abs(values).sum(1, keepdims=True) / 5
    assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(values, decoded), rel=1e-5)
    assert shown["code"] == "5 pulses in groups of 8"


# The un-rotated data


def test_no_rotation_no_comparison():
    spec = Open(name="p", stages=(alone(32, **MXFP4),))
    (shown,) = quantization.report(spec, sample(32, 9))
    assert shown["unrotated"] is None
    assert [len(row) for row in quantization.rows(shown)] == [2] * len(quantization.FIGURES)


def test_a_tensor_constant_follows():
    x = sample(16)
    spec = pipeline(16, **NVFP4)
    rotated = INPUT.decode(x) @ hadamard(16)
    stage, _, unit = unrotated.plain(spec.stages, x, rotated)
    assert unit == 4  # √16
    peak = Fraction(float(np.abs(INPUT.decode(x)).max() * unit))
    assert stage.scale.tensor_amax == pytest.approx(
        peak * 107 / Fraction(float(np.abs(rotated).max())), rel=1e-6
    )
    own = Fraction(float(np.abs(rotated).max()))
    spec = pipeline(16, **(NVFP4 | {"scale": {"kind": "floating", "tensor_amax": own}}))
    assert unrotated.plain(spec.stages, x, rotated)[0].scale.tensor_amax == peak


@pytest.mark.parametrize("channels", [1, 32])
def test_a_static_threshold_clips_as_many(channels):
    x = sample(32, 1000)
    rotated = INPUT.decode(x) @ hadamard(32)
    magnitudes = np.abs(rotated).reshape(-1, channels)
    threshold = tuple(Fraction(round(t * 1024), 1024) for t in np.percentile(magnitudes, 95, axis=0))
    spec = pipeline(code="int8", scale={"kind": "static", "threshold": threshold})
    stage, entering, _ = unrotated.plain(spec.stages, x, rotated)
    new = np.abs(quantization.real(stage.input, entering)).reshape(-1, channels)
    for old, limit, values, found in zip(magnitudes.T, threshold, new.T, stage.scale.threshold, strict=True):
        # As many, or fewer where several are equal.
        clipped = np.count_nonzero(old > limit)
        assert np.count_nonzero(values > float(found)) <= clipped <= np.count_nonzero(values >= float(found))


def test_a_static_step_that_clips_nothing_keeps_its_headroom():
    x = sample(32, 1000)
    rotated = INPUT.decode(x) @ hadamard(32)
    spec = pipeline(code="int8", scale={"kind": "static", "step": 1})
    stage, entering, _ = unrotated.plain(spec.stages, x, rotated)
    new = np.abs(quantization.real(stage.input, entering)).max()
    assert float(stage.scale.step[0]) == pytest.approx(new / np.abs(rotated).max(), rel=1e-6)


def test_the_values_keep_their_axis():
    """Within √2 of √N times the input, whatever N is."""
    for frame in (2, 8, 32, 64, 256):
        spec = pipeline(frame, **INT4)
        _, _, unit = unrotated.plain(spec.stages, np.ones((1, frame), np.int64), np.ones((1, frame)))
        assert 1 <= math.sqrt(frame) / unit < 1.5
        assert math.log2(unit).is_integer()


@pytest.mark.parametrize("frame", [16, 32, 128])
def test_a_normalized_rotation_is_one_of_the_inputs_axis(frame):
    """1/√N, or 181/2^k for odd log2 N, behind the transform: neither side is scaled any more."""
    x = sample(frame)
    rotation = Fwht(frame=frame, input=INPUT)
    normal = Normalize(frame=frame, input=rotation.output)
    settings = {"code": "int8", "scale": {"kind": "static", "threshold": 4}}
    stage = Quantize(frame=frame, input=normal.output, **settings)
    spec = Open(name="p", stages=(rotation, normal, stage))
    _, _, unit = unrotated.plain(spec.stages, x, np.ones((1, frame)))
    assert unit == 1
    values = INPUT.decode(x) @ hadamard(frame) / math.sqrt(frame)
    decoded = np.clip(np.rint(values * 127 / 4), -128, 127) * 4 / 127
    (shown,) = quantization.report(spec, x)
    assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(values, decoded), abs=0.02)
    assert shown["rotated"]["max_error"] == pytest.approx(np.abs(values - decoded).max(), rel=1e-3)


@pytest.mark.parametrize("number", ["1/3", "0.1", "123456789.123", "1e-9", "3/4", "16777215/16777213"])
def test_short_fractions(number):
    found = unrotated.short(Fraction(number))
    assert found == pytest.approx(Fraction(number), rel=2**-23)
    assert (found.numerator // (found.numerator & -found.numerator)).bit_length() <= 24


# Rotations of other stages


def turned(*stages, **settings):
    """A pipeline of stages, given as classes with their settings, before an INT4 quantizer."""
    format_, found = INPUT, []
    for cls, fields in stages:
        found.append(cls(frame=24, input=format_, **fields))
        format_ = found[-1].output
    return Open(name="p", stages=(*found, Quantize(frame=24, input=format_, **INT4, **settings)))


def numbers(count=200):
    return np.random.default_rng(4).integers(-(2**14), 2**14, (count, 24)) // 2 ** np.arange(24)[::-1].clip(
        0, 9
    )


def int4(values):
    step = np.abs(values).max(axis=1, keepdims=True) / 7
    return np.rint(values / step) * step


@pytest.mark.parametrize("transpose", [False, True])
def test_a_hadamard_matrix_is_a_rotation(transpose):
    spec = turned((Fwht, {"size": 2}), (Hadamard, {"order": 12, "transpose": transpose}))
    x = numbers()
    (shown,) = quantization.report(spec, x)
    h12 = spec.stages[1].signs.astype(float)
    assert np.array_equal(h12 @ h12.T, 12 * np.eye(12))
    values = INPUT.decode(x)
    rotated = values @ np.kron(h12, hadamard(2)).T
    assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(rotated, int4(rotated)), rel=1e-5)
    assert shown["unrotated"]["sqnr_db"] == pytest.approx(sqnr(values, int4(values)), rel=1e-5)
    error = np.abs(rotated - int4(rotated)).max() / math.sqrt(24)
    assert shown["rotated"]["max_error"] == pytest.approx(error, rel=1e-5)


def test_a_dense_rotation_is_one_and_another_matrix_is_not():
    rng = np.random.default_rng(6)
    orthogonal = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    x = numbers()
    values = INPUT.decode(x)
    for matrix, scale in ((orthogonal, 1.0), (1.75 * orthogonal, 1.75)):
        (shown,) = quantization.report(turned((Rotate, {"matrix": matrix.tolist()})), x)
        assert shown["unrotated"]["sqnr_db"] == pytest.approx(sqnr(values, int4(values)), rel=1e-5)
        rotated = values @ matrix.T
        assert shown["rotated"]["sqnr_db"] == pytest.approx(sqnr(rotated, int4(rotated)), rel=1e-2)
        error = np.abs(rotated - int4(rotated)).max() / scale
        assert shown["rotated"]["max_error"] == pytest.approx(error, rel=1e-2)
    (shown,) = quantization.report(turned((Rotate, {"matrix": rng.normal(size=(24, 24)).tolist()})), x)
    assert shown["unrotated"] is None


def test_a_matrix_that_is_none_stays_for_the_unrotated():
    """Only what rotates is taken out."""
    matrix = np.diag(np.linspace(0.5, 1.9, 24))
    spec = turned((Rotate, {"matrix": matrix.tolist()}), (Fwht, {"size": 8}))
    x = numbers()
    (shown,) = quantization.report(spec, x)
    values = INPUT.decode(x) @ matrix
    assert shown["unrotated"]["sqnr_db"] == pytest.approx(sqnr(values, int4(values)), rel=1e-3)
