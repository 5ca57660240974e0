"""The constructions against their definitions, from other sources than the code's."""

import itertools

import numpy as np
import pytest

from hadacast.matrices import constructions
from hadacast.matrices.residues import jacobsthal, prime_power

PRIMES = [3, 5, 7, 11, 13, 17, 19, 29, 43, 53, 59, 107, 139, 251]
POWERS = [9, 25, 27, 49, 81, 121, 125, 169, 243]


@pytest.mark.parametrize("q", PRIMES)
def test_residues_of_primes_are_legendres(q):
    legendre = pytest.importorskip("sympy").legendre_symbol
    chi = [0] + [legendre(a, q) for a in range(1, q)]
    a, b = np.indices((q, q))
    assert (jacobsthal(q) == np.array(chi)[(a - b) % q]).all()


@pytest.mark.parametrize("q", [9, 25, 27, 49])
def test_residues_of_prime_powers_are_squares_in_a_field(q):
    """Some modulus that sympy calls irreducible gives the same squares, in the same order of elements."""
    galois = pytest.importorskip("sympy.polys.galoistools")
    zz = pytest.importorskip("sympy.polys.domains").ZZ
    p, m = prime_power(q)

    def polynomial(element):  # sympy's highest power comes first
        return galois.gf_trunc([zz(element // p**i % p) for i in reversed(range(m))], zz(p))

    def number(poly):
        return sum(int(c % p) * p**i for i, c in enumerate(reversed(poly)))

    def squares(modulus):
        return {
            number(galois.gf_rem(galois.gf_sqr(polynomial(a), p, zz), modulus, p, zz)) for a in range(1, q)
        }

    ours = {a for a in range(1, q) if jacobsthal(q)[a, 0] == 1}
    moduli = [[zz(1), *map(zz, low)] for low in itertools.product(range(p), repeat=m)]
    assert ours in [squares(f) for f in moduli if galois.gf_irreducible_p(f, p, zz)]
    # Differences are those of polynomials.
    rng = np.random.default_rng(q)
    for a, b in rng.integers(0, q, (50, 2)):
        minus = number(galois.gf_sub(polynomial(int(a)), polynomial(int(b)), p, zz))
        assert jacobsthal(q)[a, b] == jacobsthal(q)[minus, 0]


@pytest.mark.parametrize("q", PRIMES + POWERS)
def test_jacobsthals_identities(q):
    """Q·Qᵀ = q·I - J, Q·J = 0, Qᵀ = (-1)^((q-1)/2)·Q: Paley (1933)."""
    matrix = jacobsthal(q).astype(np.int64)
    ones = np.ones((q, q), dtype=np.int64)
    assert (matrix @ matrix.T == q * np.eye(q) - ones).all()
    assert not (matrix @ ones).any()
    assert ((1 if q % 4 == 1 else -1) * matrix == matrix.T).all()


def test_prime_powers():
    sympy = pytest.importorskip("sympy")
    for q in range(300):
        factors = sympy.factorint(q) if q > 1 else {}
        assert prime_power(q) == (next(iter(factors.items())) if len(factors) == 1 else None)


def test_paley1_is_skew_but_for_its_diagonal():
    for order in (12, 20, 28, 44, 140):
        h = constructions.paley1(order)
        assert (h + h.T == 2 * np.eye(order)).all()
        assert (h[0] == 1).all()


def test_paley2_is_symmetric():
    for order in (12, 20, 28, 36, 52, 108, 244):
        h = constructions.paley2(order)
        assert (h == h.T).all()


@pytest.mark.parametrize("n", constructions.WILLIAMSON)
def test_williamson_sequences(n):
    """Powers add up to 4n at each frequency; and of a_i, b_i, c_i, d_i, i > 0, three have one sign: the
    product is -1, which Williamson (1944) proved of all such sequences."""
    h = constructions.williamson(4 * n)
    a, b, c, d = (h[0, n * k : n * (k + 1)].astype(np.int64) for k in range(4))
    power = sum(np.abs(np.fft.fft(s)) ** 2 for s in (a, b, c, d))
    assert np.allclose(power, 4 * n)
    for s in (a, b, c, d):
        assert s[0] == 1
        assert (s[1:] == s[1:][::-1]).all()
    assert (a * b * c * d)[1:].tolist() == [-1] * (n - 1)


def test_which_orders_there_are():
    def orders(family):
        return [n for n in range(1, 257) if family(n) is not None]

    assert orders(constructions.sylvester) == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert orders(constructions.williamson) == [
        4 * n for n in range(3, 44, 2) if n in constructions.WILLIAMSON
    ]
    is_power = [q for q in range(3, 256) if prime_power(q)]
    assert orders(constructions.paley1) == [q + 1 for q in is_power if q % 4 == 3]
    assert orders(constructions.paley2) == [2 * (q + 1) for q in is_power if q % 4 == 1 and q < 128]
