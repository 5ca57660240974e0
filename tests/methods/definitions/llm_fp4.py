"""LLM-FP4 (S.-Y. Liu et al., arXiv:2310.16836): E2M1 under an exponent bias b for each channel, a real one.

Clip to ±(2 - 2^-M)·2^(2^E - 1 - b), then round to steps of 2^(max(floor(log2|x| + b), 1) - M - b).
"""

import numpy as np
from methods.bench import defines
from methods.definitions.constants import stage
from methods.definitions.grids import nearest

E, M = 2, 1


@defines("llm_fp4")
def llm_fp4(x):
    clip = stage("llm_fp4", "quantize")["scale"]["threshold"]
    # t = |x| · 2^b in whole numbers, of 2^b = 12 / clip; its steps are 2^(max(floor(log2 t), 1) - M).
    largest = (2 - 2**-M) * 2 ** (2**E - 1)
    power = [int(largest) / c for c in clip]
    above = np.array([p.numerator for p in power]) * (np.abs(x) * 1024).astype(np.int64)
    below = np.array([p.denominator for p in power]) * 1024
    # E2M1 as MX defines it has bias 1: its numbers are half of these.
    return {"codes": np.sign(x) * nearest(above, below, mantissa=M, least=1, largest=largest) / 2}
