"""LRQ-DiT (L. Yang et al., arXiv:2508.03485): both rotations, then 4 bits asymmetric per token."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import asymmetric, kronecker, paley2, random_signs
from methods.definitions.flatquant import LEFT, RIGHT, Product


@defines("lrq_dit_hadamard")
def hadamard(x):
    return asymmetric(kronecker(x * random_signs(6, 1152), paley2(17), 32), 2.0**-10, 4)


# Dealt out in zigzag: of block b the k-th channel is 18 k + b, or 18 k + 17 - b for odd k.
PLACES = np.array([18 * k + (17 - b if k % 2 else b) for b in range(18) for k in range(64)])


@defines("lrq_dit_blocks")
def blocks(x):
    # Fixed point as flatquant's.
    product = Product(x.reshape(-1, 18, 64, 1)).times(LEFT)
    product.moved(lambda v: v.reshape(x.shape)[:, PLACES].reshape(v.shape)).times(RIGHT)
    return asymmetric(product.fixed.reshape(x.shape), 2.0**-10, 4)
