"""What definitions of floating-point codes share: exact ratios to the numbers of a minifloat."""

import numpy as np
from methods.definitions.arithmetic import nearest_ratio


def exponent(n, d):
    """floor(log2(n / d)) of integers > 0, exactly; of 0 it is 0, or as of 1."""
    n, d = np.broadcast_arrays(np.asarray(n).astype(np.int64), np.asarray(d).astype(np.int64))
    d = np.maximum(d, 1)
    e = np.frexp(np.maximum(n, 1) / d)[1].astype(np.int64) - 1
    # float64 may have rounded up to a power of two.
    over = (d << np.maximum(e, 0)) > (np.maximum(n, 1) << np.maximum(-e, 0))
    return np.where(n == 0, 0, e - over)


def parts(n, d, mantissa, least):
    """n, d as integers, and the step's exponent, so that n / d · 2^-step counts steps."""
    step = np.maximum(exponent(n, d), least) - mantissa
    n = np.asarray(n).astype(np.int64) << np.maximum(-step, 0)
    d = np.asarray(d).astype(np.int64) << np.maximum(step, 0)
    return n, d, step


def nearest(n, d, mantissa, least, largest):
    """n / d ≥ 0 to the nearest number, ties to even, with `mantissa` bits, 2^least the least normal one."""
    above, below, step = parts(n, d, mantissa, least)
    return np.minimum(np.ldexp(nearest_ratio(above, below), step), largest)


def stochastic(n, d, r, mantissa, least, largest):
    """n / d + r/256 of a step, down to a number; r from 0 to 255."""
    above, below, step = parts(n, d, mantissa, least)
    down = (256 * above + r * below) // (256 * below)
    found = np.ldexp(down.astype(np.float64), step)
    again = np.maximum(np.frexp(np.maximum(found, 1e-300))[1] - 1, least) - mantissa
    return np.minimum(np.ldexp(np.floor(np.ldexp(found, -again)), again), largest)


def xorshift(seed, beats, lanes):
    """Marsaglia's xorshift32 (13, 17, 5), one for each four lanes: (beats, lanes) bytes, lowest first."""
    mask = 0xFFFFFFFF
    found = np.zeros((beats, lanes), dtype=np.int64)
    for unit in range(-(-lanes // 4)):
        state = (seed + 0x9E3779B9 * unit) & mask or 1
        for beat in range(beats):
            found[beat, 4 * unit : 4 * unit + 4] = tuple(state.to_bytes(4, "little"))
            state ^= state << 13 & mask
            state ^= state >> 17
            state ^= state << 5 & mask
    return found
