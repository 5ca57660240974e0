"""Elements under static scales in hardware."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hw.core import pipe_bench

from hadacast.core.quantizer.static import StaticElement
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.rounding import MODES
from hadacast.scale.static import Static
from hadacast.scale.static_plan import plan
from hadacast.spec.quantize import Quantize

F = Fraction
X12 = Format(width=12, fraction=4)


def spec(code, scale, input_=X12, frame=8, lanes=2, **settings):
    return Quantize(frame=frame, lanes=lanes, input=input_, code=code, scale=scale, **settings)


SPECS = [
    spec("int4", Static(step=F(1, 2))),
    spec("int4", Static(step=F("0.0123")), rounding="away"),
    spec("int8", Static(threshold=F(7)), narrow=True),
    spec("int8", Static(threshold=F(100)), overflow="wrap", input_=Format(width=20)),
    spec("uint8", Static(step=F(1, 3), zero=128), input_=Format(width=12, signed=False)),
    spec("uint4", Static(step=F("0.07"), zero=(0, 1, 2, 3, 15, 8, 7, 200))),
    spec("int8", Static(step=tuple(F(n, 7) for n in range(1, 9))), rounding="up"),
    spec("int8", Static(step=tuple(F(n, 64) for n in range(1, 9)), zero=tuple(range(8))), overflow="wrap"),
    spec("int8", Static(step=tuple(F(n, 9) for n in range(1, 9))), lanes=8),
    spec("e4m3", Static(threshold=F(448))),
    spec("e4m3", Static(step=F(1, 1000)), overflow="nan"),
    spec("e5m2", Static(step=F("1.7")), overflow="inf", rounding="zero"),
    spec("e2m1", Static(step=tuple(F(n, 3) for n in range(1, 9)))),
    spec("bf16", Static(step=F(1, 3))),
    spec("ue5m3", Static(step=F(5, 3))),
    spec("mxint8", Static(step=F(3))),
    spec("int16", Static(step=F(1, 1 << 40)), overflow="wrap"),
    spec("int4", Static(step=F(1 << 50))),
    spec("int3", Static(step=tuple(F(n, 16) for n in range(1, 257))), frame=256, lanes=1),
]


def check(stage, x, scale=None):
    """All elements of x (frames, N) through each lane's unit, frame after frame."""
    rng = np.random.default_rng(1)
    random = rng.integers(0, 256, x.shape)
    frames = Frames(codes=x, scale=scale)
    want = stage.quantize(frames, random.reshape(-1, stage.lanes) if stage.sequential else np.int64(0)).codes
    for lane in range(min(stage.lanes, 4)):
        words, expected = [], []
        for frame in range(len(x)):
            for place in range(stage.beats):
                at = frame, place * stage.lanes + lane
                word = {"x": int(x[at]), "place": place}
                if stage.sequential:
                    word["random"] = int(random[at])
                if stage.floating:
                    word["exponent"] = int(scale[frame, 0])
                words.append(word)
                expected.append((int(want[at]),))
        unit = StaticElement(stage, lane)
        assert unit.latency == stage.scale.element_latency(stage)
        assert pipe_bench.run(unit, words, ("code",)) == expected


def inputs(stage, count):
    """Random elements, the extremes, and those next to the ties of the first channel."""
    rng = np.random.default_rng(2)
    element = stage.element
    bits = rng.integers(0, element.width + 1, count * stage.frame)
    x = rng.integers(element.min, element.max + 1, count * stage.frame) >> bits
    step = stage.scale.steps(stage.code)[0] * 2**element.fraction
    near = np.array([round((k + F(1, 2)) * step) + d for k in range(-9, 9) for d in (-1, 0, 1)])
    x[-len(near) :] = near[: len(x)]
    x[:3] = element.min, element.max, 0
    return np.clip(x, element.min, element.max).reshape(count, stage.frame)


@pytest.mark.parametrize(
    "stage", SPECS, ids=lambda s: f"{s.code}-{s.rounding}-{s.overflow}-{s.scale.channels}"
)
def test_equals_the_definition(stage):
    check(stage, inputs(stage, max(160 // stage.frame, 1)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("code", ["int4", "e4m3"])
def test_every_rounding(mode, code):
    for scale in (Static(step=F(1, 8)), Static(step=F(3, 5))):
        check(spec(code, scale, rounding=mode), inputs(spec(code, scale), 16))


@pytest.mark.parametrize(
    ("code", "scale", "settings"),
    [
        ("int8", Static(step=F(1, 4)), {}),
        ("int4", Static(step=F(5, 7), zero=3), {"rounding": "up"}),
        ("e4m3", Static(step=F(1, 100)), {}),
        ("e2m1", Static(step=tuple(F(n, 3) for n in range(1, 9))), {"rounding": "stochastic"}),
        ("int8", Static(step=F(1, 3)), {"overflow": "wrap"}),
        ("bf16", Static(step=F(1, 3)), {}),
    ],
)
def test_frames_with_exponents(code, scale, settings):
    """Every exponent that a frame may carry, 0 … 254, and 255 of a frame of NaN, whose elements are 0."""
    stage = spec(code, scale, input_=exponents(Format(width=9, fraction=3), 8), **settings)
    codes = np.concatenate([np.arange(256), np.arange(96, 160)])
    x = inputs(stage, len(codes))
    x[codes == 255] = 0
    check(replace(stage, lanes=8), x, codes[:, None])


def test_powers_of_two_take_no_multiplier():
    assert plan(spec("int8", Static(step=F(1, 4)))).ratio(0).plan == "wire"
    assert Static(step=F(1, 4)).element_latency(spec("int8", Static(step=F(1, 4)))) == 2
