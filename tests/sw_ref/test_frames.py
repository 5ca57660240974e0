"""Frames whose elements share scales: how groups lie, what they stand for, what is refused."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import SIDES, Block, Frames, exponents
from hadacast.minifloat import E2M1, E4M3, E8M0, UE5M3

INT4, INT8 = Format(width=4), Format(width=8)


def test_groups_of_a_row():
    block = Block(element=INT4, group=4)
    x = np.arange(24).reshape(2, 12)
    np.testing.assert_array_equal(block.grouped(x)[1], [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]])
    assert block.groups(12) == 3


def test_tiles():
    """Two rows of eight in tiles of 2 × 4: row-major, from left to right."""
    block = Block(element=INT4, group=4, rows=2)
    x = np.arange(16)
    np.testing.assert_array_equal(
        block.grouped(x), [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]]
    )
    assert block.groups(16) == 2


@pytest.mark.parametrize("rows", [1, 2, 4, 8])
@pytest.mark.parametrize("group", [1, 2, 8])
@pytest.mark.parametrize("lead", [(), (3,), (0,), (2, 3)])
def test_ungrouped_is_the_way_back(rows, group, lead):
    block = Block(element=INT4, group=group, rows=rows)
    x = np.random.default_rng(1).integers(0, 9, (*lead, 64))
    found = block.grouped(x)
    assert found.shape == (*lead, block.groups(64), rows * group)
    np.testing.assert_array_equal(block.ungrouped(found), x)


def fraction_of(block: Block, frames: Frames, index: int) -> Fraction:
    """What element `index` of one frame stands for, from the formula in Block's docstring."""
    place = [list(row) for row in block.grouped(np.arange(len(frames.codes)))]
    k = next(k for k, row in enumerate(place) if index in row)
    at = {
        name: Fraction(float(getattr(block, name).decode(side[k])))
        for name, side in frames.sides.items()
        if name != "wide"
    }
    wide = frames.wide is not None and frames.wide[k] == 1
    element = block.wide if wide else block.element
    zeros = block.zero_point * len(frames.codes) if len(block.zero_point) == 1 else block.zero_point
    gains = block.gain * len(frames.codes) if len(block.gain) == 1 else block.gain
    gain = block.wide_gain[0] if wide and block.wide_gain else gains[index]
    value = Fraction(float(element.decode(frames.codes[index])))
    if not wide:
        value -= zeros[index]
    return (value - at.get("zero", 0)) * at.get("scale", 1) * gain + at.get("offset", 0)


BLOCKS = {
    "scale": Block(element=E2M1, group=4, scale=E4M3),
    "gain": Block(element=INT4, group=8, scale=INT8, gain=(Fraction(1, 7),)),
    "channels": Block(
        element=INT4, group=8, gain=tuple(Fraction(k, 4) for k in range(1, 9)), zero_point=tuple(range(8))
    ),
    "zero": Block(element=Format(width=4, signed=False), group=4, scale=UE5M3, zero=INT8),
    "offset": Block(element=Format(width=4, signed=False), group=2, scale=E4M3, offset=INT8),
    "tiles": Block(element=INT8, group=2, rows=2, scale=E8M0),
    "wide": Block(element=INT4, group=4, scale=E8M0, wide=INT8),
    "wide gain": Block(
        element=INT4, group=4, scale=INT8, wide=INT8, gain=(Fraction(1, 7),), wide_gain=(Fraction(1, 127),)
    ),
    "wide floats": Block(element=E2M1, group=4, scale=E8M0, wide=E4M3),
}


