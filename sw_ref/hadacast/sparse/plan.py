"""Which samples of a signal a frame is made of."""

import numpy as np

from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.spec.bins import Bins
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


def bins_of(spec: Pipeline | Bins) -> Bins:
    """The bins stage of a pipeline, or the one given.

    Raises HadacastError where there is none, or where no fwht stage before it transforms its bins.
    """
    if isinstance(spec, Bins):
        return spec
    for index, stage in enumerate(spec.stages):
        if isinstance(stage, Bins):
            wanted = tuple(stage.delays << bit for bit in range(len(stage.hash[0])))
            before = [s.distances for s in spec.stages[:index] if isinstance(s, Fwht)]
            if before != [wanted]:
                raise HadacastError(
                    f"{spec.name} has transforms over distances {before} before its bins: "
                    f"it must have one fwht stage of size {stage.bins} and stride {stage.delays}"
                )
            return stage
    raise HadacastError(f"{spec.name} has no bins stage: a plan needs one")


def delays(spec: Bins) -> Ints:
    """(C, D) delays of each group, in the order of observations."""
    steps = np.array([[0, *(1 << q for q in group)] for group in spec.free], dtype=np.int64)
    return (steps[:, :, None] ^ np.array(spec.offsets, dtype=np.int64)).reshape(spec.groups, spec.delays)


def places(spec: Pipeline | Bins) -> Ints:
    """(N,) the places in the signal, 0 to 2^n - 1, whose samples make a frame, in the order they are sent.

    Element (c, j, d) of group c is x[delay d of c xor expand_c(j)], where expand_c puts the bits of j at
    the positions hash[c]. A place may come several times. Raises HadacastError as bins_of() does.
    """
    stage = bins_of(spec)
    number = np.arange(stage.bins)
    expand = [
        sum((number >> bit & 1) << position for bit, position in enumerate(group)) for group in stage.hash
    ]
    return (np.array(expand)[:, :, None] ^ delays(stage)[:, None]).reshape(-1)
