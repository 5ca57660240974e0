"""Some elements as they are, zeros in place of the others: truncating and filtering a spectrum."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.packed import Packed
from hadacast.place_table import PlaceTable, masks
from hadacast.settings import Setting, Table
from hadacast.spec.order import ORDERS, Order
from hadacast.spec.stage import Stage

ALONG = ("frame", "diagonals")


@dataclass(frozen=True, kw_only=True)
class Keep(Stage):
    """y_i = x_i for the places i that are kept, and 0 for the others.

    Exponents of frames pass, and so does the format.

    Members
    -------
    frame, lanes: as for every Stage. input: elements whose code 0 stands for 0; of frames whose elements
        share scales, only those with one exponent each.
    places: those kept, different ones from 0 to N - 1.
    first, share: in place of them the first so many, or ⌈share·N⌉, a number or a text such as "1/10".
    along: what comes first. "frame": elements of low sequency. "diagonals": of an image of `rows` rows, those
        whose row sequency and column sequency have the lowest sum, of equal sums the lower row sequency.
    rows: rows of the image, a divisor of N; 0 along "frame".
    order: the order in which elements come, of the frame or of rows and of columns (hadacast.spec.order).
        Under "sequency" the element in place i has sequency i, and sizes can be any.
    loadable: whether what is kept can be changed at run time.

    Exactly one of places, first and share. Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "keep"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"places", "first", "share", "along", "rows", "order"})

    places: tuple[int, ...] = ()
    first: int = 0
    share: Fraction = Fraction(0)
    along: str = "frame"
    rows: int = 0
    order: str = "sequency"
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_input()
        checks.instance("places", self.places, tuple)
        checks.integer("first", self.first, 0, self.frame, note=" (the frame)")
        object.__setattr__(self, "share", checks.fraction("share", self.share, 0, 1))
        checks.choice("along", self.along, ALONG)
        checks.choice("order", self.order, ORDERS)
        checks.flag("loadable", self.loadable)
        if (self.places != ()) + (self.first != 0) + (self.share != 0) != 1:
            raise HadacastError("a keep stage needs places, or first, or a share, and not more than one")
        self._check_rows()
        checks.distinct("places", self.places, self.frame - 1, "each may be there once")

    def _check_input(self) -> None:
        if isinstance(self.input, Packed):
            raise HadacastError(f"input is {self.input}: a keep stage takes elements; unpack them first")
        if isinstance(self.input, Block) and self.input != exponents(self.element, self.frame):
            raise HadacastError(
                f"input is {self.input}: keep passes one scale for each frame at most, no groups"
            )
        if self.element.decode(np.zeros(1, dtype=np.int64))[0] != 0:
            raise HadacastError(f"input is {self.input}: its code 0 must stand for 0")

    def _check_rows(self) -> None:
        if self.along == "frame":
            checks.integer("rows", self.rows, 0, 0, note=", unless along is 'diagonals'")
        else:
            checks.divisor("rows", self.rows, self.frame, "the frame")
        for name, size in zip(("rows", "columns") if self.rows else ("frame",), self._axes, strict=True):
            if self.order != "sequency" and size & (size - 1):
                raise HadacastError(
                    f"order is {self.order!r}: {name} must be a power of two, not {size:,}; or sequency"
                )

    @property
    def _axes(self) -> tuple[int, ...]:
        """Sizes along which there is a sequency: the frame's, or of rows' and columns'."""
        return (self.rows, self.frame // self.rows) if self.rows else (self.frame,)

    def _sequency(self, size: int) -> Ints:
        """(size,) sequency of the element in each place."""
        rising = np.arange(size)
        if self.order == "sequency" or size == 1:
            return rising
        found = np.empty_like(rising)
        found[Order(frame=size, before=self.order, after="sequency").source] = rising
        return found

    @property
    def count(self) -> int:
        """How many places are kept."""
        return len(self.places) or self.first or ceil(self.share * self.frame)

    @cached_property
    def kept(self) -> tuple[bool, ...]:
        """Whether each place is kept."""
        found = np.zeros(self.frame, dtype=bool)
        if self.places:
            found[list(self.places)] = True
        elif self.along == "frame":
            found[self._sequency(self.frame) < self.count] = True
        else:
            row, column = np.meshgrid(*map(self._sequency, self._axes), indexing="ij")
            found[np.lexsort((row.ravel(), (row + column).ravel()))[: self.count]] = True
        return tuple(found.tolist())

    @property
    def output(self) -> Codes | Block:
        return self.input

    @cached_property
    def table(self) -> PlaceTable:
        """What is kept of each beat as a mask, lane 0 in bit 0."""
        rows = masks(self.kept, self.beats, self.lanes)
        return PlaceTable(rows=rows, loadable=self.loadable, bits=self.lanes)

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        text = "a row for each beat, a bit for each lane: 1 where the element is kept"
        return (Table(name="kept", text=text, width=self.lanes, init=self.table.rows),)

    @property
    def changes(self) -> bool:
        """Whether any element can become 0."""
        return self.loadable or not all(self.kept)

    @property
    def latency(self) -> int:
        return self.table.latency + 1 if self.changes else 0

    def transform(self, x: Frames) -> Frames:
        return x.with_codes(np.where(self.kept, x.codes, 0))
