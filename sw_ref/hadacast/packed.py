"""Codes and their scales as bytes on a bus. The layouts, bit by bit, are in docs/packing.md."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames
from hadacast.track import Track

LAYOUTS = ("beside", "ahead", "behind", "stream")
MAX_BUS = 1 << 13

Bits = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Packed(Codes):
    """Bytes that hold the codes of frames and the sides of their groups; a lane is a byte.

    Members
    -------
    content: what is packed: a Block, or a Format or Minifloat, which has no sides.
    frame, lanes: N and P of what is packed, in elements.
    layout: "beside": every beat holds P codes, then the sides of their groups. "ahead": block by block, the
        sides of a block's groups, then its codes. "behind": all codes, then all sides. "stream": all codes;
        the sides travel on a stream of their own.
    bus: bytes of a beat; by default, 0, the fewest with which a frame takes no more than its N/P beats.

    Raises HadacastError where a member is out of range, and for a bus that is too narrow for one beat of
    elements per clock.
    """

    content: Codes | Block
    frame: int
    lanes: int
    layout: str = "beside"
    bus: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.content, Codes | Block) or isinstance(self.content, Packed):
            raise HadacastError(f"content is {checks.quote(self.content)}: it must be elements to pack")
        checks.geometry(self.frame, self.lanes)
        checks.choice("layout", self.layout, LAYOUTS)
        if isinstance(self.content, Block):
            self.content.check_beats(self.frame, self.lanes)
        if self.layout == "stream" and not self.side_bits:
            raise HadacastError(f"layout is 'stream': {self.content} has no scales that could have one")
        checks.integer("bus", self.bus, 0, MAX_BUS)
        beats = self.frame // self.lanes
        least = self.beat_bytes if self.layout == "beside" else -(-self.total_bytes // beats)
        if self.bus == 0:
            object.__setattr__(self, "bus", least)
        if self.bus < least:
            raise HadacastError(
                f"bus is {self.bus}: it must be {least:,} or more, or a frame of {self.frame:,} elements "
                f"takes more than {beats:,} beats, and less than one beat of {self.lanes:,} goes in per clock"
            )

    # The bytes, as lanes of a stream

    @property
    def width(self) -> int:  # type: ignore[override]
        """Bits of a lane."""
        return 8

    @property
    def signed(self) -> bool:  # type: ignore[override]
        """Bytes are never negative."""
        return False

    @property
    def beats(self) -> int:
        """Beats of a frame on the bus."""
        return self.frame // self.lanes if self.layout == "beside" else -(-self.total_bytes // self.bus)

    # What is packed

    @property
    def block(self) -> Block:
        """The content as a Block; plain elements are one without sides."""
        return (
            self.content if isinstance(self.content, Block) else Block(element=self.content, group=self.frame)
        )

    @property
    def code_bits(self) -> int:
        """Bits that the codes of a beat of elements take."""
        return self.lanes * self.block.width

    @property
    def row(self) -> int:
        """Elements after which the sides repeat: a row of tiles; else the frame."""
        return self.frame // self.block.rows

    @property
    def unit(self) -> int:
        """Elements in a row whose sides come at once: a group, or the groups of a beat."""
        return max(self.block.group, self.lanes)

    @property
    def unit_groups(self) -> int:
        """Groups whose sides come at once."""
        return min(self.unit, self.row) // self.block.group

    @property
    def unit_beats(self) -> int:
        """Beats of elements that belong to them, in a row."""
        return self.unit // self.lanes

    @property
    def units(self) -> int:
        """How often in a frame sides come."""
        return self.block.groups(self.frame) // self.unit_groups

    @property
    def side_bits(self) -> int:
        """Bits of the sides that come at once."""
        return self.unit_groups * sum(width for width, _ in self.block.sides.values())

    @property
    def side_bytes(self) -> int:
        """The same in whole bytes: a beat of the sides' own stream."""
        return -(-self.side_bits // 8)

    @property
    def beat_bytes(self) -> int:
        """Bytes for a beat of elements with its sides."""
        return -(-(self.code_bits + self.side_bits) // 8)

    @property
    def frame_sides(self) -> int:
        """Bytes of all sides of a frame, one behind the other."""
        return -(-self.units * self.side_bits // 8)

    @property
    def frame_codes(self) -> int:
        """Bytes of all codes of a frame, one behind the other."""
        return -(-self.frame * self.block.width // 8)

    @property
    def by_blocks(self) -> bool:
        """Whether blocks follow each other, each with its sides ahead. A tile has rows apart from each other:
        all sides of a frame are then ahead of all codes."""
        return self.layout == "ahead" and self.block.rows == 1 and self.side_bits > 0

    @property
    def block_codes(self) -> int:
        """Bytes of the codes of a block."""
        return -(-self.unit * self.block.width // 8)

    @property
    def total_bytes(self) -> int:
        """Bytes of a frame, without what fills up the last beat."""
        if self.layout == "beside":
            return self.frame // self.lanes * self.bus
        if self.layout == "stream":
            return self.frame_codes
        if self.by_blocks:
            return self.units * (self.side_bytes + self.block_codes)
        return self.frame_sides + self.frame_codes

    # The schedule

    @property
    def sectioned(self) -> bool:
        """Whether codes and sides come in a section each."""
        return self.layout in ("ahead", "behind") and self.side_bits > 0 and not self.by_blocks

    @property
    def codes_track(self) -> Track:
        """Where the codes of each beat of elements lie, in all layouts but "beside"."""
        beats = self.frame // self.lanes
        if not self.by_blocks:
            ahead = 8 * self.frame_sides if self.layout == "ahead" else 0
            return Track(
                word=8 * self.bus,
                start=ahead % (8 * self.bus),
                pieces=beats,
                length=self.code_bits,
                block=beats,
            )
        return Track(
            word=8 * self.bus,
            pieces=beats,
            length=self.code_bits,
            head=8 * self.side_bytes,
            block=self.unit_beats,
            tail=8 * self.block_codes - self.unit * self.block.width,
        )

    @property
    def sides_track(self) -> Track:
        """Where sides lie that have a section of their own."""
        behind = 8 * self.frame_codes if self.layout == "behind" else 0
        return Track(
            word=8 * self.bus,
            start=behind % (8 * self.bus),
            pieces=self.units,
            length=self.side_bits,
            block=self.units,
            gap=self.unit_beats,
        )

    @property
    def boundary(self) -> tuple[int, bool]:
        """The word in which the second section begins, and whether the first one ends in it."""
        first = self.frame_sides if self.layout == "ahead" else self.frame_codes
        return first // self.bus, first % self.bus > 0

    # The reference

    def pack(self, frames: Frames | Ints) -> Ints:
        """(…, beats·bus) bytes of valid codes (…, N) and their sides, which layout "stream" leaves out."""
        frames = frames if isinstance(frames, Frames) else Frames(codes=frames)
        lead = frames.codes.shape[:-1]
        codes = _bits(frames.codes.reshape(-1, self.frame), self.block.width)
        sides = self._sides(frames)
        if self.layout == "beside":
            beats = self.frame // self.lanes
            parts = [
                codes.reshape(-1, beats, self.code_bits),
                sides.reshape(len(codes), self.units, self.side_bits)[:, self._unit_of_beat()],
            ]
            return _bytes(np.concatenate(parts, axis=-1), self.bus).reshape(*lead, beats * self.bus)
        if self.by_blocks:
            blocks = [
                _bytes(sides.reshape(len(codes), self.units, self.side_bits), self.side_bytes),
                _bytes(codes.reshape(-1, self.units, self.unit * self.block.width), self.block_codes),
            ]
            found = np.concatenate(blocks, axis=-1).reshape(len(codes), self.total_bytes)
        else:
            sections = [_bytes(codes.reshape(len(codes), self.frame * self.block.width), self.frame_codes)]
            if self.sectioned:
                section = _bytes(sides.reshape(len(codes), self.units * self.side_bits), self.frame_sides)
                sections.insert(0 if self.layout == "ahead" else 1, section)
            found = np.concatenate(sections, axis=-1)
        padding = self.beats * self.bus - found.shape[-1]
        return np.pad(found, ((0, 0), (0, padding))).reshape(*lead, self.beats * self.bus)

    def pack_sides(self, frames: Frames) -> Ints:
        """(…, units, side_bytes) bytes of the sides' own stream: what layout "stream" sends beside pack()."""
        lead = frames.codes.shape[:-1]
        return _bytes(self._sides(frames), self.side_bytes).reshape(*lead, self.units, self.side_bytes)

    def unpack(self, octets: Ints, sides: Ints | None = None) -> Frames:
        """The inverse, for valid bytes (…, beats·bus), and (…, units, side_bytes) in layout "stream".

        Padding may be anything. In layout "beside" the sides of a group are those in the first of its beats.
        """
        lead = octets.shape[:-1]
        flat = octets.reshape(-1, self.beats * self.bus)
        frames, width = len(flat), self.block.width
        if self.layout == "beside":
            beats = _unpack_bits(flat.reshape(frames, self.beats, self.bus))
            codes = beats[..., : self.code_bits]
            first = np.unique(self._unit_of_beat(), return_index=True)[1]
            found = beats[:, first, self.code_bits : self.code_bits + self.side_bits]
        elif self.by_blocks:
            size = self.side_bytes + self.block_codes
            blocks = flat[:, : self.units * size].reshape(frames, self.units, size)
            found = _unpack_bits(blocks[..., : self.side_bytes])[..., : self.side_bits]
            codes = _unpack_bits(blocks[..., self.side_bytes :])[..., : self.unit * width]
        else:
            ahead = self.frame_sides if self.sectioned and self.layout == "ahead" else 0
            codes = _unpack_bits(flat[:, ahead : ahead + self.frame_codes])[..., : self.frame * width]
            at = 0 if ahead else self.frame_codes
            found = _unpack_bits(flat[:, at : at + self.frame_sides])[..., : self.units * self.side_bits]
            if self.layout == "stream":
                if sides is None:
                    raise HadacastError("layout is 'stream': the sides must be given beside the bytes")
                found = _unpack_bits(sides.reshape(frames, self.units, self.side_bytes))[
                    ..., : self.side_bits
                ]
        values = _values(codes.reshape(frames, self.frame, width), self.block.signed)
        return self._frames(values, found.reshape(frames, self.units * self.side_bits), lead)

    def _frames(self, codes: Ints, sides: Bits, lead: tuple[int, ...]) -> Frames:
        groups = self.block.groups(self.frame)
        by_group = sides.reshape(len(codes), groups, self.side_bits // self.unit_groups)
        found: dict[str, Any] = {}
        at = 0
        for name, (width, signed) in self.block.sides.items():
            found[name] = _values(by_group[..., at : at + width], signed).reshape(*lead, groups)
            at += width
        if self.block.wide is not None:
            # The other groups' codes are narrower, or the wide ones': the low bits count.
            narrow = self._narrowed(codes)
            flags = found["wide"].reshape(-1, groups, 1) == 1
            codes = self.block.ungrouped(
                np.where(flags, self.block.grouped(codes), self.block.grouped(narrow))
            )
        return Frames(codes=np.ascontiguousarray(codes).reshape(*lead, self.frame), **found)

    def _narrowed(self, codes: Ints) -> Ints:
        element = self.block.element
        bits = codes & ((1 << element.width) - 1)
        return np.where(bits > element.max, bits - (1 << element.width), bits) if element.signed else bits

    def _sides(self, frames: Frames) -> Bits:
        """(frames, units, side_bits)."""
        groups = self.block.groups(self.frame)
        parts = [
            _bits(getattr(frames, name).reshape(-1, groups), width)
            for name, (width, _) in self.block.sides.items()
        ]
        if not parts:
            return np.zeros((frames.codes.size // self.frame, self.units, 0), dtype=np.uint8)
        return np.concatenate(parts, axis=-1).reshape(-1, self.units, self.side_bits)

    def _unit_of_beat(self) -> Ints:
        return np.arange(0, self.frame, self.lanes) % self.row // self.unit

    # Real values

    def encode(self, values: ArrayLike, name: str = "input") -> Ints:
        """Refused: packed bytes stand for numbers only together."""
        raise HadacastError(f"{name} has real values: packed input must be integers, the bytes")

    def saturated(self, values: ArrayLike, name: str = "input") -> int:
        """None: real values are refused."""
        return 0

    def decode(self, codes: ArrayLike, name: str = "input") -> NDArray[np.float64]:
        """The real values (…, N) of bytes (…, beats·bus), without scales that are on another stream."""
        octets = self.check(codes, name)
        if self.layout == "stream":
            sides = np.zeros((*octets.shape[:-1], self.units, self.side_bytes), dtype=np.int64)
            return self.block.element.decode(self.unpack(octets, sides).codes)
        frames = self.unpack(octets)
        if isinstance(self.content, Block):
            return self.content.decode(frames)
        return self.content.decode(frames.codes)

    def __str__(self) -> str:
        return f"{self.content}, packed {self.layout} on {self.bus} bytes"


def _bits(codes: Ints, width: int) -> Bits:
    """(…, width) bits of integers, the lowest first."""
    octets = np.ascontiguousarray(codes, dtype="<i8")[..., None].view(np.uint8)[..., : -(-width // 8)]
    return np.unpackbits(octets, axis=-1, bitorder="little")[..., :width]


def _bytes(bits: Bits, size: int) -> Ints:
    """(…, size) bytes of bits, the lowest first, filled up with zeros."""
    octets = np.packbits(bits, axis=-1, bitorder="little").astype(np.int64)
    return np.pad(octets, (*((0, 0),) * (bits.ndim - 1), (0, size - octets.shape[-1])))


def _unpack_bits(octets: Ints) -> Bits:
    return np.unpackbits(octets.astype(np.uint8), axis=-1, bitorder="little")


def _values(bits: Bits, signed: bool) -> Ints:
    """Integers (…) of bits (…, width), the lowest first."""
    width = bits.shape[-1]
    octets = np.zeros((*bits.shape[:-1], 8), dtype=np.uint8)
    packed = np.packbits(bits, axis=-1, bitorder="little")
    octets[..., : packed.shape[-1]] = packed
    values: Ints = octets.view("<i8")[..., 0].astype(np.int64)
    return values << (64 - width) >> (64 - width) if signed else values
