"""FlatQuant (Y. Sun et al., arXiv:2410.09426): P_Lᵀ X P_R, then 4 bits with a clip for each end.

The matrices are data, read from beside the recipe. Coefficients of 12 bits are off by half a step at most,
2^-13 where all of a matrix are below 1/2, else 2^-12; results by half a step of 2^-10 for each factor. Those
saturate at 18 bits.
"""

from pathlib import Path

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import near_symmetric

FOLDER = Path(__file__).parents[3] / "sw_ref" / "hadacast" / "recipes"
LEFT, RIGHT = (
    np.load(FOLDER / f"flatquant64x64_{side}.npy").astype(np.float64) for side in ("left", "right")
)
COEFFICIENT = 2.0**-13
HALF = 2.0**-11
LOW, HIGH = -128, 128 - 2.0**-10


def rotated(matrix, x, error=None):
    """matrix · x over the last but one axis, for x off by `error`: results, and how far they can be off."""
    coefficient = 2.0**-13 if np.abs(matrix).max() < 0.5 else 2.0**-12
    y = np.matmul(matrix, x)
    # Coefficients are up to |matrix| + coefficient. Zeros stay zeros, without a rounding.
    off = coefficient * np.abs(x).sum(axis=-2, keepdims=True)
    off = off + (0 if error is None else np.matmul(np.abs(matrix) + coefficient, error))
    off = off * np.ones_like(y)
    return np.clip(y, LOW, HIGH), np.where(off > 0, off + HALF, 0)


@defines("flatquant")
def flatquant(x):
    first, error = rotated(LEFT.T, x.reshape(-1, 64, 64))
    second, error = rotated(RIGHT.T, first.swapaxes(1, 2), error.swapaxes(1, 2))
    y, error = (v.swapaxes(1, 2).reshape(x.shape) for v in (second, error))
    return near_symmetric(y, error, 7, (0.98, 0.96))
