"""Alignment against fractions: every pattern of bf16 and fp16, its bounds, and what it is exact for."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import BF16, E2M1, E4M3, E5M2, E8M0, FP16, FP32, UE5M3, Minifloat
from hadacast.spec.align import Align
from hadacast.spec.fwht import Fwht

NARROW = Minifloat(exponent=3, mantissa=2, top="ieee", subnormal=False, bias=5)


def number(pattern: int, format_: Minifloat) -> Fraction | str:
    """The value of a bit pattern, from the definition of the format, or "nan", "inf" or "-inf"."""
    text = f"{pattern:0{format_.width}b}"
    sign, field, mantissa = text[0], text[1 : 1 + format_.exponent], text[1 + format_.exponent :]
    e, m = int(field, 2), int(mantissa or "0", 2)
    if format_.top == "ieee" and "0" not in field:
        return "nan" if m or not mantissa else "-inf" if sign == "1" else "inf"
    if format_.top == "nan" and "0" not in field + mantissa:
        return "nan"
    fraction = Fraction(m, 1 << len(mantissa))
    if e == 0 and format_.subnormal:
        value = fraction * Fraction(2) ** (1 - format_.bias)
    else:
        value = (1 + fraction) * Fraction(2) ** (e - format_.bias)
    return -value if sign == "1" else value


def floor_log2(value: Fraction) -> int:
    power = value.numerator.bit_length() - value.denominator.bit_length()
    return power if Fraction(2) ** power <= value else power - 1


def aligned(values: list[Fraction | str], spec: Align) -> tuple[list[int], int]:
    """The definition, one frame: codes and the scale."""
    format_ = spec.element
    assert isinstance(format_, Minifloat)
    largest = Fraction(format_.multiple(format_.max_code)) * Fraction(2) ** format_.unit
    least = (1 if format_.subnormal else 0) - format_.bias  # exponent of the smallest normal
    found = []
    for value in values:
        if (value == "nan" and spec.nan == "poison") or (value in ("inf", "-inf") and spec.inf == "poison"):
            return [0] * len(values), 255
        found.append({"nan": Fraction(0), "inf": largest, "-inf": -largest}.get(value, value))
    top = max(max(floor_log2(abs(v)), least) if v else least for v in found)
    steps = [v / Fraction(2) ** (top - format_.mantissa - spec.guard) for v in found]
    rounded = [round(s) if spec.rounding == "even" else int(s) for s in steps]  # round() is ties to even
    return rounded, top + 127


def check(spec: Align, x: np.ndarray) -> None:
    values = {int(p): number(int(p), spec.element) for p in np.unique(x)}
    out = spec.compute(x)
    assert isinstance(out, Frames)
    want = [aligned([values[int(p)] for p in row], spec) for row in x]
    np.testing.assert_array_equal(out.codes, np.array([codes for codes, _ in want]))
    np.testing.assert_array_equal(out.scale, np.array([[scale] for _, scale in want]))
    spec.output.check(out)


def test_the_oracle_reads_patterns_as_numpy_does():
    patterns = np.arange(1 << 16, dtype=np.uint16)
    halves = patterns.view(np.float16).astype(np.float64)
    with np.errstate(invalid="ignore"):  # signalling NaN
        brains = (patterns.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    for format_, floats in ((FP16, halves), (BF16, brains)):
        for pattern in range(0, 1 << 16, 7):
            value = number(pattern, format_)
            assert float(value) == floats[pattern] or (value == "nan" and np.isnan(floats[pattern]))


@pytest.mark.parametrize(
    "settings_",
    [
        {"guard": 8},
        {"guard": 0, "rounding": "zero", "nan": "zero", "inf": "saturate"},
    ],
    ids=str,
)
@pytest.mark.parametrize("format_", [BF16, FP16], ids=str)
def test_every_pattern(format_, settings_):
    """Each of the 65,536 beside one whose exponent is up to a shift's length larger or smaller."""
    spec = Align(frame=2, input=format_, **settings_)
    rng = np.random.default_rng(65536)
    patterns = np.arange(1 << 16)
    field = patterns >> format_.mantissa & ((1 << format_.exponent) - 1)
    reach = format_.mantissa + spec.guard + 3
    other = np.clip(field + rng.integers(-2, reach + 1, field.shape), 0, (1 << format_.exponent) - 2)
    low = rng.integers(0, 1 << format_.mantissa, field.shape)
    companion = (rng.integers(0, 2, field.shape) << format_.exponent | other) << format_.mantissa | low
    check(spec, np.stack([patterns, companion], axis=-1))


