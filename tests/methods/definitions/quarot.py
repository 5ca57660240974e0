"""QuaRot (S. Ashkboos et al., arXiv:2404.00456): three online rotations and what is quantized behind each.

Rotations are taken without 1/√N, as the recipes say: codes and zero points don't depend on it, the scale is
√N times the paper's.
"""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import asymmetric, kronecker, paley2, sylvester, symmetric, wht

STEP = 2.0**-10


@defines("quarot_down")
def down(x):
    return symmetric(kronecker(x, paley2(5), 128), STEP, 7, (9, 10))


@defines("quarot_heads")
def heads(x):
    y = np.matmul(sylvester(32), x.reshape(-1, 32, 128)).reshape(x.shape)
    return symmetric(y, STEP, 7, (9, 10))


@defines("quarot_kv")
def keys(x):
    return asymmetric(wht(x, 128), STEP, 4, (19, 20), ends=True)
