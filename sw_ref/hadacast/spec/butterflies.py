"""The arithmetic of the fast Walsh-Hadamard transform, fast in NumPy.

NumPy is quick on long contiguous runs of narrow integers that stay in cache, and slow on short
runs. So frames are taken some at a time, in the narrowest dtype that holds the output, and each
index bit is worked on while it stands far from the end of memory: the low bits after a transpose
that puts them first, the high bits where they are. Butterflies on different bits commute.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hadacast.format import Ints

# Elements worked on at a time: two buffers of int32 then fit a level 2 cache of 1 MiB.
CHUNK = 1 << 16


def butterflies(x: Ints, width: int, distances: Sequence[int]) -> Ints:
    """Butterflies between elements so far apart, along the last axis of `x`: exact, in place.

    A distance d pairs place i with i + d in each block of 2·d places; all 2·d divide the axis, and so does
    2·d the next larger distance. 1, 2, 4 … 2^(k-1) are H_{2^k} on each 2^k elements in a row.

    `x` is int64; it is overwritten where it is C-contiguous, and then 1 MiB is all the memory taken.
    `width` is the signed width that holds every output. It holds every intermediate too: after s
    distances those are sums of 2^s inputs, each times ±1, and no sum of fewer is larger.
    """
    plain = tuple(distances) == tuple(1 << bit for bit in range(len(distances)))
    # Transforms of elements in a row are as good as frames of their own.
    frame = 1 << len(distances) if plain else x.shape[-1]
    dtype = next(d for d in (np.int16, np.int32, np.int64) if width <= np.iinfo(d).bits)
    rows = np.ascontiguousarray(x).reshape(-1, frame)
    step = max(CHUNK // frame, 1)
    buffers = np.empty((2, min(step, len(rows)) * frame), dtype)
    for start in range(0, len(rows), step):
        if plain:
            _chunk(rows[start : start + step], buffers)
        else:
            _scattered(rows[start : start + step], buffers, distances)
    return rows.reshape(x.shape)


def _chunk(rows: Ints, buffers: NDArray[np.signedinteger]) -> None:
    """Transform `rows`, shape (B, N), in place: the low index bits transposed, then the high ones."""
    size, frame = rows.size, rows.shape[1]
    low = min(frame, 1 << size.bit_length() // 2)  # both runs, low and size / low, near √size
    a, b = buffers[:, :size]
    a.reshape(low, -1)[:] = rows.reshape(-1, low).T
    a, b = _stages(a, b, _doubled(size // low, size))
    b.reshape(-1, low)[:] = a.reshape(low, -1).T
    b, a = _stages(b, a, _doubled(low, frame))
    rows[:] = b.reshape(rows.shape)


def _scattered(rows: Ints, buffers: NDArray[np.signedinteger], distances: Sequence[int]) -> None:
    """Transform `rows`, shape (B, N), in place, one distance after the other."""
    a, b = buffers[:, : rows.size]
    a.reshape(rows.shape)[:] = rows
    a, b = _stages(a, b, distances)
    rows[:] = a.reshape(rows.shape)


def _doubled(first: int, stop: int) -> list[int]:
    """first, 2·first … below `stop`."""
    return [first << bit for bit in range((stop // first).bit_length() - 1)]


def _stages(
    a: NDArray[np.signedinteger], b: NDArray[np.signedinteger], runs: Sequence[int]
) -> tuple[NDArray[np.signedinteger], NDArray[np.signedinteger]]:
    """Butterflies between runs of so many elements: (the result, the spare)."""
    for run in runs:
        pairs, out = a.reshape(-1, 2, run), b.reshape(-1, 2, run)
        np.add(pairs[:, 0], pairs[:, 1], out=out[:, 0])
        np.subtract(pairs[:, 0], pairs[:, 1], out=out[:, 1])
        a, b = b, a
    return a, b
