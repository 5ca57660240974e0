"""MR-GPTQ (V. Egiazarian et al., arXiv:2509.23202) and QuTLASS: block rotations, then NVFP4 or MXFP4."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import nearest_of, sylvester

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
EIGHTHS = np.arange(8)
E4M3 = np.concatenate([EIGHTHS / 512, *((8 + EIGHTHS) * 2.0 ** (e - 10) for e in range(1, 16))])[:127]


@defines("mr_gptq_nvfp4")
def nvfp4(x):
    y = np.rint(x @ sylvester(16) * 1024)  # in steps of 2^-12: x·H16/4
    a = np.abs(y).max(axis=1, keepdims=True)
    # S = 6·448/8 = 336, so a·S/6 = 56 a: in steps, 56·y/2^12.
    scale = nearest_of(E4M3, a * 56, np.full_like(a, 2.0**12))
    codes = nearest_of(E2M1, np.abs(y) * 336, np.where(scale == 0, 1, scale) * 2.0**12)
    return {"codes": np.where(scale == 0, 0, np.sign(y) * codes), "scale": scale}


@defines("mr_gptq_mxfp4")
def mxfp4(x):
    y = np.rint(x @ sylvester(32) * 1024) * 181  # in steps of 2^-20: 1/√32 is 181/1024
    a = np.abs(y).max(axis=1, keepdims=True)
    # 2^⌊log2 a⌋; E8M0 has no zero, and takes its least number.
    power = np.exp2(np.frexp(np.maximum(a, 1))[1] - 1.0)
    codes = np.sign(y) * nearest_of(E2M1, 3 * np.abs(y), power)
    # A quarter of it leaves.
    return {"codes": codes, "scale": np.where(a == 0, 2.0**-127, power / 4 * 2.0**-20)}
