"""The affine quantizer of the whitepaper (R. Krishnamoorthi, arXiv:1806.08342) and the survey (A. Gholami et
al., arXiv:2103.13630)."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import nearest_ratio
from methods.definitions.constants import stage
from methods.definitions.grids import nearest


@defines("whitepaper_uint8")
def constant(x):
    scale = stage("whitepaper_uint8", "quantize")["scale"]
    steps = scale["step"]
    numerator = np.array([s.denominator for s in steps]) * (x * 1024).astype(np.int64)
    codes = nearest_ratio(numerator, np.array([s.numerator for s in steps]) * 1024)
    return {"codes": np.clip(codes + np.array(scale["zero"]), 0, 255)}


@defines("survey_uint8")
def dynamic(x):
    x = (x * 1024).astype(np.int64)
    low = np.minimum(x.min(axis=1, keepdims=True), 0)
    high = np.maximum(x.max(axis=1, keepdims=True), 0)
    span = np.maximum(high - low, 1)  # of zeros: one step of the input
    zero = nearest_ratio(-low * 255, span)
    codes = np.clip(nearest_ratio(x * 255, span) + zero, 0, 255)
    scale = nearest(span, 255 * 1024, mantissa=23, least=-126, largest=2.0**128)  # stored as a binary32
    return {"codes": codes, "scale": scale, "zero": zero}
