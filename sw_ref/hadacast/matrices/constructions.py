"""Families of Hadamard matrices. Each function gives int8, or None where the family has no such order."""

import numpy as np
from numpy.typing import NDArray

from hadacast.matrices.residues import jacobsthal, prime_power

Signs = NDArray[np.int8]

# Williamson sequences of odd length n: a, b, c, d with a_i = a_(n-i) and a_0 = 1, whose cyclic
# autocorrelations add up to nothing. Bit i - 1 is set where elements i and n - i are -1, i up to (n-1)/2. All
# were found by tools/williamson.py, which has not been asked for 41; there are none of length 35 (Đoković,
# 1993).
WILLIAMSON = {
    3: (0x1, 0x0, 0x1, 0x1),
    5: (0x3, 0x2, 0x3, 0x1),
    7: (0x7, 0x6, 0x3, 0x5),
    9: (0x7, 0xA, 0x1, 0x3),
    11: (0x7, 0xC, 0x1D, 0x9),
    13: (0x1F, 0x34, 0xD, 0x19),
    15: (0x27, 0x64, 0x1D, 0x21),
    17: (0x7D, 0x69, 0x37, 0xDC),
    19: (0x6F, 0x12E, 0x85, 0x3B),
    21: (0x19, 0x269, 0x5E, 0x1D1),
    23: (0x29F, 0x31A, 0x48A, 0x2F0),
    25: (0x65F, 0xE29, 0x65F, 0x1D6),
    27: (0xB77, 0x18DA, 0xE2F, 0x27D),
    29: (0x712, 0x3B0A, 0x1BCA, 0x182D),
    31: (0x15F3, 0x29AE, 0x2742, 0x64E0),
    33: (0x57DE, 0xBC92, 0x62BE, 0x760D),
    37: (0x1EFA3, 0x32B27, 0xDCAB, 0x1E7D0),
    39: (0x26B7E, 0x6317D, 0x15E6E, 0x2FB92),
    43: (0x1BAF3, 0x1210F5, 0x4789A, 0x82D63),
}


def sylvester(order: int) -> Signs | None:
    """S_2n = [[S_n, S_n], [S_n, -S_n]] from S_1 = [1]; orders 2^k (J. J. Sylvester, 1867)."""
    if order < 1 or order & (order - 1):
        return None
    index = np.arange(order)
    return np.where(np.bitwise_count(index[:, None] & index) % 2, -1, 1).astype(np.int8)


def paley1(order: int) -> Signs | None:
    """I + [[0, 1], [-1, Q]]: orders q + 1, q = 3 mod 4 a prime power, Q that of jacobsthal(q).

    R. E. A. C. Paley, "On orthogonal matrices", Journal of Mathematics and Physics 12 (1933).
    """
    q = order - 1
    if q % 4 != 3 or not prime_power(q):
        return None
    h = np.ones((order, order), dtype=np.int8)
    h[1:, 0] = -1
    h[1:, 1:] = jacobsthal(q) + np.eye(q, dtype=np.int8)
    return h


def paley2(order: int) -> Signs | None:
    """[[C + I, C - I], [C - I, -C - I]], C = [[0, 1], [1, Q]]: orders 2(q + 1), q = 1 mod 4 a prime power.

    Symmetric. Paley (1933), as above.
    """
    half = order // 2
    q = half - 1
    if order % 4 or q % 4 != 1 or not prime_power(q):
        return None
    c = np.ones((half, half), dtype=np.int8)
    c[0, 0] = 0
    c[1:, 1:] = jacobsthal(q)
    one = np.eye(half, dtype=np.int8)
    return np.block([[c + one, c - one], [c - one, -c - one]])


def williamson(order: int) -> Signs | None:
    """[[A, B, C, D], [-B, A, -D, C], [-C, D, A, -B], [-D, -C, B, A]], symmetric circulants of order n:
    orders 4n with n in WILLIAMSON.

    J. Williamson, "Hadamard's determinant theorem and the sum of four squares", Duke Mathematical Journal
    11 (1944).
    """
    n = order // 4
    if order % 4 or n not in WILLIAMSON:
        return None
    index = np.arange(n)
    distance = (index[:, None] - index) % n
    folded = np.minimum(distance, n - distance)
    a, b, c, d = (np.where((2 * mask >> folded) & 1, -1, 1).astype(np.int8) for mask in WILLIAMSON[n])
    return np.block([[a, b, c, d], [-b, a, -d, c], [-c, d, a, -b], [-d, -c, b, a]])
