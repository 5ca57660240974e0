"""Packed bytes, written out by hand, and against an independent reading of the layouts, bit by bit."""

import re
from pathlib import Path

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import SIDES, Block, Frames
from hadacast.minifloat import BF16, E2M1, E4M3, E8M0, FP16, FP32
from hadacast.packed import LAYOUTS, Packed
from hadacast.spec.pack import Pack
from hadacast.spec.unpack import Unpack

INT4, INT3, UINT3 = Format(width=4), Format(width=3), Format(width=3, signed=False)
UINT5 = Format(width=5, signed=False)


def hexed(octets, size) -> str:
    return " | ".join(bytes(beat.tolist()).hex(" ") for beat in np.asarray(octets).reshape(-1, size))


@pytest.mark.parametrize(
    ("layout", "right"),
    [
        ("beside", "21 43 7f | ef cd 80"),
        ("ahead", "7f 21 43 | 80 ef cd"),
        ("behind", "21 43 ef | cd 7f 80"),
        ("stream", "21 43 | ef cd"),
    ],
)
def test_four_bits_by_hand(layout, right):
    packed = Packed(content=Block(element=INT4, group=4, scale=E8M0), frame=8, lanes=4, layout=layout)
    frames = Frames(codes=np.array([1, 2, 3, 4, -1, -2, -3, -4]), scale=np.array([0x7F, 0x80]))
    assert hexed(packed.pack(frames), packed.bus) == right
    assert hexed(packed.pack_sides(frames), packed.side_bytes) == "7f | 80"


@pytest.mark.parametrize(
    ("layout", "right"),
    [
        ("beside", "51 04 | 63 02"),
        ("ahead", "11 11 | 09 23"),
        ("behind", "d1 08 | 31 01"),
        ("stream", "d1 | 08"),
    ],
)
def test_odd_widths_by_hand(layout, right):
    packed = Packed(content=Block(element=UINT3, group=2, scale=UINT5), frame=4, lanes=2, layout=layout)
    frames = Frames(codes=np.array([1, 2, 3, 4]), scale=np.array([17, 9]))
    assert hexed(packed.pack(frames), packed.bus) == right
    assert hexed(packed.pack_sides(frames), packed.side_bytes) == "11 | 09"


@pytest.mark.parametrize(
    ("layout", "right"),
    [
        # Rows of two tiles of 2 × 2: sides with the first row, in "beside" with each.
        ("beside", "21 43 0b 0a | 65 07 0b 0a"),
        ("ahead", "0b 0a 21 | 43 65 07"),
        ("behind", "21 43 65 | 07 0b 0a"),
    ],
)
def test_tiles_by_hand(layout, right):
    content = Block(element=INT4, group=2, rows=2, scale=E8M0)
    packed = Packed(content=content, frame=8, lanes=4, layout=layout)
    frames = Frames(codes=np.array([1, 2, 3, 4, 5, 6, 7, 0]), scale=np.array([11, 10]))
    assert hexed(packed.pack(frames), packed.bus) == right


def test_all_sides_by_hand():
    """Scale, zero point, offset and flag, and a code that is as wide as an outlier's."""
    content = Block(element=INT4, group=1, scale=UINT3, zero=INT3, offset=UINT5, wide=Format(width=6))
    packed = Packed(content=content, frame=2, lanes=1)
    frames = Frames(
        codes=np.array([-3, 21]),
        scale=np.array([5, 2]),
        zero=np.array([-1, 3]),
        offset=np.array([9, 30]),
        wide=np.array([0, 1]),
    )
    first = 0b111101 | 5 << 6 | 0b111 << 9 | 9 << 12 | 0 << 17
    second = 21 | 2 << 6 | 3 << 9 | 30 << 12 | 1 << 17
    assert hexed(packed.pack(frames), 3) == hexed(
        [*first.to_bytes(3, "little"), *second.to_bytes(3, "little")], 3
    )


def test_the_examples_are_those_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "packing.md").read_text()
    rows = [re.sub("[`,;]", "", line) for line in page.splitlines()]
    for element, scale, frame, lanes, group, codes, scales in (
        (INT4, E8M0, 8, 4, 4, [1, 2, 3, 4, -1, -2, -3, -4], [0x7F, 0x80]),
        (UINT3, UINT5, 4, 2, 2, [1, 2, 3, 4], [17, 9]),
    ):
        for layout in LAYOUTS:
            content = Block(element=element, group=group, scale=scale)
            packed = Packed(content=content, frame=frame, lanes=lanes, layout=layout)
            frames = Frames(codes=np.array(codes), scale=np.array(scales))
            line = f"| {layout} | {packed.bus} | {hexed(packed.pack(frames), packed.bus).replace(' | ', ' ')}"
            if layout == "stream":
                line += f" scales {hexed(packed.pack_sides(frames), 1).replace(' | ', ' ')}"
            assert f"{line} |" in rows, line


