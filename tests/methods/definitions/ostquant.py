"""OSTQuant (X. Hu et al., arXiv:2501.13987): the online part, a rotation and 4 bits symmetric per token."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import kronecker, paley2, symmetric


@defines("ostquant")
def ostquant(x):
    return symmetric(kronecker(x, paley2(13), 512), 2.0**-10, 7, store=np.float32)
