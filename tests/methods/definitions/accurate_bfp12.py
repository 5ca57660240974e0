"""Accurate block quantization (N. Trukhanov, I. Soloveychik, arXiv:2403.20137): sorted channels to BFP12."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import grouped
from methods.definitions.constants import RECIPES


@defines("accurate_bfp12")
def accurate_bfp12(x):
    blocks = grouped(x[:, np.load(RECIPES / "accurate_bfp12.npy")], 128)
    amax = np.abs(blocks).max(axis=2)
    # Powers of two of float64 numbers: exact. A block of zeros has the least exponent there is.
    power = np.frexp(amax)[1] - 1
    codes = np.clip(np.rint(np.ldexp(blocks, (10 - power)[..., None])), -2048, 2047)
    scale = np.where(amax == 0, 2.0**-127, np.ldexp(1.0, power))
    return {"codes": codes.reshape(x.shape) / 1024, "scale": scale}
