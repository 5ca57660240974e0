"""Roots, compared and rounded without a float."""

from decimal import Decimal, getcontext
from fractions import Fraction
from math import isqrt

import pytest

from hadacast.irrational import Power, first

F = Fraction


@pytest.mark.parametrize("n", [2, 3, 4, 10**6 - 1, 10**6, 10**12 + 1, 2**80, 2**80 - 1])
def test_square_roots(n):
    root = Power(F(n), 1, 2)
    exact = isqrt(n) ** 2 == n
    assert root.ceiling(1 << 60) == isqrt(n) + (not exact)
    assert root.ceiling(1 << 60, strict=True) == isqrt(n) + 1
    # √n is never half of an odd number: k is nearest where (k - 1/2)² < n < (k + 1/2)².
    k = root.nearest(1 << 60)
    assert (2 * k - 1) ** 2 < 4 * n < (2 * k + 1) ** 2


def test_comparisons_agree_with_forty_digits():
    getcontext().prec = 60
    for base in (F(2), F(3, 7), F(13, 15)):
        for above in (-9, -1, 0, 1, 5, 31):
            for below in (1, 2, 3, 20):
                number = Power(base, above, below, F(100), F(-1, 3))
                log = (Decimal(base.numerator) / Decimal(base.denominator)).ln() * above / below
                value = log.exp() * 100 - Decimal(1) / 3
                for q in (F(-1), F(0), F(1, 3), F(99), F(100), F(299, 3), F(12345, 7), F(10) ** 9):
                    rest = value - Decimal(q.numerator) / Decimal(q.denominator)
                    want = 0 if abs(rest) < Decimal(10) ** -40 else (1 if rest > 0 else -1)
                    assert number.compare(q) == want


def test_ties_are_seen():
    assert Power(F(25, 4), 1, 2).nearest(9) == 2  # 2.5
    assert Power(F(49, 4), 1, 2).nearest(9) == 4  # 3.5
    assert Power(F(9), 1, 2).ceiling(9) == 3
    assert Power(F(9), 1, 2).ceiling(9, strict=True) == 4


def test_limits():
    assert Power(F(100)).ceiling(9) == 10
    assert Power(F(100)).nearest(9) == 9
    assert Power(F(1, 100), term=F(-5)).nearest(9) == 0
    assert first(lambda n: False, 6) == 7


def test_large_exponents_take_no_large_numbers():
    assert Power(F(2), 10**12, 3).ceiling(1 << 40) == (1 << 40) + 1
    assert Power(F(2), -(10**12), 3).ceiling(1 << 40) == 1
