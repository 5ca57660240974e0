"""Pyramid VQ (T. F. A. van der Ouderaa et al., arXiv:2410.16926; T. R. Fischer 1986): greedy pulses."""

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import grouped, wht

GROUP, PULSES = 8, 4


@defines("pvq_8_4")
def pvq(x):
    rotated = (grouped(wht(x, 64), GROUP) * 64).astype(np.int64)
    flat = rotated.reshape(-1, GROUP)
    a = np.abs(flat)
    norm = a.sum(axis=1)
    y = PULSES * a // np.maximum(norm, 1)[:, None]
    y[norm == 0, 0] = PULSES
    unit = np.eye(GROUP, dtype=np.int64)
    while (left := y.sum(axis=1) < PULSES).any():
        tried = y[:, None, :] + unit  # (groups, candidate, element)
        along = (a[:, None, :] * tried).sum(axis=2) ** 2
        square = (tried**2).sum(axis=2)
        # The first candidate that no other is better than, by products across.
        better = along[:, None, :] * square[:, :, None] > along[:, :, None] * square[:, None, :]
        best = np.argmin(better.any(axis=2), axis=1)
        y += unit[best] * left[:, None]
    codes = np.where(flat < 0, -y, y).reshape(len(x), -1)
    return {"codes": codes, "scale": norm.reshape(len(x), -1) / 64}
