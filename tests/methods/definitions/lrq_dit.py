"""LRQ-DiT (L. Yang et al., arXiv:2508.03485): both rotations, then 4 bits asymmetric per token."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import asymmetric, kronecker, near_asymmetric, paley2, random_signs
from methods.definitions.flatquant import LEFT, RIGHT, rotated


@defines("lrq_dit_hadamard")
def hadamard(x):
    return asymmetric(kronecker(x * random_signs(6, 1152), paley2(17), 32), 2.0**-10, 4)


# Dealt out in zigzag: of block b the k-th channel is 18 k + b, or 18 k + 17 - b for odd k.
PLACES = np.array([18 * k + (17 - b if k % 2 else b) for b in range(18) for k in range(64)])


@defines("lrq_dit_blocks")
def blocks(x):
    # Coefficients and roundings are those of flatquant's factors.
    first, error = rotated(LEFT, x.reshape(-1, 18, 64, 1))
    dealt, error = (v.reshape(x.shape)[:, PLACES] for v in (first, error))
    y, error = rotated(RIGHT, dealt.reshape(-1, 18, 64, 1), error.reshape(-1, 18, 64, 1))
    return near_asymmetric(y.reshape(x.shape), error.reshape(x.shape), 4)
