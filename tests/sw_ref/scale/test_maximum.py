"""Scales from the largest magnitude."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import BF16, E4M3, FP16, FP32
from hadacast.scale.maximum import Maximum
from hadacast.scale.scale import Groups
from hadacast.spec.quantize import Quantize

INT4, INT8 = named("code", "int4"), named("code", "int8")


def quantized(scale: Maximum, row: list[int], element=INT4, mode: str = "even") -> tuple[list[int], int]:
    codes, sides = scale.quantize(Groups(x=np.array([[row]]), fraction=0), element, mode, "saturate")
    return codes[0, 0].tolist(), int(sides["scale"][0, 0])


def test_int4():
    """s = 14/7 = 2: ties to even."""
    assert quantized(Maximum(), [14, 1, 3, 5, -5, -14]) == ([7, 0, 2, 2, -2, -7], 14)


def test_clip_saturates_both_ways():
    assert quantized(Maximum(clip="1/2"), [14, -14, 7, -7]) == ([7, -8, 7, -7], 14)


def test_epsilon_takes_ties_toward_zero():
    """s = 14/7 + 1e-3: 1/s and 3/s are just below one half and three halves."""
    for mode in ("even", "away"):
        assert quantized(Maximum(epsilon=0.001), [14, 1, 3, 5, -5, -14], mode=mode) == (
            [7, 0, 1, 2, -2, -7],
            14,
        )
    assert quantized(Maximum(epsilon=0.001, floor=0), [0, 0]) == ([0, 0], 0)


@pytest.mark.parametrize(
    "settings", [{}, {"clip": "4/5"}, {"divisor": "15/2"}, {"divisor": "1/4", "clip": "3/4"}]
)
@pytest.mark.parametrize("code", ["int4", "uint3", "bfp5"])
def test_epsilon_is_that_of_the_definition(code, settings):
    element, scale = named("code", code), Maximum(epsilon="1e-5", **settings)
    spec = Quantize(frame=2, code=element, scale=scale, rounding="away", input=Format(width=7, fraction=2))
    pairs = [[a, b] for a in range(-64, 64, 3) for b in range(-64, 64)]
    found = spec.compute(np.array(pairs))
    for (a, b), got in zip(pairs, found.codes.tolist(), strict=True):
        s = (
            max(abs(a), abs(b), 1)
            * scale.clip
            / (scale.divisor or Fraction(element.max) / 2**element.fraction)
        )
        s = s / 4 + Fraction("1e-5")
        for x, code_ in zip((a, b), got, strict=True):
            whole = int(abs(x) / 4 / s * 2**element.fraction + Fraction(1, 2)) * (1 if x > 0 else -1)
            assert code_ == min(max(whole, element.min), element.max)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"code": "int4", "scale": Maximum(epsilon=0.1)},
            "epsilon is 0.1: for signed 4-bit, 0 fraction bits codes",
        ),
        ({"code": "e2m1", "scale": Maximum(epsilon=1e-7)}, "epsilon is 1e-07: it is for integer codes"),
        (
            {"code": "int4", "scale": Maximum(epsilon=1e-7, store="fp32")},
            "epsilon is 1e-07: it is for integer",
        ),
        (
            {"code": "int4", "scale": Maximum(epsilon=1e-7), "rounding": "zero"},
            "rounding is 'zero': with an eps",
        ),
        ({"code": "int4", "scale": {"kind": "maximum", "epsilon": 2}}, "epsilon is 2"),
    ],
)
def test_an_epsilon_that_could_matter_is_refused(settings, says):
    with pytest.raises(HadacastError, match=re.escape(says)):
        Quantize(**{"frame": 8, **settings})


def test_each_end_has_its_clip():
    """The larger of 14/2 and 8 is what 7 stands for, in halves as the scale leaves; -14 saturates."""
    scale = Maximum(clip="1", clip_negative="1/2")
    assert quantized(scale, [8, -14, 4, -4]) == ([7, -8, 4, -4], 16)
    assert quantized(scale, [2, -14, 7, -7]) == ([2, -8, 7, -7], 14)
    assert quantized(scale, [-3, -14]) == ([-3, -8], 14)
    assert quantized(scale, [0, 0]) == ([0, 0], 1)


@pytest.mark.parametrize("store", ["exact", "fp32"])
def test_each_end_against_fractions(store):
    """s = max(clip · max, clip_negative · |min|)/7, by the definition."""
    scale = Maximum(clip="0.96", clip_negative="0.85", store=store)
    x = np.random.default_rng(1).integers(-3000, 3000, (200, 9)) // np.arange(1, 201)[:, None]
    codes, sides = scale.quantize(Groups(x=x[:, None], fraction=3), INT4, "even", "saturate")
    block = scale.block(INT4, Format(width=16, fraction=3), False)
    for row, got, side in zip(x.tolist(), codes[:, 0].tolist(), sides["scale"][:, 0].tolist(), strict=True):
        top = max(Fraction("0.96") * max(*row, 0), Fraction("0.85") * max(-min(row), 0))
        s = top / 7 if top else Fraction(1)
        if top or store == "fp32":
            stored = float(block.scale.decode(side)) * float(block.gain[0])
            assert stored == pytest.approx(float(s / 8) if top else 1.0, rel=1e-7)
        assert got == [min(max(round(v / s), -8), 7) for v in row]


def test_divisor():
    """torchao's 127.5: the largest is a tie that goes to 128, and saturates; the most negative stays."""
    assert quantized(Maximum(divisor="127.5"), [255, -255, 2], INT8) == ([127, -128, 1], 255)


