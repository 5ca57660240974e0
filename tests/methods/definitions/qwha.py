"""QWHA (H. Jeon et al., arXiv:2509.17428): ΔW = F·Hᵀ·α/(N·√out), F sparse."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import nearest_ratio, sylvester

N = OUT = 4096
ALPHA = 300


@defines("qwha")
def qwha(coefficients):
    f = np.zeros((len(coefficients), N))
    for k in range(coefficients.shape[1]):
        f[:, (1597 * k + 51) % N] = coefficients[:, k]
    # Sums in steps of 2^-10, results in steps of 2^-20, √out = 64.
    steps = nearest_ratio(walsh(f) * 1024 * ALPHA * 1024, N * 64)
    return {"codes": np.clip(steps, -(2**23), 2**23 - 1) / 2**20}


def walsh(f):
    """f·Hᵀ by its factors, H_4096 = H_64 ⊗ H_64: symmetric, on f as 64 rows of 64 from both sides."""
    h = sylvester(64)
    return (h @ f.reshape(-1, 64, 64) @ h).reshape(f.shape)
