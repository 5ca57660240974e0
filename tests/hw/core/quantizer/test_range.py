"""The units of the scale "range", against the scale."""

import numpy as np
import pytest
from hw.core.quantizer.units_bench import check, groups

from hadacast.core.quantizer.units import UNITS
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.rounding import MODES
from hadacast.scale.range import ZEROS
from hadacast.spec.quantize import Quantize

# Element, input width (unsigned: negative), whether frames carry exponents, overflow, fields of the scale.
CASES = [
    ("uint4", 23, False, "saturate", {}),
    ("uint2", 12, False, "saturate", {"clip": "4/5"}),
    ("uint2", 5, False, "saturate", {"include_zero": False}),
    ("uint4", 9, False, "saturate", {"include_zero": False, "clip": "0.9", "floor": 7}),
    ("uint8", -12, True, "saturate", {"store": "fp32"}),
    ("uint3", 8, False, "wrap", {}),
    ("uint3", 8, False, "wrap", {"include_zero": False, "clip": "1/3", "store": "bf16"}),
    ("uint4", -8, False, "saturate", {"include_zero": False, "store": "fp16"}),
    ("uint3", 6, False, "saturate", {"floor": 1000}),
]


def spec(code, width, floating, overflow, fields, rounding, zero) -> Quantize:
    fixed = Format(width=abs(width), fraction=4, signed=width > 0)
    if zero == "ends":
        fields = {**fields, "include_zero": True, "clip": {"1/3": "1/2"}.get(fields.get("clip"), "0.95")}
    return Quantize(
        frame=4,
        lanes=4,
        input=exponents(fixed, 4) if floating else fixed,
        code=code,
        scale={"kind": "range", "zero": zero, **fields},
        rounding=rounding,
        overflow=overflow,
    )


@pytest.mark.parametrize(
    ("case", "rounding", "zero"),
    # Each in every mode at length.
    [
        (case, rounding, zero)
        for i, case in enumerate(CASES)
        for j, rounding in enumerate(MODES)
        for k, zero in enumerate(ZEROS)
        if (i + j + k) % 3 == 0
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}-{value[1]}",
)
def test_units(case, rounding, zero):
    stage = spec(*case, rounding, zero)
    check(stage, UNITS["range"], groups(stage, 4, seed=1))


@pytest.mark.long
@pytest.mark.parametrize("zero", ZEROS)
@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_units_at_length(case, rounding, zero):
    stage = spec(*case, rounding, zero)
    check(stage, UNITS["range"], groups(stage, 300, seed=2))


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("clip", ["1/2", "0.8", "0.95", "1"])
def test_all_groups_with_both_ends_clipped(rounding, clip):
    scale = {"kind": "range", "zero": "ends", "clip": clip}
    pairs = np.stack(np.meshgrid(range(-8, 8), range(-8, 8)), axis=-1).reshape(-1, 2)
    for code in ("uint2", "uint4"):
        stage = Quantize(frame=2, lanes=2, input=Format(width=4), code=code, scale=scale, rounding=rounding)
        check(stage, UNITS["range"], pairs)


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("include_zero", [True, False])
def test_all_groups(rounding, include_zero):
    """All elements of all groups of two 4-bit numbers."""
    fixed = Format(width=4)
    scale = {"kind": "range", "include_zero": include_zero}
    stage = Quantize(frame=2, lanes=2, input=fixed, code="uint2", scale=scale, rounding=rounding)
    pairs = np.stack(np.meshgrid(range(-8, 8), range(-8, 8)), axis=-1).reshape(-1, 2)
    check(stage, UNITS["range"], pairs)