def test_floor_of_a_group_of_zeros():
    assert quantized(Maximum(), [0, 0]) == ([0, 0], 1)
    assert quantized(Maximum(floor=70), [1, 10]) == ([0, 1], 70)
    assert quantized(Maximum(floor=0), [0, 0]) == ([0, 0], 0)


@pytest.mark.parametrize(("store", "format_"), [("fp32", FP32), ("bf16", BF16), ("fp16", FP16)])
def test_stored_scales(store, format_):
    found = quantized(Maximum(store=store), [10, -3])
    assert found[0] == [7, -2]
    assert found[1] == format_.encode(10 / 7)
    assert quantized(Maximum(store=store), [0, 0])[1] == format_.encode(1.0)


@pytest.mark.parametrize("store", ["fp32", "bf16", "fp16"])
def test_codes_follow_the_exact_scale_whatever_is_stored(store):
    """With the scale that bf16 or fp16 stores, codes near ties would be others."""
    for row in np.random.default_rng(1).integers(-(2**15), 2**15, (200, 64)).tolist():
        assert quantized(Maximum(store=store), row, INT8)[0] == quantized(Maximum(), row, INT8)[0]


def test_stored_scales_follow_exponents():
    groups = Groups(
        x=np.array([[[7]], [[7]], [[7]]]),
        fraction=2,
        exponent=np.array([[0], [200], [5]]),
        invalid=np.array([[False], [False], [True]]),
    )
    _, sides = Maximum(store="fp16").quantize(groups, INT4, "even", "saturate")
    assert sides["scale"][:, 0].tolist() == [FP16.encode(0.25), FP16.inf_code, FP16.nan_code]


def test_what_codes_stand_for():
    """decode(code · amax · clip/divisor) is within half a step, for what isn't clipped."""
    spec = Quantize(
        frame=64, code="int8", group=16, scale=Maximum(divisor=127), input=Format(width=16, fraction=5)
    )
    x = np.random.default_rng(3).integers(-(1 << 15), 1 << 15, (50, 64))
    found = spec.compute(x)
    step = np.repeat(found.scale / 32 / 127, 16, axis=-1)
    assert (np.abs(spec.output.decode(found) - x / 32) <= step / 2 * (1 + 1e-12)).all()


def test_a_floor_wider_than_the_input():
    spec = Quantize(frame=4, code="int4", scale=Maximum(floor=65535), input=Format(width=4))
    found = spec.compute(np.array([7, -8, 0, 1]))
    assert found.scale.tolist() == [65535]
    assert spec.output.check(found).codes.tolist() == [0, 0, 0, 0]


def test_fp8_per_token():
    found = quantized(Maximum(), [896, 1, -448], E4M3)
    assert E4M3.decode(np.array(found[0])).tolist() == [448, 0.5, -224]


REFUSED = [
    ({"clip": 0}, "clip is 0: it must be a number from 1/256 to 1"),
    ({"clip": 1.5}, "clip is 1.5: "),
    ({"clip_negative": 0}, "clip_negative is 0: it must be a number from 1/256 to 1"),
    ({"clip_negative": 1, "floor": 2}, "floor is 2: with a clip_negative it must be 1"),
    (
        {"clip": "200/257", "clip_negative": "400/509"},
        "clip is 200/257, clip_negative 400/509: their common denominator, 130,813, must be up to 65,536",
    ),
    ({"divisor": "0"}, "divisor is '0': "),
    ({"divisor": "1/3"}, None),
    ({"floor": -1}, "floor is -1: it must be an integer from 0 to 65,535"),
    ({"store": "fp8"}, "store is 'fp8': it must be one of exact, fp32, bf16, fp16"),
]


@pytest.mark.parametrize(("settings", "text"), REFUSED)
def test_refused(settings, text):
    if text is None:
        assert Maximum(**settings).ratio(INT4) == Fraction(1, 3)
        return
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(frame=16, code="int4", scale=Maximum(**settings))


def test_what_an_int64_has_no_room_for():
    scale = Maximum(clip=Fraction(65521, 65536), divisor=Fraction(131071, 3))
    with pytest.raises(HadacastError, match=r"with an input of 48 bits it may have 14 bits above$"):
        Quantize(frame=16, code="int8", scale=scale, input=Format(width=48))
    Quantize(frame=16, code="int8", scale=scale, input=Format(width=40))


def test_after_an_align_stage_the_integer_is_no_scale():
    with pytest.raises(HadacastError, match="after an align stage exponents vary"):
        Quantize(frame=16, code="int8", scale=Maximum(), input=exponents(Format(width=16), 16))
    Quantize(frame=16, code="int8", scale=Maximum(store="fp32"), input=exponents(Format(width=16), 16))
