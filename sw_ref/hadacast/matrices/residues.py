"""Quadratic residues of finite fields with an odd number of elements."""

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray


def prime_power(q: int) -> tuple[int, int] | None:
    """(p, m) with q = p^m and p prime, or None."""
    if q < 2:
        return None
    p = next((d for d in range(2, int(q**0.5) + 1) if q % d == 0), q)
    m = 0
    while q % p == 0:
        q, m = q // p, m + 1
    return (p, m) if q == 1 else None


def _powers(p: int, m: int, reduction: tuple[int, ...]) -> list[tuple[int, ...]]:
    """1, x, x², … until 1 comes again or 0 does, modulo x^m = Σ reduction[i]·x^i, over the field of p."""
    one = (1,) + (0,) * (m - 1)
    powers = [one]
    while True:
        *low, high = powers[-1]
        following = tuple((c + high * r) % p for c, r in zip((0, *low), reduction, strict=True))
        if following == one or len(powers) >= p**m:
            return powers
        powers.append(following)


@cache
def jacobsthal(q: int) -> NDArray[np.int8]:
    """Q with Q[a, b] = χ(a − b), a and b in the field of q = p^m elements, p odd.

    χ is 0 for 0, 1 for squares, −1 for the rest. Element number k is the polynomial whose coefficient of
    x^i is digit i of k to the base p, lowest first; the modulus is the first monic polynomial of degree m, by
    the same count of its other coefficients' negatives, of which x generates all units. For a prime q this
    is the integers modulo q.
    """
    found = prime_power(q)
    assert found
    assert q % 2
    p, m = found
    # Of a generator's powers the even ones are the squares.
    for digits in product(range(p), repeat=m):
        powers = _powers(p, m, digits[::-1])
        if len(powers) == q - 1 and len(set(powers)) == q - 1:
            break
    chi = np.zeros(q, dtype=np.int8)
    weights = p ** np.arange(m)
    for exponent, element in enumerate(powers):
        chi[int(np.dot(element, weights))] = -1 if exponent % 2 else 1
    digit = np.arange(q)[:, None] // weights % p
    difference = (digit[:, None] - digit[None, :]) % p @ weights
    return chi[difference]
