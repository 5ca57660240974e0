"""MambaQuant (Z. Xu et al., arXiv:2501.13484): a randomized Hadamard transform, then 8 bits asymmetric.

s = clamp((max - min)/255, 1e-5, 1e4). Without 1/√384 the least scale is √384·1e-5, as a range 255 times that:
51.17 input steps, 51 in the recipe.
"""

import math

from methods.bench import defines
from methods.definitions.arithmetic import asymmetric, kronecker, paley2, random_signs

LEAST = round(255 * 1e-5 * math.sqrt(384) * 1024)


@defines("mambaquant")
def mambaquant(x):
    y = kronecker(x * random_signs(5, 384), paley2(5), 32)
    return asymmetric(y, 2.0**-10, 8, least=LEAST, zero=False)
