"""Quantizers that are tables of thresholds: NUPES (E. Yvinec et al., arXiv:2308.05600), DenseShift (X. Li et
al., arXiv:2208.09708), twin-log of LRQ-DiT (L. Yang et al., arXiv:2508.03485)."""

from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
from methods.bench import defines

getcontext().prec = 60


@defines("nupes_int4")
def nupes(x):
    """q = round(√(|x|/a)·7): at m - 1/2 where 4·49·|x| = (2m - 1)²·a, and a tie goes to the even one."""
    top, amax = 7, 14848  # a = 14.5 in steps of 2^-10
    left = 4 * top**2 * np.abs(x * 1024).astype(np.int64)
    q = np.zeros(x.shape)
    for m in range(1, top + 1):
        right = (2 * m - 1) ** 2 * amax
        q += left >= right if m % 2 == 0 else left > right
    # ±a·(m/7)² to 12 fraction bits.
    meant = np.array([round(Fraction(amax * m * m * 4, top**2)) for m in range(top + 1)]) / 4096
    return {"codes": np.sign(x) * meant[q.astype(int)]}


@defines("denseshift_3")
def denseshift(x):
    magnitude = 2.0 ** np.arange(4)
    which = (np.abs(x)[..., None] >= (magnitude[:-1] + magnitude[1:]) / 2).sum(axis=-1)
    return {"codes": np.where(x < 0, -1, 1) * magnitude[which]}


def logarithm(number):
    """log2, to 60 digits."""
    return (Decimal(number.numerator) / Decimal(number.denominator)).ln() / Decimal(2).ln()


@defines("lrqdit_twinlog4")
def twin_log(x):
    """Of every magnitude once, with 60 digits: closer to a tie than 10^-50 counts as one."""
    eta, most, fraction = Fraction(1, 32), 6, 16
    codes = np.zeros(x.shape)
    for sign, delta, zero in ((1, Fraction(3, 4), -1), (-1, Fraction(11, 16), -2)):
        there = np.sign(x) == sign
        magnitudes, where = np.unique(np.abs(x[there]), return_inverse=True)
        step = Decimal(delta.numerator) / Decimal(delta.denominator)
        q = [tie_even(logarithm(Fraction(m) + eta) / step) - zero for m in magnitudes.tolist()]
        powers = [step * (code + zero) for code in range(most + 1)]
        meant = [Decimal(2) ** power - Decimal(1) / 32 for power in powers]
        meant = np.array([float(tie_even(number * 2**fraction)) for number in meant]) / 2**fraction
        codes[there] = (sign * meant[np.clip(np.array(q, dtype=int), 0, most)])[where]
    return {"codes": codes}


def tie_even(number):
    """To nearest, ties to even."""
    low = int(number.to_integral_value("ROUND_FLOOR"))
    above = number - low - Decimal("0.5")
    if abs(above) < Decimal("1e-50"):
        return low + low % 2
    return low + (above > 0)