# An independent reading: one Python integer for a frame, fields put into it one after the other.


class Writer:
    def __init__(self):
        self.value = self.length = 0

    def put(self, number: int, width: int) -> None:
        self.value |= (number & ((1 << width) - 1)) << self.length
        self.length += width

    def align(self, bits: int = 8) -> None:
        self.length = -(-self.length // bits) * bits


def by_fields(packed: Packed, codes, sides) -> bytes:
    """One frame; `sides` are lists by name."""
    block, out = packed.block, Writer()
    row, group, width = packed.frame // block.rows, block.group, block.width

    def put_sides(k: int) -> None:
        for name in SIDES:
            if name in sides:
                out.put(int(sides[name][k]), 1 if name == "wide" else getattr(block, name).width)

    def tiles(first: int) -> list[int]:
        """The groups of the beat that begins with element `first`, each once."""
        return sorted({element % row // group for element in range(first, first + packed.lanes)})

    groups = packed.frame // group // block.rows
    if packed.layout == "beside":
        for first in range(0, packed.frame, packed.lanes):
            for code in codes[first : first + packed.lanes]:
                out.put(int(code), width)
            for k in tiles(first):
                put_sides(k)
            out.align(8 * packed.bus)
    elif packed.layout == "ahead" and sides and block.rows == 1:
        size = max(group, packed.lanes)
        for first in range(0, packed.frame, size):
            for k in range(first // group, (first + size) // group):
                put_sides(k)
            out.align()
            for code in codes[first : first + size]:
                out.put(int(code), width)
            out.align()
    else:
        order = {"ahead": ("sides", "codes"), "behind": ("codes", "sides"), "stream": ("codes",)}
        for part in order[packed.layout]:
            if part == "sides" and sides:
                for k in range(groups):
                    put_sides(k)
            elif part == "codes":
                for code in codes:
                    out.put(int(code), width)
            out.align()
    out.align(8 * packed.bus)
    return out.value.to_bytes(out.length // 8, "little")


CONTENTS = [
    (16, 4, Block(element=E2M1, group=16, scale=E4M3)),
    (16, 16, Block(element=E2M1, group=4, scale=E4M3)),
    (64, 8, Block(element=INT3, group=32, scale=FP32, zero=UINT3, offset=BF16)),
    (32, 1, Block(element=INT3, group=1, scale=UINT5)),
    (32, 2, Block(element=INT4, group=8, scale=E8M0, wide=Format(width=9))),
    (32, 4, Block(element=E2M1, group=2, scale=FP16, wide=E4M3)),
    (64, 4, Block(element=INT3, group=4, rows=4, scale=E8M0)),
    (64, 32, Block(element=UINT5, group=2, rows=4, scale=FP16, zero=INT3)),
    (64, 2, Block(element=INT4, group=8, rows=8, scale=UINT3)),
    (16, 4, INT3),
    (8, 8, BF16),
    (8, 1, Format(width=63)),
]


def random_codes(form, shape, rng):
    return rng.integers(form.min, form.max, shape, endpoint=True)


def random_frames(content, frame, rng, count=7) -> Frames:
    if not isinstance(content, Block):
        return Frames(codes=random_codes(content, (count, frame), rng))
    groups = content.groups(frame)
    sides = {
        name: random_codes(Format(width=1, signed=False) if name == "wide" else side, (count, groups), rng)
        for name in SIDES
        if (side := getattr(content, name)) is not None
    }
    codes = random_codes(content.element, (count, frame), rng)
    if content.wide is not None:
        flags = sides["wide"][..., None] == 1
        more = content.grouped(random_codes(content.wide, (count, frame), rng))
        codes = content.ungrouped(np.where(flags, more, content.grouped(codes)))
    return Frames(codes=codes, **sides)


@pytest.mark.parametrize("more", [0, 1, 7])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("frame", "lanes", "content"), CONTENTS, ids=str)
def test_equals_an_independent_reading_and_comes_back(frame, lanes, content, layout, more):
    if layout == "stream" and not isinstance(content, Block):
        return
    rng = np.random.default_rng(frame + lanes)
    least = Packed(content=content, frame=frame, lanes=lanes, layout=layout)
    packed = Packed(content=content, frame=frame, lanes=lanes, layout=layout, bus=least.bus + more)
    frames = random_frames(content, frame, rng)
    pack = Pack(frame=frame, lanes=lanes, input=content, layout=layout, bus=packed.bus)
    octets = pack.compute(frames if isinstance(content, Block) else frames.codes)
    assert pack.output == packed
    assert octets.shape == (7, packed.beats * packed.bus)
    assert packed.beats <= frame // lanes
    for index, octet in enumerate(octets):
        sides = {name: side[index] for name, side in frames.sides.items()}
        assert bytes(octet.tolist()) == by_fields(packed, frames.codes[index], sides)
    # Whatever the padding holds, the same comes out again.
    held = packed.pack(
        Frames(**{name: np.full_like(side, -1) for name, side in vars(frames).items() if side is not None})
    )
    noise = octets | (rng.integers(0, 256, octets.shape) & ~held)
    if layout == "stream":
        back = packed.unpack(noise, packed.pack_sides(frames))
    else:
        found = Unpack(frame=frame, lanes=lanes, input=packed).compute(noise)
        back = found if isinstance(found, Frames) else Frames(codes=found)
    np.testing.assert_array_equal(back.codes, frames.codes)
    assert set(back.sides) == set(frames.sides)
    for name, side in frames.sides.items():
        np.testing.assert_array_equal(back.sides[name], side)


def test_a_batch_keeps_its_shape():
    packed = Packed(content=Block(element=INT4, group=4, scale=E8M0), frame=8, lanes=4, layout="ahead")
    frames = random_frames(packed.content, 8, np.random.default_rng(1), count=6)
    turned = Frames(codes=frames.codes.reshape(2, 3, 8), scale=frames.scale.reshape(2, 3, 2))
    octets = packed.pack(turned)
    np.testing.assert_array_equal(octets.reshape(6, -1), packed.pack(frames))
    assert packed.unpack(octets).scale.shape == (2, 3, 2)
    empty = packed.unpack(packed.pack(Frames(codes=turned.codes[:0], scale=turned.scale[:0])))
    assert empty.codes.shape == (0, 3, 8)


def test_sides_of_groups_over_several_beats_are_the_first_ones():
    packed = Packed(content=Block(element=INT4, group=8, scale=E8M0), frame=16, lanes=4)
    octets = packed.pack(Frames(codes=np.zeros(16, dtype=np.int64), scale=np.array([5, 9]))).reshape(4, 3)
    octets[1, 2] = octets[3, 2] = 77
    assert packed.unpack(octets.ravel()).scale.tolist() == [5, 9]


def test_codes_of_groups_that_are_no_outliers_are_their_low_bits():
    content = Block(element=INT4, group=1, wide=Format(width=8))
    packed = Packed(content=content, frame=2, lanes=1)
    assert packed.unpack(np.array([0b01011001, 0, 0b01011001, 1])).codes.tolist() == [-7, 0b01011001]


def test_real_values():
    content = Block(element=INT4, group=4, scale=E8M0)
    packed = Packed(content=content, frame=8, lanes=4, layout="behind")
    frames = Frames(codes=np.arange(-4, 4), scale=np.array([127, 129]))
    np.testing.assert_array_equal(packed.decode(packed.pack(frames)), content.decode(frames))
    assert packed.decode(packed.pack(frames)).tolist() == [-4, -3, -2, -1, 0, 4, 8, 12]
    plain = Packed(content=BF16, frame=4, lanes=2)
    codes = BF16.encode([1.0, -2.0, 0.5, 3.0])
    assert plain.decode(plain.pack(codes)).tolist() == [1, -2, 0.5, 3]
    with pytest.raises(HadacastError, match="packed input must be integers"):
        packed.encode([1.0])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"content": 5}, "content is 5: it must be elements to pack"),
        ({"layout": "under"}, "layout is 'under': it must be one of beside, ahead, behind, stream"),
        ({"bus": -1}, "bus is -1: it must be an integer from 0 to 8,192"),
        ({"bus": 2}, "bus is 2: it must be 3 or more, or a frame of 8 elements takes more than 2 beats"),
        ({"bus": 2, "layout": "ahead"}, "bus is 2: it must be 3 or more"),
        ({"frame": 1}, "frame is 1: it must be an integer from 2 to 65,536"),
        ({"lanes": 16}, "lanes is 16: it must divide the frame, 8"),
        (
            {"content": INT4, "layout": "stream"},
            "layout is 'stream': signed 4-bit, 0 fraction bits has no scales",
        ),
        ({"content": Block(element=INT4, group=16)}, "group is 16: it must divide the frame, 8 elements"),
    ],
)
def test_members_refused(members, message):
    good = {"content": Block(element=INT4, group=4, scale=E8M0), "frame": 8, "lanes": 4}
    with pytest.raises(HadacastError, match="^" + re.escape(message)):
        Packed(**{**good, **members})


def test_stages_refused():
    packed = Packed(content=INT4, frame=8, lanes=4)
    with pytest.raises(HadacastError, match=r"^input is .*: it is packed already"):
        Pack(frame=8, lanes=4, input=packed)
    with pytest.raises(HadacastError, match=r"^input is .*: an unpack stage takes packed elements"):
        Unpack(frame=8, lanes=4, input=INT4)
    with pytest.raises(HadacastError, match=r"^input has frames of 8 elements on 4 lanes: it must"):
        Unpack(frame=16, lanes=4, input=packed)
