"""LRQ-DiT (L. Yang et al., arXiv:2508.03485): both rotations, then 4 bits asymmetric per token."""

from methods.bench import defines
from methods.definitions.arithmetic import asymmetric, kronecker, paley2, random_signs


@defines("lrq_dit_hadamard")
def hadamard(x):
    return asymmetric(kronecker(x * random_signs(6, 1152), paley2(17), 32), 2.0**-10, 4)
