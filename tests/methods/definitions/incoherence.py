"""QuIP# (A. Tseng et al., arXiv:2402.04396) and DiscQuant (J. Chee et al., arXiv:2501.06417): the randomized
Hadamard transform on both sides of a product with weights."""

import numpy as np
from methods.bench import Near, defines
from methods.definitions.arithmetic import kronecker, paley1, random_signs, sylvester

H40 = np.kron(sylvester(2), paley1(19))
H12 = paley1(11)


def near(sums, size, factor, fraction=12):
    """sums/√size, within what the recipe states: its factor's error, and half a step."""
    values = sums / np.sqrt(size)
    error = abs(factor * np.sqrt(size) - 1)
    # 1e-9: float64's own roundings of numbers up to 2^13.
    return {"codes": Near(values, np.abs(values) * error + 2.0 ** -(fraction + 1) + 1e-9)}


@defines("quip_sharp_in")
def quip_in(x):
    return near(kronecker(x * random_signs(1, 5120), H40, 128), 5120, 58617 / 2**22)


@defines("quip_sharp_out")
def quip_out(x):
    return near(kronecker(x, H40.T, 128) * random_signs(2, 5120), 5120, 58617 / 2**22)


@defines("discquant_in")
def discquant_in(x):
    return near(kronecker(x * random_signs(3, 3072), H12, 256), 3072, 37837 / 2**21)


@defines("discquant_out")
def discquant_out(x):
    return near(kronecker(x, H12.T, 256) * random_signs(4, 3072), 3072, 37837 / 2**21)