@pytest.mark.parametrize("nan", ["poison", "zero"])
@pytest.mark.parametrize("inf", ["poison", "saturate"])
@pytest.mark.parametrize("rounding", ["even", "zero"])
@pytest.mark.parametrize("format_", [E4M3, E5M2, E2M1, NARROW, Minifloat(exponent=1, mantissa=5)], ids=str)
def test_every_pair_of_small_formats(format_, rounding, nan, inf):
    patterns = np.arange(1 << format_.width)
    pairs = np.stack(np.meshgrid(patterns, patterns[::3]), axis=-1).reshape(-1, 2)
    check(Align(frame=2, input=format_, guard=2, rounding=rounding, nan=nan, inf=inf), pairs)


@pytest.mark.parametrize("rounding", ["even", "zero"])
@pytest.mark.parametrize("format_", [BF16, FP16], ids=str)
def test_frames_of_random_patterns(format_, rounding):
    rng = np.random.default_rng(11)
    x = rng.integers(0, 1 << 16, (60, 64))
    x[::3] &= 0x8FFF  # some without huge numbers, NaN and infinities
    x[5], x[6], x[7] = 0, 0x8000, rng.integers(0, 1 << format_.mantissa, 64)  # zeros, and subnormals
    check(Align(frame=64, input=format_, guard=12, rounding=rounding), x)


def reals(out: Frames, spec: Align) -> list[list[Fraction]]:
    step = [Fraction(2) ** (int(s) - 127 - spec.output.element.fraction) for s in out.scale[:, 0]]
    return [[int(c) * s for c in row] for row, s in zip(out.codes, step, strict=True)]


@given(
    patterns=st.lists(st.integers(0, 0x7BFF) | st.integers(0x8000, 0xFBFF), min_size=8, max_size=8),
    guard=st.integers(0, 29),
)
@settings(max_examples=200, deadline=None)
def test_guard_bits_of_the_spread_of_exponents_are_exact(patterns, guard):
    """And with fewer, or rounding toward zero, what is lost stays below what the docs say."""
    values = [number(p, FP16) for p in patterns]
    exponent = [max(floor_log2(abs(v)), -14) if v else -14 for v in values]
    spread = max(exponent) - min(e for e, v in zip(exponent, values, strict=True) if v) if any(values) else 0
    for rounding, bound in (("even", Fraction(1, 2)), ("zero", Fraction(1))):
        spec = Align(frame=8, input=FP16, guard=guard, rounding=rounding)
        found = reals(spec.compute([patterns]), spec)[0]
        step = Fraction(2) ** (max(exponent) - 10 - guard)
        errors = [abs(f - v) for f, v in zip(found, values, strict=True)]
        assert max(errors) <= bound * step
        if rounding == "zero":
            assert max(errors) < step
            assert all(abs(f) <= abs(v) for f, v in zip(found, values, strict=True))
        if guard >= spread:
            assert max(errors) == 0


def test_the_bounds_are_reached():
    """One guard bit less than the spread loses half a step of an odd significand, and that is the bound."""
    one, odd = 0x3C00, 0x3001  # 1, and (1 + 2^-10)·2^-3
    for guard, error in ((3, Fraction(0)), (2, Fraction(1, 2)), (1, Fraction(1, 4))):
        spec = Align(frame=2, input=FP16, guard=guard)
        found = reals(spec.compute([[one, odd]]), spec)[0][1]
        assert abs(found - (1 + Fraction(1, 1024)) / 8) == error * Fraction(2) ** (-10 - guard)


def test_all_of_fp16_fits():
    """29 guard bits hold every finite number of fp16 exactly, whatever is in the frame."""
    patterns = np.arange(1 << 16)
    finite = patterns[(patterns & 0x7C00) != 0x7C00]
    x = np.stack([finite, np.full_like(finite, 0x7BFF)], axis=-1)
    spec = Align(frame=2, input=FP16, guard=29)
    out = spec.compute(x)
    values = out.codes.astype(np.float64) * np.ldexp(
        1.0, out.scale - 127 - 39
    )  # 41 bits are exact in float64
    np.testing.assert_array_equal(values, x.astype(np.uint16).view(np.float16).astype(np.float64))


def test_align_then_transform_is_exact_rational_arithmetic():
    """H x in fractions, when no bit is lost before it: fp16 of any spread, and bf16 of 20 exponents."""
    rng = np.random.default_rng(39)
    hadamard = [[(-1) ** (i & j).bit_count() for j in range(16)] for i in range(16)]
    fp16 = rng.integers(0, 0x7C00, (30, 16)) | rng.integers(0, 2, (30, 16)) << 15
    bf16 = rng.integers(120 << 7, 140 << 7, (30, 16)) | rng.integers(0, 2, (30, 16)) << 15
    for format_, guard, x in ((FP16, 29, fp16), (BF16, 19, bf16)):
        align = Align(frame=16, input=format_, guard=guard)
        fwht = Fwht(frame=16, input=align.output)
        out = fwht.compute(align.compute(x))
        for row, codes, scale in zip(x, out.codes, out.scale, strict=True):
            values = [number(int(p), format_) for p in row]
            step = Fraction(2) ** (int(scale[0]) - 127 - fwht.result.fraction)
            want = [sum(h * v for h, v in zip(signs, values, strict=True)) for signs in hadamard]
            assert [int(c) * step for c in codes] == want


