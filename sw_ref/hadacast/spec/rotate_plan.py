"""How the hardware of a matrix product is laid out: cells, widths and latencies."""

from dataclasses import dataclass
from functools import cached_property

from hadacast.format import Format
from hadacast.ratio import TILE, TILE_LATENCY, tree
from hadacast.rescale import Rescale

# Cells that one copy of the arriving beat reaches: the wave waits a cycle for the next copy.
GROUP = 16

# Cycles from a queue's push to its head, with two registers behind its memory.
QUEUE = 3


@dataclass(frozen=True, kw_only=True)
class RotatePlan:
    """A matrix-vector product by a row of cells.

    A beat holds `taps` consecutive elements of each of `columns` vectors. Cell b keeps beat b of a vector;
    the sums of each beat of results pass it in turn, and collect what the cell's elements contribute.

    Members
    -------
    matrix: coefficient codes, (n, n) as rows, as they multiply.
    format_: of the coefficients. element: of what comes in. output: of what leaves. rounding: of results.
    columns, taps: as above; taps divide n.
    loadable: whether coefficients may be any that the format holds.
    """

    matrix: tuple[tuple[int, ...], ...]
    format_: Format
    element: Format
    output: Format
    rounding: str
    columns: int
    taps: int
    loadable: bool

    @property
    def order(self) -> int:
        """n."""
        return len(self.matrix)

    @property
    def steps(self) -> int:
        """Beats of a vector, and cells."""
        return self.order // self.taps

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """First and last + 1 bit of each piece of an element that a multiplier takes, the lowest first."""
        width = self.element.width
        return tuple((start, min(start + TILE, width)) for start in range(0, width, TILE))

    @property
    def terms(self) -> int:
        """Products that a cell adds for each sum."""
        return self.taps * len(self.parts)

    @property
    def multipliers(self) -> int:
        """Of all cells."""
        return self.steps * self.columns * self.taps * self.terms

    @cached_property
    def _ranges(self) -> list[tuple[int, int]]:
        """Least and largest sum behind each cell, over all rows."""
        low, high = self.element.min, self.element.max
        if self.loadable:
            corners = [c * x for c in (self.format_.min, self.format_.max) for x in (low, high)]
            per_cell = self.taps * min(corners), self.taps * max(corners)
            return [(per_cell[0] * (b + 1), per_cell[1] * (b + 1)) for b in range(self.steps)]
        bottoms, tops = [0] * self.order, [0] * self.order
        found = []
        for b in range(self.steps):
            for i, row in enumerate(self.matrix):
                for c in row[b * self.taps : (b + 1) * self.taps]:
                    bottoms[i] += min(c * low, c * high)
                    tops[i] += max(c * low, c * high)
            found.append((min(bottoms), max(tops)))
        return found

    @property
    def range(self) -> tuple[int, int]:
        """Least and largest exact result, in steps of `exact`."""
        return self._ranges[-1]

    def width(self, cell: int) -> int:
        """Bits of the sums behind a cell."""
        low, high = self._ranges[cell]
        return max(high.bit_length(), (~low).bit_length() if low else 0) + 1

    @property
    def product_width(self) -> int:
        """Bits of what one cell adds to a sum."""
        largest = self.taps * max(self.element.max, -self.element.min) << (self.format_.width - 1)
        return largest.bit_length() + 1

    @cached_property
    def exact(self) -> Format:
        """Format of the exact results."""
        fraction = self.element.fraction + self.format_.fraction
        return Format(width=self.width(self.steps - 1), fraction=fraction)

    @cached_property
    def rescale(self) -> Rescale:
        """The last step."""
        return Rescale(input=self.exact, output=self.output, rounding=self.rounding)

    # Latencies, in cycles.

    @property
    def coefficient(self) -> int:
        """From an address to its coefficients: a table, or a memory with a register behind it."""
        return 2 if self.loadable else 1

    @property
    def cell(self) -> int:
        """From an address to the sum behind the cell: coefficients, product, adders."""
        return self.coefficient + TILE_LATENCY + tree(self.terms) + 1

    def starts(self, cell: int) -> int:
        """When a wave comes to a cell, after it came to cell 0."""
        return cell + cell // GROUP

    @property
    def array(self) -> int:
        """From the first beat at cell 0 to the first sum behind the last cell."""
        return self.starts(self.steps - 1) + self.cell

    @property
    def through(self) -> int:
        """From a beat's leaving the input queue to its result's coming to the output queue."""
        return 1 + self.array + self.rescale.latency

    @property
    def in_depth(self) -> int:
        """Beats in the queue before the cells: a vector starts when it is whole."""
        return self.steps + QUEUE + 4

    @property
    def out_depth(self) -> int:
        """Beats in the queue behind them: those on the way, and a vector that starts."""
        return self.steps + self.through + QUEUE + 2

    @property
    def latency(self) -> int:
        """From a vector's first beat to that of its result, queues included."""
        return (self.steps - 1) + QUEUE + self.through + QUEUE
