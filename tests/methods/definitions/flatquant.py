"""FlatQuant (Y. Sun et al., arXiv:2410.09426): P_Lᵀ X P_R, then 4 bits with a clip for each end.

The matrices are data, read from beside the recipe. A product is made in the fixed point that the recipe
states, coefficients of 12 bits and results of 18 with 10 fraction bits, and held against the real one:
coefficients are off by half a step at most, 2^-13 where all of a matrix are below 1/2, else 2^-12; results by
2^-11 more.
"""

from pathlib import Path

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import symmetric

FOLDER = Path(__file__).parents[3] / "sw_ref" / "hadacast" / "recipes"
LEFT, RIGHT = (
    np.load(FOLDER / f"flatquant64x64_{side}.npy").astype(np.float64) for side in ("left", "right")
)
STEP = 2.0**-10
LOW, HIGH = -128, 128 - STEP


class Product:
    """Vectors times matrices, as the recipe states it and in real numbers, and how far apart they may be."""

    def __init__(self, x):
        self.fixed, self.real, self.error = x, x, np.zeros_like(x)

    def times(self, matrix):
        """matrix · x over the last but one axis."""
        step = 2.0**-12 if np.abs(matrix).max() < 0.5 else 2.0**-11
        coefficients = np.rint(matrix / step) * step
        size = np.abs(self.real).sum(axis=-2, keepdims=True)
        error = np.matmul(np.abs(coefficients), self.error) + step / 2 * size + STEP / 2
        self.fixed = np.clip(np.rint(np.matmul(coefficients, self.fixed) / STEP) * STEP, LOW, HIGH)
        self.real = np.clip(np.matmul(matrix, self.real), LOW, HIGH)
        self.error = error
        assert (np.abs(self.fixed - self.real) <= error + 1e-9).all()
        return self

    def moved(self, move):
        """The same elsewhere."""
        self.fixed, self.real, self.error = move(self.fixed), move(self.real), move(self.error)
        return self


@defines("flatquant")
def flatquant(x):
    product = Product(x.reshape(-1, 64, 64)).times(LEFT.T)
    product.moved(lambda v: v.swapaxes(1, 2)).times(RIGHT.T)
    return symmetric(product.fixed.swapaxes(1, 2).reshape(x.shape), STEP, 7, (98, 100), negative=96)
