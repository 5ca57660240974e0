"""Frames whose elements share scales: what a quantizer leaves and a dequantizer takes."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import E8M0

# What a group carries beside its elements, in the order in which it travels.
SIDES = ("scale", "zero", "offset", "wide")


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Codes of frames, and what each group of elements carries beside them.

    Members
    -------
    codes: (..., N) element codes.
    scale, zero, offset, wide: (..., K) codes for each of the K groups of a frame; None where the
        Block has no such side.
    """

    codes: Ints
    scale: Ints | None = None
    zero: Ints | None = None
    offset: Ints | None = None
    wide: Ints | None = None

    @property
    def sides(self) -> dict[str, Ints]:
        """The sides that there are, by name."""
        return {name: side for name in SIDES if (side := getattr(self, name)) is not None}

    def with_codes(self, codes: Ints) -> "Frames":
        """These frames with other element codes."""
        return replace(self, codes=codes)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Elements in groups, each group with a scale of its own: element i stands for

        (element(code) - zero - zero_point) · scale · gain + offset

    in exact arithmetic, where element(code) and scale are what their formats say. A side that isn't
    there counts as scale 1, zero 0, offset 0.

    Members
    -------
    element: Format or Minifloat of the codes.
    group: elements in a row of a group. A frame holds N/(group·rows) groups.
    rows: rows of a group, 1 or the number of rows in a frame, each N/rows elements; a group of
        `rows` × `group` is a tile. Row-major, groups from left to right.
    scale: format of the scales, or None.
    zero: format of the zero points, in element codes, or None.
    offset: format of what is added in the end, or None.
    wide: format of the elements of groups whose flag `wide` is 1, or None: outliers at a higher
        precision. Codes are then as wide as the wider of the two.
    gain: constant factors, exact fractions: one, or one for each of the N places in a frame.
    wide_gain: the factor of wide groups, where it is another one; else ().
    zero_point: constant zero points, one or N.
    """

    element: Codes
    group: int
    rows: int = 1
    scale: Codes | None = None
    zero: Codes | None = None
    offset: Codes | None = None
    wide: Codes | None = None
    gain: tuple[Fraction, ...] = (Fraction(1),)
    wide_gain: tuple[Fraction, ...] = ()
    zero_point: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        checks.instance("element", self.element, Codes)
        checks.integer("group", self.group, 1, 1 << 16)
        checks.integer("rows", self.rows, 1, 1 << 16)
        for name in SIDES:
            if getattr(self, name) is not None:
                checks.instance(name, getattr(self, name), Codes)

    @property
    def width(self) -> int:
        """Bits of an element code."""
        return max(self.element.width, self.wide.width if self.wide else 0)

    @property
    def signed(self) -> bool:
        """Whether element codes are two's complement."""
        return self.element.signed

    @property
    def sides(self) -> dict[str, tuple[int, bool]]:
        """Width and signedness of each side that there is; `wide` is a flag of one bit."""
        found = {}
        for name in SIDES:
            side = getattr(self, name)
            if side is not None:
                found[name] = (1, False) if name == "wide" else (side.width, side.signed)
        return found

    def groups(self, frame: int) -> int:
        """K, groups in a frame of `frame` elements."""
        return frame // (self.group * self.rows)

    def check_frame(self, frame: int) -> None:
        """Raise HadacastError unless groups tile a frame of `frame` elements."""
        if frame % self.rows or (frame // self.rows) % self.group:
            what = f"{self.rows} × {self.group}" if self.rows > 1 else f"{self.group}"
            raise HadacastError(
                f"group is {what}: it must divide the frame, {frame:,} elements"
                + (f" in {self.rows} rows" if self.rows > 1 else "")
            )

    def check_beats(self, frame: int, lanes: int) -> None:
        """Raise HadacastError unless groups tile a frame, a group takes whole beats of `lanes` elements or a
        beat has whole groups, and so with rows."""
        self.check_frame(frame)
        row = frame // self.rows
        if self.group % lanes and lanes % self.group:
            raise HadacastError(
                f"lanes is {lanes}: with groups of {self.group} elements it must divide them, "
                f"or be a multiple of {self.group}"
            )
        if row % lanes and lanes % row:
            raise HadacastError(
                f"lanes is {lanes}: with rows of {row:,} elements it must divide them, "
                f"or be a multiple of {row:,}"
            )

    def grouped(self, x: NDArray[Any]) -> NDArray[Any]:
        """(..., N) elements as (..., K, rows·group), group by group."""
        lead, frame = x.shape[:-1], x.shape[-1]
        if self.rows == 1:
            return x.reshape(*lead, frame // self.group, self.group)
        across = frame // self.rows // self.group
        tiles = x.reshape(*lead, self.rows, across, self.group)
        return np.ascontiguousarray(np.moveaxis(tiles, -2, -3)).reshape(*lead, across, self.rows * self.group)

    def ungrouped(self, x: NDArray[Any]) -> NDArray[Any]:
        """The inverse of grouped()."""
        lead, frame = x.shape[:-2], x.shape[-2] * x.shape[-1]
        if self.rows == 1:
            return x.reshape(*lead, frame)
        tiles = x.reshape(*lead, x.shape[-2], self.rows, self.group)
        return np.ascontiguousarray(np.moveaxis(tiles, -2, -3)).reshape(*lead, frame)

    def check(self, frames: Frames, name: str = "input") -> Frames:
        """Return a copy of `frames`, int64 in C order.

        Raises HadacastError for sides that this Block doesn't have or that are missing, for one that
        isn't (..., K), and for codes out of range.
        """
        if set(frames.sides) != set(self.sides):
            shown = ", ".join(frames.sides) or "none"
            raise HadacastError(f"{name} has the sides {shown}: {', '.join(self.sides) or 'none'} are needed")
        wide = self.element if self.wide is None or self.wide.width < self.width else self.wide
        codes = wide.check(frames.codes, name)
        sides = {}
        for side, values in frames.sides.items():
            format_ = Format(width=1, signed=False) if side == "wide" else getattr(self, side)
            sides[side] = format_.check(values, f"{name}.{side}")
            shape = (*codes.shape[:-1], self.groups(codes.shape[-1]))
            if sides[side].shape != shape:
                raise HadacastError(f"{name}.{side} has shape {sides[side].shape}: it must be {shape}")
        return Frames(codes=codes, **sides)

    def decode(self, frames: Frames) -> NDArray[np.float64]:
        """The real values (..., N), rounded to float64 only where a product needs it; NaN under scales that
        are NaN, and for 0 under scales that are infinite."""
        codes, flagged = self.grouped(frames.codes), np.False_
        if self.wide is not None and frames.wide is not None:
            flagged = frames.wide[..., None] == 1
        values = self.element.decode(np.where(flagged, 0, codes))
        values = values - self.grouped(np.broadcast_to(np.array(self.zero_point), frames.codes.shape))
        gain = self.grouped(np.broadcast_to([float(g) for g in self.gain], frames.codes.shape))
        if self.wide is not None:
            values = np.where(flagged, self.wide.decode(np.where(flagged, codes, 0)), values)
            if self.wide_gain:
                gain = np.where(flagged, float(self.wide_gain[0]), gain)
        if self.zero is not None and frames.zero is not None:
            values = values - self.zero.decode(frames.zero)[..., None]
        with np.errstate(invalid="ignore"):  # 0 under a scale that is infinite, or infinity and its negative
            if self.scale is not None and frames.scale is not None:
                values = values * self.scale.decode(frames.scale)[..., None]
            values = values * gain
            if self.offset is not None and frames.offset is not None:
                values = values + self.offset.decode(frames.offset)[..., None]
        return np.asarray(self.ungrouped(values), dtype=np.float64)

    def __str__(self) -> str:
        shape = f"{self.rows}×{self.group}" if self.rows > 1 else f"{self.group}"
        sides = [f"{name} {getattr(self, name)}" for name in SIDES if getattr(self, name) is not None]
        return f"{self.element} in groups of {shape}" + (f", {', '.join(sides)}" if sides else "")


def exponents(element: Codes, frame: int) -> Block:
    """Fixed-point elements with one exponent for a frame, an E8M0 code: what an align stage leaves."""
    return Block(element=element, group=frame, scale=E8M0)
