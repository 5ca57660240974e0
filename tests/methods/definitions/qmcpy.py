"""QMCPy (A. G. Sorokin, arXiv:2502.14256): Gram products and solves of digitally shift-invariant kernels.

The matrix is that of the kernel's formula, at Sobol' points, and dense: there is no transform here.
"""

from math import comb

import numpy as np
from methods.bench import Near, defines

POINTS = 64
DIGITS = 6


def sobol():
    """(64, 2) points in steps of 1/64: dimension 1 reverses bits, 2 is a triangle of Pascal's modulo 2."""
    found = np.zeros((POINTS, 2), dtype=np.int64)
    for i in range(POINTS):
        for digit in range(DIGITS):
            weight = 1 << (DIGITS - 1 - digit)
            found[i, 0] += (i >> digit & 1) * weight
            found[i, 1] += sum(comb(c, digit) * (i >> c & 1) for c in range(DIGITS)) % 2 * weight
    return found


def kernel():
    """The Gram matrix; digit-wise differences modulo 2 are exclusive or."""
    x = sobol()
    gram = np.ones((POINTS, POINTS))
    for dimension, weight in enumerate((1, 0.5)):
        apart = x[:, None, dimension] ^ x[None, :, dimension]
        power = np.floor(np.log2(np.maximum(apart, 1))) - DIGITS
        gram *= 1 + weight * np.where(apart == 0, 1, 1 - 3 * 2**power)
    return gram


@defines("qmcpy_gram")
def product(x):
    return {"codes": x @ kernel().T}  # dyadic numbers of less than 53 bits: exact


@defines("qmcpy_solve")
def solve(x):
    gram = kernel()
    vectors = np.array([[(-1) ** (i & j).bit_count() for j in range(POINTS)] for i in range(POINTS)])
    spectrum = vectors @ gram[0]
    # 1/λ is off by 2^-18 of itself at most, the product by half of 2^-16; float64 does the rest to 2^-30.
    off = (np.abs(x @ vectors) / np.abs(spectrum) * 2.0**-18 + 2.0**-17).sum(axis=1, keepdims=True) / POINTS
    return {"codes": Near(np.linalg.solve(gram, x.T).T, off + 2.0**-30)}
