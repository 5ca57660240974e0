"""AffineQuant (Y. Ma et al., arXiv:2403.12544): what is left to do online, 4 bits asymmetric per token."""

from methods.bench import defines
from methods.definitions.arithmetic import asymmetric


@defines("affinequant")
def affinequant(x):
    return asymmetric(x, 2.0**-10, 4, zero=False)