def random_frames(block: Block, rng: np.random.Generator) -> Frames:
    count = block.groups(8)
    flags = rng.integers(0, 2, count) if block.wide else None
    sides = {
        name: rng.integers(1, 100 if name == "scale" else 8, count)
        for name in SIDES
        if name != "wide" and getattr(block, name) is not None
    }
    codes = rng.integers(block.element.min, block.element.max + 1, (count, block.rows * block.group))
    if block.wide:
        more = rng.integers(block.wide.min // 2, block.wide.max // 2, codes.shape)
        codes = np.where(flags[:, None] == 1, more, codes)
        sides["wide"] = flags
    return Frames(codes=block.ungrouped(codes), **sides)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_elements_stand_for(name):
    block, rng = BLOCKS[name], np.random.default_rng(5)
    for _ in range(20):
        frames = block.check(random_frames(block, rng))
        values = block.decode(frames)
        assert values.dtype == np.float64
        for index in range(8):
            exact = float(fraction_of(block, frames, index))
            assert values[index] == pytest.approx(exact, rel=1e-15, abs=1e-15)


def test_nan_scales_make_nan():
    block = Block(element=INT8, group=2, scale=E8M0)
    found = block.decode(Frames(codes=np.array([0, 3, 0, 3]), scale=np.array([255, 127])))
    np.testing.assert_array_equal(found, [np.nan, np.nan, 0, 3])


def test_leading_axes():
    block = BLOCKS["scale"]
    frames = Frames(codes=np.arange(16).reshape(2, 1, 8), scale=np.full((2, 1, 2), 0x38))
    np.testing.assert_array_equal(block.decode(frames).reshape(-1), E2M1.decode(np.arange(16)))


def test_check_copies():
    block = BLOCKS["scale"]
    frames = Frames(codes=np.zeros(8, np.uint8), scale=np.zeros(2, np.uint8))
    found = block.check(frames)
    assert found.codes.dtype == found.scale.dtype == np.int64
    found.codes[:] = 1
    assert not frames.codes.any()


GOOD = Frames(codes=np.zeros(8, int), scale=np.zeros(2, int))
WRONG = [
    (replace(GOOD, scale=None), "input has the sides none: scale are needed"),
    (replace(GOOD, zero=GOOD.scale), "input has the sides scale, zero: scale are needed"),
    (replace(GOOD, scale=np.zeros(3, int)), "input.scale has shape (3,): it must be (2,)"),
    (replace(GOOD, scale=np.array([0, 256])), "input.scale[1] is 256: e4m3 holds 0 to 255"),
    (replace(GOOD, codes=np.full(8, 16)), "input[0] is 16: e2m1 holds 0 to 15"),
    (replace(GOOD, codes=np.zeros(8)), "input has dtype float64: it must be an integer type"),
]


@pytest.mark.parametrize(("frames", "text"), WRONG)
def test_frames_refused(frames, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        BLOCKS["scale"].check(frames)


def test_codes_of_the_wider_format():
    """Codes are as wide as the wider of the two: which groups are wide is not known of a code alone."""
    block = BLOCKS["wide"]
    assert (block.width, block.signed) == (8, True)
    good = Frames(codes=np.full(8, 127), scale=np.zeros(2, int), wide=np.array([0, 1]))
    assert block.check(good).codes.max() == 127
    with pytest.raises(HadacastError, match=re.escape("input.wide[0] is 2: unsigned 1-bit")):
        block.check(replace(good, wide=np.array([2, 0])))


def test_sides():
    assert BLOCKS["wide"].sides == {"scale": (8, False), "wide": (1, False)}
    assert BLOCKS["zero"].sides == {"scale": (8, False), "zero": (8, True)}
    assert Block(element=INT4, group=2).sides == {}


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"element": "int4"}, "element is 'int4': it must be a Codes"),
        ({"group": 0}, "group is 0: it must be an integer from 1 to 65,536"),
        ({"rows": 1.0}, "rows is 1.0: "),
        ({"scale": 8}, "scale is 8: it must be a Codes"),
    ],
)
def test_blocks_refused(settings, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Block(**{"element": INT4, "group": 4, **settings})


@pytest.mark.parametrize(
    ("group", "rows", "text"),
    [
        (3, 1, "group is 3: it must divide the frame, 16 elements"),
        (8, 4, "group is 4 × 8: it must divide the frame, 16 elements in 4 rows"),
        (2, 3, "group is 3 × 2: it must divide the frame, 16 elements in 3 rows"),
    ],
)
def test_groups_that_tile_no_frame(group, rows, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}$"):
        Block(element=INT4, group=group, rows=rows).check_frame(16)


def test_str():
    assert str(BLOCKS["scale"]) == "e2m1 in groups of 4, scale e4m3"
    assert str(BLOCKS["tiles"]) == "signed 8-bit, 0 fraction bits in groups of 2×2, scale e8m0"


def test_exponents_of_frames():
    block = exponents(INT8, 64)
    assert (block.groups(64), block.sides) == (1, {"scale": (8, False)})