@pytest.mark.parametrize(
    "element", [Format(width=4, fraction=1), Format(width=8, fraction=6, signed=False)], ids=str
)
@pytest.mark.parametrize("nan", ["poison", "zero"])
@pytest.mark.parametrize("rounding", ["even", "zero"])
def test_groups_under_scales(element, nan, rounding):
    """Fixed point under E8M0 scales: each element times 2^(its group's exponent - the largest)."""
    rng = np.random.default_rng(8)
    block = Block(element=element, group=4, scale=E8M0)
    codes = rng.integers(element.min, element.max + 1, (300, 16))
    scale = rng.integers(120, 135, (300, 4))
    scale[::5, 1], scale[1::5, 2], scale[2::5] = 255, 0, 255
    spec = Align(frame=16, input=block, guard=5, nan=nan, rounding=rounding)
    out = spec.compute(Frames(codes=codes, scale=scale))
    spec.output.check(out)
    for row, exponent, found, top in zip(codes, scale, out.codes, out.scale[:, 0], strict=True):
        if nan == "poison" and 255 in exponent:
            assert top == 255
            assert not found.any()
            continue
        exponent = [0 if e == 255 else int(e) for e in exponent]
        row = [0 if scale_ == 255 else int(c) for c, scale_ in zip(row, np.repeat(exponent, 4), strict=True)]
        nans = np.repeat(np.array(exponent) == 0, 4)
        assert top == max(exponent)
        steps = [
            Fraction(0) if dead and top == 0 else Fraction(c) * Fraction(2) ** (int(e) - int(top) + 5)
            for c, e, dead in zip(row, np.repeat(exponent, 4), nans, strict=True)
        ]
        if top == 0:
            assert not found.any()  # every scale was NaN
            continue
        assert list(found) == [round(s) if rounding == "even" else int(s) for s in steps]


def test_zeros_have_the_exponent_of_the_smallest_normal():
    for format_, code in ((BF16, 1), (FP16, 113), (E4M3, 121)):
        out = Align(frame=4, input=format_).compute([[0, 0, 1 << (format_.width - 1), 0]])
        assert (out.scale.tolist(), out.codes.tolist()) == ([[code]], [[0, 0, 0, 0]])


def test_output():
    spec = Align(frame=32, input=BF16, guard=8)
    assert spec.output == exponents(Format(width=17, fraction=15), 32)
    assert Align(frame=32, input=FP16, guard=0).output.element == Format(width=12, fraction=10)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"input": FP32}, "input is fp32: it has 32 bits, an align stage takes up to 16"),
        (
            {"input": UE5M3},
            "input is ue5m3: an align stage takes floating point with a sign, such as bf16 or fp16",
        ),
        ({"input": Format(width=8)}, "an align stage takes floating point with a sign"),
        (
            {"input": Minifloat(exponent=8, mantissa=7)},
            "its exponents go from -126 to 128, an E8M0 code holds",
        ),
        ({"input": Minifloat(exponent=5, mantissa=2, bias=-120)}, "its exponents go from 121 to 151"),
        ({"input": Block(element=E2M1, group=4, scale=E8M0)}, "fixed point under E8M0 scales alone"),
        (
            {"input": Block(element=Format(width=4), group=4, scale=E4M3)},
            "fixed point under E8M0 scales alone",
        ),
        (
            {"input": Block(element=Format(width=4), group=64, scale=E8M0)},
            "group is 64: it must divide the frame",
        ),
        ({"input": exponents(Format(width=49), 32)}, "width is 49: an align stage takes up to 48 bits"),
        ({"guard": -1}, "guard is -1: it must be an integer from 0 to 39 (results of 48 bits)"),
        ({"guard": 40}, "guard is 40: it must be an integer from 0 to 39 (results of 48 bits)"),
        (
            {"input": FP16, "guard": 37},
            "guard is 37: it must be an integer from 0 to 36 (results of 48 bits)",
        ),
        ({"rounding": "up"}, "rounding is 'up': it must be one of even, zero"),
        ({"nan": "inf"}, "nan is 'inf': it must be one of poison, zero"),
        ({"inf": "zero"}, "inf is 'zero': it must be one of poison, saturate"),
    ],
    ids=str,
)
def test_what_is_refused(settings_, message):
    with pytest.raises(HadacastError, match=re.escape(message)) as caught:
        Align(**{"frame": 32, "input": BF16, **settings_})
    assert "\n" not in str(caught.value)
