"""Permutations by name. Each is the array of sources: y[i] = x[source[i]]."""

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Ints

RULES = ("xor", "reverse", "rotate", "transpose", "bit_reverse")


def bit_reversed(index: Ints, size: int) -> Ints:
    """Indices of `size` places, a power of two, with their bits in reverse."""
    result = np.zeros_like(index)
    bits = size.bit_length() - 1
    for bit in range(bits):
        result |= (index >> bit & 1) << (bits - 1 - bit)
    return result


def xor(size: int, mask: int) -> Ints:
    """y[i] = x[i ⊕ mask]. `size` is a multiple of the least power of two above `mask`."""
    span = 1 << checks.integer("mask", mask, 1, max(size - 1, 1)).bit_length()
    if size % span:
        raise HadacastError(
            f"mask is {mask}: {span:,}, the power of two above it, must divide {size:,} places"
        )
    return np.arange(size) ^ mask


def rotate(size: int, shift: int) -> Ints:
    """y[i] = x[(i + shift) mod size]; a negative shift moves elements to higher places."""
    checks.integer("shift", shift, -size + 1, size - 1)
    return (np.arange(size) + shift) % size


def transpose(size: int, rows: int) -> Ints:
    """Row-major `rows` × (size / rows) to column-major: a stride permutation, or a shuffle of channels."""
    checks.integer("rows", rows, 2, max(size // 2, 2))
    if size % rows:
        raise HadacastError(f"rows is {rows}: it must divide {size:,} places")
    return np.arange(size).reshape(rows, -1).T.ravel()


def bit_reverse(size: int) -> Ints:
    """y[i] = x[the bits of i in reverse]."""
    if size & (size - 1):
        raise HadacastError(f"rule is 'bit_reverse': {size:,} places are no power of two")
    return bit_reversed(np.arange(size), size)
