"""How the hardware of a Hadamard stage is laid out: its factors and its timing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hadacast.matrices.constructions import Signs
from hadacast.spec.stride import BEHIND, STRIDE

# Elements of a column that one bus serves; a longer array is cut, with a register at each cut.
SEGMENT = 24

# Cycles from a column's first element to its use in the array: its number, a look-up of two cycles, a sign.
LEAD = 4

# Cycles from a push into an empty queue to its head: a write, a read, and the registers behind a memory.
QUEUE = 2 + BEHIND


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A step that leaves columns half as long, and an array half as large: with a and b the halves of a
    column, a + b leaves first and then a - b.

    Members
    -------
    distance: elements in a half.
    corrects: whether, of the results u and v of the two, u - 2b and v - 2a are those of the column. If not, u
        and v are.
    """

    distance: int
    corrects: bool

    @property
    def latency(self) -> int:
        """Cycles from an element to the sum or difference in its place."""
        return self.distance + 1


@dataclass(frozen=True, eq=False)
class HadamardPlan:
    """The folds of a ±1 matrix M of order K, and the array that is left.

    - M = [[A, A], [A, -A]] folds to A: M(a, b) = (A(a + b), A(a - b)). All Kronecker factors S_2 are such.
    - M = [[E, E - 2I], [E - 2I, -E]] folds to E: M(a, b) = (E(a + b) - 2b, E(a - b) - 2a). Paley's second
      construction has this form.

    Members
    -------
    matrix: M, (K, K).
    blocks: frames hold so many blocks of K rows. beats: of a row.
    """

    matrix: Signs
    beats: int

    @property
    def order(self) -> int:
        """K."""
        return len(self.matrix)

    @cached_property
    def _factors(self) -> tuple[tuple[Fold, ...], Signs]:
        folds: list[Fold] = []
        left = self.matrix
        while len(left) % 2 == 0:
            half = len(left) // 2
            a, b, c, d = left[:half, :half], left[:half, half:], left[half:, :half], left[half:, half:]
            corrected = a - 2 * np.eye(half, dtype=np.int8)
            if half == 1 and a[0, 0] < 0:  # what is left of 1 × 1 is to be 1
                break
            if (a == b).all() and (a == c).all() and (a == -d).all():
                folds.append(Fold(distance=half, corrects=False))
            elif (b == corrected).all() and (c == corrected).all() and (a == -d).all():
                folds.append(Fold(distance=half, corrects=True))
            else:
                break
            left = a
        return tuple(folds), left

    @property
    def folds(self) -> tuple[Fold, ...]:
        """The folds, outermost first."""
        return self._factors[0]

    @property
    def array(self) -> Signs:
        """The matrix that is left, (n, n); n = 1 where nothing is."""
        return self._factors[1]

    @property
    def adders(self) -> int:
        """Adders for each lane."""
        corrections = sum(fold.corrects for fold in self.folds)
        return 2 * len(self.folds) + corrections + (len(self.array) if len(self.array) > 1 else 0)

    @property
    def segments(self) -> int:
        """Parts of the array with a bus of their own."""
        return -(-len(self.array) // SEGMENT)

    @property
    def array_latency(self) -> int:
        """Cycles from a column's first element to its first result."""
        n = len(self.array)
        return LEAD + n + self.segments - 1 if n > 1 else 0

    def latency_from(self, level: int) -> int:
        """Cycles from the entrance of fold number `level` to its results, corrected where they are."""
        inner = self.array_latency
        for fold in reversed(self.folds[level:]):
            inner += fold.latency + fold.corrects
        return inner

    @property
    def column_latency(self) -> int:
        """Cycles from a column's first element to its first result, folds included."""
        return self.latency_from(0)

    @property
    def queue_depth(self) -> int:
        """Results that have room ahead of them when a column starts, so that columns follow one another."""
        # To the first result at the queue's head, and its place in a counter and a flag.
        return self.order + STRIDE - 1 + self.column_latency + QUEUE + 3

    @property
    def latency(self) -> int:
        """Cycles from a block's first beat to its first result."""
        block = self.order * self.beats
        gathered = block - 1 + STRIDE + self.column_latency + QUEUE
        return gathered + (block - 1 + STRIDE if self.beats > 1 else 0)
