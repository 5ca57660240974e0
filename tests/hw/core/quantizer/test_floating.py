"""The units of the scale "floating", against the scale."""

import numpy as np
import pytest
from hw.core.pipe_bench import run
from hw.core.quantizer.units_bench import check, groups

from hadacast.core.quantizer.search import Search
from hadacast.core.quantizer.units import UNITS
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.rounding import MODES
from hadacast.scale.fp32 import LIBRARIES
from hadacast.scale.thresholds import scale_thresholds
from hadacast.spec.quantize import Quantize

E3M0 = {"exponent": 3, "mantissa": 0}
E3M4 = {"exponent": 3, "mantissa": 4}
IEEE = {"exponent": 2, "mantissa": 1, "top": "ieee"}
UNSIGNED = {"exponent": 2, "mantissa": 1, "top": "nan", "sign": False}

# Element, input width (unsigned: negative) and fraction, whether frames carry exponents, overflow, fields of
# the scale.
CASES = [
    ("e2m1", 20, 4, False, "saturate", {}),
    ("e2m1", 12, 4, True, "saturate", {"tensor_amax": "3.7"}),
    ("e2m1", -9, 6, False, "saturate", {"minimum": "0.5"}),
    ("e2m1", 12, 4, False, "saturate", {"format": "ue5m3", "tensor_amax": 200}),
    (IEEE, 10, 4, False, "inf", {}),
    (UNSIGNED, 10, 4, False, "nan", {"minimum": "1/64"}),
    (E3M0, 10, 4, False, "saturate", {"format": E3M4}),
    ("e4m3", 12, 4, True, "saturate", {"tensor_amax": 13}),
    ("e2m3", 14, 0, False, "saturate", {"tensor_amax": 900}),
    ("e5m2", 10, 4, False, "inf", {"format": "e3m2"}),
    ("e2m1", 14, 4, False, "saturate", {"tensor_amax": 26}),
    ("e2m1", -13, 4, False, "saturate", {"tensor_amax": 26}),
]

# Library, input width and fraction, whether frames carry exponents, tensor_amax.
FLOAT32 = [
    ("torchao", 20, 4, False, 9000),
    ("torchao", 20, 4, False, None),
    ("torchao", 25, 10, False, "12345.678"),
    ("torchao", 16, 3, True, "77.7"),
    ("transformer_engine", 20, 12, False, "77.7"),
    ("transformer_engine", 16, 12, True, "77.7"),
]


def spec(code, width, fraction, floating, overflow, fields, rounding) -> Quantize:
    fixed = Format(width=abs(width), fraction=fraction, signed=width > 0)
    return Quantize(
        frame=4,
        lanes=4,
        input=exponents(fixed, 4) if floating else fixed,
        code=code,
        scale={"kind": "floating", **fields},
        rounding=rounding,
        overflow=overflow,
    )


def library(name, width, fraction, floating, amax) -> Quantize:
    fields = {"arithmetic": name} | ({} if amax is None else {"tensor_amax": amax})
    return spec("e2m1", width, fraction, floating, "saturate", fields, "even")


@pytest.mark.parametrize("rounding", ["even", "up", "zero"])
@pytest.mark.parametrize("case", CASES[-2:], ids=["signed", "unsigned"])
def test_held_magnitudes_are_alike(case, rounding):
    """All from where they are held: as few bits as that takes."""
    stage = spec(*case, rounding)
    found, scale = stage.magnitudes, stage.scale
    assert 0 < found.ones <= 3
    assert found.bits < stage.element.width - 2
    least = (1 << found.bits) - (1 << (found.bits - found.ones))
    power = np.int64(-stage.element.fraction)
    x = np.arange(least, 1 << (stage.element.width - stage.element.signed))
    codes = scale.scale_codes(x, power, stage.code)
    assert (codes == codes[0]).all()
    every = np.unique(scale.scale_codes(np.arange(1, least + 1), power, stage.code))
    args = (stage.code, rounding, stage.overflow, 0)
    steps = scale.element_codes(x, power, every[:, None], *args)
    assert (steps == steps[:, :1]).all()


@pytest.mark.parametrize(
    ("case", "rounding"),
    # Each in every mode at length.
    [(case, rounding) for i, case in enumerate(CASES) for j, rounding in enumerate(MODES) if (i + j) % 2],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}-{value[1]}".replace(" ", ""),
)
def test_units(case, rounding):
    stage = spec(*case, rounding)
    check(stage, UNITS["floating"], groups(stage, 4, seed=1))


@pytest.mark.parametrize("case", FLOAT32, ids=lambda case: f"{case[0]}-{case[1]}-{case[4]}")
def test_float32(case):
    stage = library(*case)
    check(stage, UNITS["floating"], groups(stage, 8, seed=1))


@pytest.mark.long
@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}".replace(" ", ""))
def test_units_at_length(case, rounding):
    stage = spec(*case, rounding)
    check(stage, UNITS["floating"], groups(stage, 300, seed=2))


def corners(stage: Quantize, count: int) -> np.ndarray:
    """Frames around where a scale code changes, with elements around where their codes change."""
    rng = np.random.default_rng(4)
    scale, top = stage.scale, 1 << (stage.element.width - 1)
    found = []
    for least in rng.permutation(scale_thresholds(scale, stage.code, scale.keys(stage)))[:count]:
        for amax in (least - 1, least):
            if not 0 < amax < top:
                continue
            power = np.int64(-stage.element.fraction)
            code = scale.scale_codes(np.array(amax), power, stage.code)
            x = np.arange(1, amax + 1)
            codes = scale.element_codes(x, power, code, stage.code, stage.rounding, stage.overflow, 0)
            steps = x[1:][np.diff(codes) != 0]
            near = np.concatenate([steps - 1, steps, -steps, 1 - steps])
            near = np.resize(near, -(-len(near) // 3) * 3).reshape(-1, 3)
            found.append(np.concatenate([near, np.full((len(near), 1), amax)], axis=1))
    return np.concatenate(found)


@pytest.mark.parametrize("rounding", ["even", "up"])
@pytest.mark.parametrize("case", [CASES[0], CASES[3], CASES[5]], ids=lambda case: str(case[0]))
def test_steps(case, rounding):
    stage = spec(case[0], 14, *case[2:], rounding)
    check(stage, UNITS["floating"], corners(stage, 12))


@pytest.mark.parametrize("name", LIBRARIES)
def test_float32_steps(name):
    stage = library(name, 16, 6, False, "300.3")
    check(stage, UNITS["floating"], corners(stage, 12))


@pytest.mark.parametrize("thresholds", [[1], [3, 3, 9], [1, 2, 4, 8, 16, 31, 32], [5, 40]])
def test_search(thresholds):
    """Of 5-bit keys; 32 and beyond are never reached."""
    words = [{"key": key} for key in range(32)]
    found = [o for (o,) in run(Search(5, thresholds), words, ["o"])]
    assert found == [sum(key >= t for t in thresholds) for key in range(32)]
