"""SageAttention2 (J. Zhang et al., arXiv:2411.10958): K less its mean to INT4, V to E4M3 for each channel."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import away_ratio
from methods.definitions.constants import stage
from methods.definitions.grids import nearest


@defines("sageattention2_k")
def keys(x):
    """y / (a/7 + 1e-7), half away from zero, in steps of 2^-12: 7·10^7·y over 10^7·a + 7·4096."""
    negative = stage("sageattention2_k", "bias")["bias"]
    mean = np.tile([float(-b) for b in negative], 64)
    y = ((x - mean) * 4096).astype(np.int64)
    amax = np.abs(y).max(axis=1, keepdims=True)
    return {"codes": away_ratio(y * 7 * 10**7, amax * 10**7 + 7 * 4096), "scale": amax / 4096}


@defines("sageattention2_v")
def values(x):
    largest = stage("sageattention2_v", "quantize")["scale"]["threshold"]
    above = (np.abs(x) * 1024).astype(np.int64) * 448 * np.array([a.denominator for a in largest])
    below = np.array([a.numerator for a in largest]) * 1024
    return {"codes": np.sign(x) * nearest(above, below, mantissa=3, least=-6, largest=448)}
