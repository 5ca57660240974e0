"""The units of the scale "maximum", against the scale."""

import pytest
from hw.core.quantizer.units_bench import check, groups

from hadacast.core.quantizer.units import UNITS
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.rounding import MODES
from hadacast.spec.quantize import Quantize

E3M0 = {"exponent": 3, "mantissa": 0}

# Element, input width (unsigned: negative), whether frames carry exponents, overflow, fields of the scale.
CASES = [
    ("int4", 23, False, "saturate", {}),
    ("int2", 2, False, "saturate", {}),
    ("int8", 12, False, "wrap", {"divisor": "127.5"}),
    ("int8", 12, True, "saturate", {"divisor": "300", "store": "fp32"}),
    ("int3", 8, True, "saturate", {"divisor": "1/4", "store": "bf16"}),
    ("int4", 20, False, "saturate", {"clip": "77/100", "store": "fp16"}),
    ("int4", 18, False, "saturate", {"clip": "0.96", "clip_negative": "0.9", "store": "fp16"}),
    ("int4", 11, False, "saturate", {"clip": "1/3", "clip_negative": "1"}),
    ("int8", 12, True, "saturate", {"clip": "1", "clip_negative": "5/8", "store": "fp32"}),
    ("e2m1", 12, False, "saturate", {"clip": "3/4", "clip_negative": "0.9"}),
    ("uint4", -9, False, "saturate", {"floor": 0}),
    ("int4", -1, False, "saturate", {}),
    ("mxint8", 9, False, "saturate", {}),
    ("bfp4", 9, False, "saturate", {"clip": "1/3", "floor": 300}),
    ("e2m1", 12, False, "saturate", {}),
    ("e2m3", 12, False, "saturate", {"clip": "0.9"}),
    ("e3m2", 10, False, "saturate", {"floor": 0, "store": "bf16"}),
    ("e4m3", 16, False, "saturate", {}),
    ("e4m3", 16, False, "nan", {"clip": "0.5"}),
    ("e5m2", 14, True, "saturate", {"store": "fp32"}),
    ("e5m2", 14, False, "inf", {"divisor": "65536", "clip": "3/4"}),
    ("ue5m3", 13, False, "saturate", {}),
    ("e8m0", 13, False, "saturate", {}),
    ("bf16", 12, False, "saturate", {}),
    (E3M0, 10, False, "saturate", {}),
]


def spec(code, width, floating, overflow, fields, rounding, narrow=False) -> Quantize:
    fixed = Format(width=abs(width), fraction=4, signed=width > 0)
    return Quantize(
        frame=4,
        lanes=4,
        input=exponents(fixed, 4) if floating else fixed,
        code=code,
        scale={"kind": "maximum", **fields},
        rounding=rounding,
        overflow=overflow,
        narrow=narrow,
    )


@pytest.mark.parametrize(
    ("case", "rounding"),
    # Each in every mode at length.
    [(case, rounding) for i, case in enumerate(CASES) for j, rounding in enumerate(MODES) if (i + j) % 2],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}-{value[1]}".replace(" ", ""),
)
def test_units(case, rounding):
    stage = spec(*case, rounding)
    check(stage, UNITS["maximum"], groups(stage, 4, seed=1))


@pytest.mark.long
@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}".replace(" ", ""))
def test_units_at_length(case, rounding):
    stage = spec(*case, rounding)
    check(stage, UNITS["maximum"], groups(stage, 300, seed=2))


@pytest.mark.parametrize("rounding", MODES)
def test_narrow(rounding):
    stage = spec("int4", 10, False, "saturate", {"clip": "4/5"}, rounding, narrow=True)
    check(stage, UNITS["maximum"], groups(stage, 20, seed=3))


@pytest.mark.parametrize(
    "fields", [{}, {"clip": "4/5"}, {"divisor": "15/2"}, {"divisor": "1/4", "clip": "3/4"}]
)
@pytest.mark.parametrize("code", ["int4", "uint3", "bfp5"])
def test_epsilon(code, fields):
    stage = spec(code, 10, False, "saturate", {"epsilon": 1e-5, **fields}, "away")
    check(stage, UNITS["maximum"], groups(stage, 40, seed=4))
    small = Quantize(
        frame=2,
        lanes=2,
        input=Format(width=5),
        code=code,
        scale={"kind": "maximum", "epsilon": 1e-5, **fields},
    )
    check(small, UNITS["maximum"], [[a, b] for a in range(-16, 16) for b in range(-16, 16)])


@pytest.mark.parametrize("code", ["int4", "e2m1"])
def test_all_pairs(code):
    """All elements of all groups of two 5-bit numbers."""
    stage = Quantize(frame=2, lanes=2, input=Format(width=5), code=code, scale="maximum")
    check(stage, UNITS["maximum"], [[a, b] for a in range(-16, 16) for b in range(-16, 16)])
