"""SVDQuant (M. Li et al., arXiv:2411.05007): x / smooth to INT4 in groups of 64, or NVFP4 in groups of 16."""

from fractions import Fraction

import numpy as np
from methods.bench import defines
from methods.definitions.arithmetic import grouped, nearest_ratio
from methods.definitions.constants import stage
from methods.definitions.grids import exponent, nearest

BITS, FRACTION = 16, 16


def smoothed(x, name):
    """x / smooth in steps of 2^-16, by reciprocals of 16 significant bits, each rounded to nearest even."""
    smooth = stage(name, "gain")["gain"]
    low = [int(exponent(s.denominator, s.numerator)) for s in smooth]
    m = [round(1 / s / Fraction(2) ** (e - BITS + 1)) for s, e in zip(smooth, low, strict=True)]
    shift = np.array(low) - BITS + 1 + FRACTION - 10
    assert (shift < 0).all()
    y = nearest_ratio((x * 1024).astype(np.int64) * np.array(m), np.int64(1) << -shift)
    # What the recipe says of this beside the formula.
    wanted = x / np.array([float(s) for s in smooth])
    assert (np.abs(y * 2.0**-FRACTION - wanted) <= np.abs(wanted) * 2.0**-BITS + 2.0 ** -(FRACTION + 1)).all()
    return y


@defines("svdquant_int4")
def int4(x):
    y = grouped(smoothed(x, "svdquant_int4"), 64)
    amax = np.abs(y).max(axis=2, keepdims=True)
    codes = np.clip(nearest_ratio(7 * y, np.maximum(amax, 1)), -8, 7)
    # s = a/7, stored as a binary16: 10 bits behind the leading one, down to 2^-24. Of zeros it is 1.
    scale = nearest(amax, 7 << FRACTION, mantissa=10, least=-14, largest=65504)
    return {"codes": codes.reshape(x.shape), "scale": np.where(amax == 0, 1, scale)[..., 0]}


@defines("svdquant_nvfp4")
def nvfp4(x):
    y = grouped(smoothed(x, "svdquant_nvfp4"), 16)
    amax = np.abs(y).max(axis=2, keepdims=True)
    scale = nearest(amax, 6 << FRACTION, mantissa=3, least=-6, largest=448)
    none = scale == 0
    below = np.where(none, 1, scale * 2.0**FRACTION)  # scales are multiples of 2^-9
    codes = np.sign(y) * nearest(np.where(none, 0, np.abs(y)), below, mantissa=1, least=0, largest=6)
    return {"codes": codes.reshape(x.shape), "scale": scale[..., 0]}
