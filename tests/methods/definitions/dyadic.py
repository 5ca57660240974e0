"""Dyadic requantization: HAWQ-V3 (Z. Yao et al., arXiv:2011.10680), I-ViT (Li and Gu, arXiv:2207.01405)."""

import math

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import nearest_ratio
from methods.definitions.constants import stage


def dyadic(x, scales, bits):
    """clamp(RNE(x·m/2^e)), scale = f·2^k, m = f·2^31 rounded half away from zero, e = 31 - k."""
    parts = [math.frexp(float(scale)) for scale in scales]
    m = np.array([math.floor(fraction * 2**31 + 0.5) for fraction, _ in parts])
    e = np.array([31 - power for _, power in parts])
    codes = nearest_ratio(x.astype(np.int64) * m, np.int64(1) << e)
    return {"codes": np.clip(codes, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)}


@defines("hawqv3_int4")
def hawqv3(x):
    return dyadic(x, stage("hawqv3_int4", "requantize")["scale"], 4)


@defines("ivit_int8")
def ivit(x):
    return dyadic(x, stage("ivit_int8", "requantize")["scale"], 8)
