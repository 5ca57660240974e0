"""Elucidating FP4 training (R. Hu et al., arXiv:2509.17791): transform, tensor scale, UE5M3 block scales,
stochastic rounding."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import wht
from methods.definitions.grids import nearest, stochastic, xorshift

LARGEST = 114688  # of UE5M3 whose last code is NaN: 1.75 · 2^16


@defines("elucidating_fp4")
def elucidating(x):
    y = (wht(x, 16) * 1024).astype(np.int64)  # H16 x / 4 in steps of 2^-12
    tensor_amax = 13 * 2048  # 6.5
    amax = np.abs(y).max(axis=1, keepdims=True)
    scale = nearest(amax * LARGEST, tensor_amax, mantissa=3, least=-14, largest=LARGEST)
    none = scale == 0
    below = tensor_amax * np.where(none, 1, scale * 2**17).astype(np.int64)
    above = np.where(none, 0, np.abs(y)) * 6 * LARGEST
    # Both times 2^17, of which the step of the scale took some: |y| ≤ 2^20, 6 · LARGEST < 2^20.
    random = xorshift(1, len(y), 16)
    magnitude = ratio(above, below, random)
    return {"codes": np.sign(y) * magnitude, "scale": scale}


def ratio(above, below, random):
    """above · 2^17 / below, which an int64 does not hold: both are divided by what below has of twos."""
    twos = np.minimum(np.where(below == 0, 0, np.log2((below & -below).astype(np.float64))), 17).astype(int)
    above, below = above << (17 - twos), below >> twos
    return stochastic(above, below, random, mantissa=1, least=0, largest=6)
