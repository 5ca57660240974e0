"""ShiftQuant (W. Guo et al., arXiv:2411.10948): groups under s_i = M/31·2^-i."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import grouped, nearest_ratio
from methods.definitions.grids import exponent


@defines("shiftquant_int6")
def shiftquant(x):
    x = (grouped(x, 32) * 1024).astype(np.int64)
    largest = 124 * 1024  # 5 M = 124
    amax = np.abs(x).max(axis=2)
    i = exponent(largest, 5 * amax)
    # x / s_i = x · 31 · 2^i / M; beyond M, of which no tensor has any, i is negative.
    above = x * 31 * 5 << np.maximum(i, 0)[..., None]
    codes = nearest_ratio(above, largest << np.maximum(-i, 0)[..., None])
    # Of zeros: the least scale that the side has.
    scale = np.where(amax == 0, 2.0**-127, 2.0**-i)
    return {"codes": np.where(amax[..., None] == 0, 0, codes).reshape(len(x), -1), "scale": scale}
