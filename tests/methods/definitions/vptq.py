"""VPTQ (Y. Liu et al., arXiv:2409.17066): each index stands for a vector of the codebook."""

import numpy as np
from methods.bench import defines
from methods.definitions.constants import RECIPES


@defines("vptq_256x8")
def vptq(index):
    book = np.load(RECIPES / "vptq_256x8.npy").astype(np.float64)
    return {"codes": np.concatenate([book[k] for k in index.astype(np.int64).T], axis=1)}
