"""NVFP4 pretraining (NVIDIA, arXiv:2509.25149): S = 6·448/a_tensor, s = e4m3(a·S/6), q = e2m1(x·S/s)."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import sylvester
from methods.definitions.grids import nearest, stochastic, xorshift

SIGNS = np.array([-1 if 0xD7E8 >> place & 1 else 1 for place in range(16)])
E4M3 = {"mantissa": 3, "least": -6, "largest": 448}
E2M1 = {"mantissa": 1, "least": 0, "largest": 6}


def rotated(x):
    """x · diag(s) · H16 / 4, in steps of 2^-12: integers."""
    return ((x * SIGNS) @ sylvester(16) * 1024).astype(np.int64)


def cast(y, tensor_amax, rounded=nearest):
    """Frames of integers, and the tensor's largest magnitude in their steps; one scale for each frame."""
    amax = np.abs(y).max(axis=1, keepdims=True)
    scale = nearest(amax * 448, tensor_amax, **E4M3)
    none = scale == 0
    # x · 6 · 448 / (a_tensor · s), s in steps of 2^-9.
    below = tensor_amax * np.where(none, 1, scale * 512).astype(np.int64)
    magnitude = rounded(np.where(none, 0, np.abs(y)) * 6 * 448 * 512, below, **E2M1)
    return {"codes": np.sign(y) * magnitude, "scale": scale}


@defines("nvfp4_rht16")
def forward(x):
    return cast(rotated(x), 13 * 2048)  # 6.5 behind the division by 4


@defines("nvfp4_gradient16")
def gradient(x):
    y = rotated(x)
    random = xorshift(1, len(y), 16)
    return cast(y, 13 * 2048, rounded=lambda n, d, **grid: stochastic(n, d, random, **grid))


@defines("nvfp4_weight16x16")
def weight(x):
    return cast((x * 1024).astype(np.int64), 32 * 1024)
