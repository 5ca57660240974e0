"""BiPer (E. Vargas et al., arXiv:2404.01278): the sign of a square wave of period T = 0.314."""

import numpy as np
from methods.bench import defines


@defines("biper")
def biper(w):
    half_periods = (w * 2**14).astype(np.int64) * 1000 // (157 * 2**14)
    sine = np.sin(2 * np.pi * w / 0.314)
    assert ((np.where(half_periods % 2, -1, 1) == np.sign(sine)) | (np.abs(sine) < 1e-4)).all()
    return {"codes": half_periods % 2}  # 0 for +α, 1 for -α
