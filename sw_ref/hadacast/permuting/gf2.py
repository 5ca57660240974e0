"""Linear algebra over GF(2): a vector is an int, bit i its element i; a matrix the list of its columns."""

from collections.abc import Sequence

import numpy as np

from hadacast.format import Ints


def apply(columns: Sequence[int], vector: int) -> int:
    """Matrix times vector."""
    result = 0
    for k, column in enumerate(columns):
        if vector >> k & 1:
            result ^= column
    return result


def product(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """The matrix a·b."""
    return [apply(a, column) for column in b]


def added(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """The matrix a + b."""
    return [x ^ y for x, y in zip(a, b, strict=True)]


def identity(size: int) -> list[int]:
    """The identity matrix."""
    return [1 << k for k in range(size)]


def rows(columns: Sequence[int], height: int) -> list[int]:
    """The rows of a matrix of `height` rows, which are the columns of its transpose."""
    return [sum((column >> r & 1) << k for k, column in enumerate(columns)) for r in range(height)]


def inverse(columns: Sequence[int]) -> list[int]:
    """The inverse of a square matrix, which must have one (Gauss and Jordan)."""
    size = len(columns)
    work = [column | 1 << (size + k) for k, column in enumerate(columns)]
    for bit in range(size):
        pivot = next(k for k in range(bit, size) if work[k] >> bit & 1)
        work[bit], work[pivot] = work[pivot], work[bit]
        for k in range(size):
            if k != bit and work[k] >> bit & 1:
                work[k] ^= work[bit]
    # Column operations that turn the matrix into the identity are the columns of the inverse.
    return [column >> size for column in work]


def independent(columns: Sequence[int]) -> tuple[list[int], list[int]]:
    """A basis of the span of columns, and each column as a mask of the basis vectors that add up to it."""
    reduced: dict[int, tuple[int, int]] = {}  # by leading bit: a vector, and the basis vectors it sums
    basis: list[int] = []
    masks = []
    for column in columns:
        rest, mask = column, 0
        while rest and (found := reduced.get(rest.bit_length())):
            rest, mask = rest ^ found[0], mask ^ found[1]
        if rest:
            new = 1 << len(basis)
            reduced[rest.bit_length()] = (rest, mask ^ new)
            mask = new
            basis.append(column)
        masks.append(mask)
    return basis, masks


def kernel(columns: Sequence[int]) -> list[int]:
    """A basis of the vectors that a matrix takes to zero."""
    found: list[int] = []
    kept: list[int] = []
    for k in range(len(columns)):
        basis, masks = independent([*(columns[other] for other in kept), columns[k]])
        if len(basis) > len(kept):
            kept.append(k)
        else:
            found.append(1 << k | sum(1 << other for i, other in enumerate(kept) if masks[-1] >> i & 1))
    return found


def affine(source: Ints) -> tuple[list[int], int] | None:
    """Columns M and constant c with source[i] = M·i ⊕ c, for a permutation of 2^n places; None where it is
    no such map."""
    size = len(source)
    if size & (size - 1):
        return None
    constant = int(source[0])
    columns = [int(source[1 << k]) ^ constant for k in range(size.bit_length() - 1)]
    place = np.arange(size)
    image = np.full(size, constant)
    for k, column in enumerate(columns):
        image ^= np.where(place >> k & 1, column, 0)
    return (columns, constant) if np.array_equal(image, source) else None
