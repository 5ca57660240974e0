"""[input] of a recipe: fixed point, formats by name, packed bytes."""

from fractions import Fraction

import pytest

from hadacast import inputs
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block
from hadacast.minifloat import BF16, E2M1, E4M3, FP16
from hadacast.packed import Packed

KV = {"element": "uint2", "group": 8, "scale": "fp16", "zero": "uint3", "gain": "4/15"}


def test_fixed_point_and_names():
    assert inputs.load({}, 16, 2) == Format()
    assert inputs.load({"width": 12, "signed": False}, 16, 2) == Format(width=12, signed=False)
    assert inputs.load({"format": "bf16"}, 16, 2) == BF16
    assert inputs.load({"format": {"exponent": 2, "mantissa": 1, "bias": 1}}, 16, 2) == E2M1


def test_packed_elements():
    found = inputs.load({"element": "int4"}, 16, 2)
    assert found == Packed(content=Format(width=4), frame=16, lanes=2)
    found = inputs.load({"element": "int4", "layout": "ahead", "bus": 5}, 16, 2)
    assert found == Packed(content=Format(width=4), frame=16, lanes=2, layout="ahead", bus=5)


def test_packed_groups():
    found = inputs.load(KV | {"layout": "behind"}, 16, 2)
    content = Block(
        element=Format(width=2, signed=False),
        group=8,
        scale=FP16,
        zero=Format(width=3, signed=False),
        gain=(Fraction(4, 15),),
    )
    assert found == Packed(content=content, frame=16, lanes=2, layout="behind")
    wide = {
        "element": "e2m1",
        "group": 4,
        "wide": "e4m3",
        "gain": [1, 0.5],
        "wide_gain": 3,
        "zero_point": [0],
    }
    block = inputs.load(wide, 8, 2).content
    assert (block.wide, block.gain, block.wide_gain, block.zero_point) == (
        E4M3,
        (1, Fraction(1, 2)),
        (3,),
        (0,),
    )


@pytest.mark.parametrize(
    ("table", "frame", "said"),
    [
        (5, 16, "[input] is 5: it must be a table"),
        ({"bits": 8}, 16, "[input] has no field 'bits': it must be one of element, format, fraction"),
        (
            {"format": "bf16", "width": 8},
            16,
            "[input] has no field 'width' beside format: it must be one of format",
        ),
        ({"element": "int4", "width": 8}, 16, "[input] has no field 'width' beside element"),
        ({"element": "int4", "scale": "e4m3"}, 16, "[input] has scale, and no group to have it"),
        ({"element": "nope"}, 16, "element is 'nope'"),
        (KV | {"scale": "nope"}, 16, "scale is 'nope'"),
        (KV | {"group": 3}, 16, "group is 3"),
        (KV | {"group": "x"}, 16, "group is 'x'"),
        (KV | {"group": 32}, 16, "group is 32: it must divide the frame, 16"),
        (KV | {"gain": 0}, 16, "gain is 0: it must be more than 0"),
        (KV | {"gain": "1/0"}, 16, "gain is '1/0'"),
        (KV | {"zero_point": 0.5}, 16, "zero_point is 0.5"),
        (KV | {"layout": "beneath"}, 16, "layout is 'beneath'"),
        (KV | {"bus": 1}, 16, "bus is 1: it must be"),
        (KV, "x", "frame is 'x'"),
        (KV, 12, "group is 8: it must divide the frame, 12"),
    ],
    ids=str,
)
def test_refused(table, frame, said):
    with pytest.raises(HadacastError) as caught:
        inputs.load(table, frame, 2)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
