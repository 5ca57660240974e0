"""Find Williamson sequences, and print them as hadacast.matrices.constructions keeps them.

    python tools/williamson.py 3 5 7 39 43

Sequences are symmetric and of odd length n, so their Fourier transforms A, B, C, D are real, and A² + B²
+ C² + D² = 4n at each frequency. At frequency 0 these are four odd squares; for each way to write 4n as
such, pairs (a, b) with A² + B² <= 4n everywhere are sorted by a hash of the sum of their
autocorrelations, and looked up for each pair (c, d). Sequences that i -> u·i mod n leaves as they are,
u³ = ±1, come first: there are few of them, and they do for 43. All others are a matter of seconds up to
33, and of minutes and 2 GB of memory at 39.
"""

import sys
from collections.abc import Iterator
from itertools import combinations_with_replacement
from math import gcd

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 16
MARGIN = 0.01  # for what float32 rounds


def elements(n: int, masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sequences of masks, (len(masks), n): bit i - 1 set means that elements i and n - i are -1."""
    half = np.minimum(np.arange(n), n - np.arange(n))
    return 1 - 2 * ((2 * masks[:, None] >> half) & 1)


def candidates(n: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Masks of sequences whose power is 4n at most at each frequency, their powers but that at frequency 0,
    and the absolute values of their sums."""
    m = (n - 1) // 2
    cosines = 2 * np.cos(2 * np.pi * np.outer(np.arange(1, m + 1), np.arange(m + 1)) / n)
    found = []
    for start in range(0, 1 << m, CHUNK):
        masks = np.arange(start, min(start + CHUNK, 1 << m))
        spectra = 1 + elements(n, masks)[:, 1 : m + 1] @ cosines
        fit = (spectra**2 <= 4 * n + MARGIN).all(axis=1)
        spectra = spectra[fit]
        found.append((masks[fit], (spectra[:, 1:] ** 2).astype(np.float32), np.rint(np.abs(spectra[:, 0]))))
    masks, powers, sums = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return masks, powers, sums.astype(np.int64)


def hashes(n: int, masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """A linear function of the cyclic autocorrelations, modulo 2^64."""
    factors = np.random.default_rng(1).integers(1, 1 << 62, (n - 1) // 2)
    a = elements(n, masks)
    total = np.zeros(len(masks), dtype=np.int64)
    for shift, factor in enumerate(factors, start=1):
        total += (a * np.roll(a, -shift, axis=1)).sum(axis=1) * factor
    return total


def image(n: int, masks: NDArray[np.int64], u: int) -> NDArray[np.int64]:
    """The sequences with element i moved to u·i mod n."""
    moved = np.zeros_like(masks)
    for i in range(1, (n - 1) // 2 + 1):
        j = u * i % n
        moved |= ((masks >> (i - 1)) & 1) << (min(j, n - j) - 1)
    return moved


def first_of_orbit(n: int, masks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether no other sequence that a unit u makes of it has a smaller mask."""
    least = masks.copy()
    for u in range(2, (n + 1) // 2):
        if gcd(u, n) == 1:
            least = np.minimum(least, image(n, masks, u))
    return least == masks


def pairs(
    a: NDArray[np.float32], b: NDArray[np.float32], limit: float
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """For each row of a, the rows of b with which it nowhere exceeds the limit."""
    columns = np.ascontiguousarray(b.T)
    order = range(len(columns))
    for index, row in enumerate(a):
        # The highest demands first: few are left after some frequencies.
        most = sorted(order, key=lambda k: -row[k])
        left = np.flatnonzero(columns[most[0]] <= limit - row[most[0]])
        for k in most[1:]:
            left = left[columns[k][left] <= limit - row[k]]
        yield index, left


def search(n: int) -> tuple[int, ...] | None:
    """Masks of four sequences of length n, or None where there are none."""
    masks, powers, sums = candidates(n)
    for u in range(2, (n + 1) // 2):
        if u**3 % n in (1, n - 1):
            fixed = image(n, masks, u) == masks
            found = match(n, masks[fixed], powers[fixed], sums[fixed])
            if found:
                return found
    return match(n, masks, powers, sums)


def match(
    n: int, masks: NDArray[np.int64], powers: NDArray[np.float32], sums: NDArray[np.int64]
) -> tuple[int, ...] | None:
    """Four of these candidates, or None where no four fit."""
    keys = hashes(n, masks)
    representative = first_of_orbit(n, masks)
    limit = 4 * n + MARGIN
    for squares in combinations_with_replacement(range(1, 2 * n, 2), 4):
        if sum(root**2 for root in squares) != 4 * n:
            continue
        classes = sorted((np.flatnonzero(sums == root) for root in squares), key=len)
        if not len(classes[0]):
            continue
        a, c, d, b = classes
        a = a[representative[a]]
        left = [
            (keys[a[i]] + keys[b[j]], np.full(len(j), a[i]), b[j])
            for i, j in pairs(powers[a], powers[b], limit)
        ]
        if not left:
            continue
        key, first, second = (np.concatenate(parts) for parts in zip(*left, strict=True))
        order = np.argsort(key)
        key, first, second = key[order], first[order], second[order]
        for i, j in pairs(powers[c], powers[d], limit):
            wanted = -(keys[c[i]] + keys[d[j]])
            at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
            hits = np.flatnonzero(key[at] == wanted) if len(key) else []
            if len(hits):
                at, j = at[hits[0]], j[hits[0]]
                return tuple(int(masks[k]) for k in (first[at], second[at], c[i], d[j]))
    return None


def main() -> None:
    """Search for the lengths given."""
    for text in sys.argv[1:]:
        found = search(int(text))
        shown = "none" if found is None else "(" + ", ".join(f"0x{mask:X}" for mask in found) + ")"
        print(f"    {text}: {shown},", flush=True)


if __name__ == "__main__":
    main()
