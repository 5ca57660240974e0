"""The read side of vector quantization: indices to the vectors of a codebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, coefficients
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.settings import Setting, Table
from hadacast.spec.stage import Stage

MAX_NUMBERS = 1 << 16
MAX_WIDTH = 32
AUTO = "auto"
Book = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Codebook(Stage):
    """Each index k becomes the v numbers of vector k.

    What comes in are frames of N/v indices, in beats of P/v of them, or of one where a vector takes several
    beats, which is then held as long. Frames of N numbers leave. The stage comes first in a pipeline.

    Members
    -------
    frame, lanes: N and P of the frames that leave; v divides N, and P, or P it.
    input: of the indices: unsigned, without fraction bits, of up to 16 bits.
    book: a vector of v numbers for each index, 2^width of them; 65,536 numbers are the most.
    width, fraction: of the numbers, which are rounded to nearest, ties to even; 2 to 32 bits, signed. "auto":
        the most fraction bits with which all fit.
    loadable: whether other numbers can be written at run time.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "codebook"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"book", "fraction"})

    book: Book = ()
    width: int = 16
    fraction: int | str = AUTO
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Packed | Block) or not isinstance(self.input, Format):
            raise HadacastError(f"input is {self.input}: a codebook stage takes plain indices")
        if self.input.signed or self.input.fraction or self.input.width > 16:
            raise HadacastError(f"input is {self.input}: indices are unsigned, 1 to 16 bits, no fraction")
        object.__setattr__(self, "book", _book(self.book, 1 << self.input.width))
        v = self.vector
        if self.frame % v or (self.lanes % v and v % self.lanes):
            raise HadacastError(
                f"book has vectors of {v}: that must divide the frame, {self.frame:,}, and the lanes,"
                f" {self.lanes}, or they it"
            )
        checks.integer("width", self.width, 2, MAX_WIDTH)
        if self.fraction != AUTO:
            Format(fraction=self.fraction)  # type: ignore[arg-type]
        checks.flag("loadable", self.loadable)
        _ = self.codes  # raises where a number doesn't fit

    @property
    def vector(self) -> int:
        """v."""
        return len(self.book[0])

    @property
    def in_lanes(self) -> int:
        return max(self.lanes // self.vector, 1)

    @property
    def in_beats(self) -> int:
        return self.frame // self.vector // self.in_lanes

    @property
    def hold(self) -> int:
        """Beats that leave for one that comes in."""
        return self.beats // self.in_beats

    @cached_property
    def result(self) -> Format:
        """Format of the numbers."""
        fraction = self.fraction
        if isinstance(fraction, str):
            numbers = (number for row in self.book for number in row)
            fraction = coefficients.fraction_bits(numbers, self.width) or 0
        return Format(width=self.width, fraction=fraction)

    @property
    def output(self) -> Codes | Block:
        return self.result

    @property
    def built(self) -> dict[str, Any]:
        return super().built | {"fraction": self.result.fraction}

    @cached_property
    def codes(self) -> tuple[tuple[int, ...], ...]:
        """The numbers' codes."""
        return tuple(coefficients.codes("book", row, self.result) for row in self.book)

    def place(self, lane: int, part: int) -> int:
        """The place in its vector of what leaves a lane in a beat, number `part` of those of its index."""
        return (part * self.lanes + lane) % self.vector

    @property
    def part_bits(self) -> int:
        """Bits of a beat's number among those of its index."""
        return (self.hold - 1).bit_length()

    def rows(self, lane: int) -> tuple[int, ...]:
        """The memory of a lane: of each index, a row for each of its beats, a power of two of them."""
        parts = range(1 << self.part_bits)
        places = [self.place(lane, part) if part < self.hold else None for part in parts]
        return tuple(0 if place is None else vector[place] for vector in self.codes for place in places)

    @property
    def element_bits(self) -> int:
        """Bits of a place in a vector, in the table of the book."""
        return (self.vector - 1).bit_length()

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        size = 1 << self.element_bits
        init = tuple(code for row in self.codes for code in (*row, *(0,) * (size - self.vector)))
        text = f"the vectors, in steps of 2^{-self.result.fraction}; a vector takes {size} places"
        return (Table(name="book", text=text, width=self.width, signed=True, init=init),)

    @property
    def latency(self) -> int:
        return 2

    def transform(self, x: Frames) -> Frames:
        book = np.array(self.codes, dtype=np.int64)
        return Frames(codes=book[x.codes].reshape(*x.codes.shape[:-1], self.frame))


def _book(value: Any, count: int) -> Book:
    """Vectors of numbers, as many as there are indices."""
    rows = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    lengths = {len(row) if isinstance(row, Sequence) and not isinstance(row, str) else 0 for row in rows}
    if len(rows) != count or len(lengths) != 1 or 0 in lengths:
        raise HadacastError(
            f"book is {checks.quote(value)}: it must be {count:,} vectors of as many numbers, for all indices"
        )
    if count * max(lengths) > MAX_NUMBERS:
        raise HadacastError(f"book has {count * max(lengths):,} numbers: {MAX_NUMBERS:,} are the most")
    return tuple(tuple(coefficients.number("book", number) for number in row) for row in rows)
