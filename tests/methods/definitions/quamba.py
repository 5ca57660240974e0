"""Quamba (H.-Y. Chiang et al., arXiv:2410.13229): int8(round(H y / (√N · s))), half away from zero."""

import math

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import away_ratio, kronecker, paley2, sylvester


@defines("quamba_int8")
def quamba(x):
    # H y is exact; the recipe keeps √512 in the constant scale: s·√512 = 26/127.
    rotated = x @ sylvester(512)
    scaled = rotated * (127 / 26)
    codes = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    assert math.isclose(np.abs(sylvester(512) @ sylvester(512).T).max(), 512)
    return {"codes": np.clip(codes, -128, 127)}


@defines("quamba_int8_1536")
def quamba_of_other_sizes(x):
    # √1536 is in the constant scale likewise: s·√1536 = 48/127. Steps of x are 2^-10.
    steps = kronecker(x, paley2(5), 128) * 1024
    return {"codes": np.clip(away_ratio(steps * 127, 48 * 1024), -128, 127)}
