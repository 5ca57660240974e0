"""SAQ (H. Li et al., arXiv:2509.12086): c = floor((x + v)/Δ), Δ = 2v/2^B, v and B of each segment."""

import numpy as np
from methods.bench import defines

# Bits, and 4 times the range, of segments of 64, 64 and 128 dimensions.
SEGMENTS = ((8, 50), (6, 21), (3, 9))


@defines("saq_256")
def saq(x):
    codes = []
    for part, (bits, v) in zip(np.split(x, (64, 128), axis=1), SEGMENTS, strict=True):
        steps = (part * 1024).astype(np.int64) * 4 + v * 1024  # (x + v) in steps of 2^-12
        codes.append(np.clip((steps << bits) // (2 * v * 1024), 0, 2**bits - 1))
    return {"codes": np.concatenate(codes, axis=1)}
