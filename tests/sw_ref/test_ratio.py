"""The multiplication that stands for a division, against exact fractions."""

import math
import random
from fractions import Fraction
from itertools import pairwise

import pytest

from hadacast.errors import HadacastError
from hadacast.ratio import Ratio, matters, product_latency, signed_digits, tiles


def check(ratio, xs):
    for index, factor in enumerate(ratio.factors):
        for x in xs:
            exact = x * factor * Fraction(2) ** ratio.fraction
            assert ratio.compute(x, index) == (math.floor(exact), exact.denominator != 1), (x, factor)
    assert (
        max(ratio.compute(ratio.largest, i)[0] for i in range(len(ratio.factors))).bit_length() <= ratio.width
    )


@pytest.mark.parametrize("fraction", [-9, -1, 0, 1, 8])
def test_every_small_ratio_and_every_x(fraction):
    """All n/d up to 12/12 and all |x| up to a bound, with and without bits behind the point."""
    for largest in (1, 2, 7, 31, 32, 33):
        for n in range(13):
            for d in range(1, 13):
                check(
                    Ratio(largest=largest, factors=(Fraction(n, d),), fraction=fraction), range(largest + 1)
                )


def test_random_ratios_at_the_points_that_fail_first():
    """|x| next to multiples of the denominator, where a floor and a tie are nearest to be missed."""
    rng = random.Random(1)
    for _ in range(400):
        bits = rng.randint(1, 48)
        largest = rng.choice([1 << bits, (1 << bits) - 1, rng.randint(1, 1 << bits)])
        n, d = rng.getrandbits(24) | 1, rng.getrandbits(rng.randint(1, 24)) | 1
        factor = Fraction(n, d) * Fraction(2) ** rng.randint(-40, 40)
        ratio = Ratio(largest=largest, factors=(factor,), fraction=rng.choice([-3, 0, 1, 8]))
        multiple = largest // d * d
        xs = {0, 1, largest, largest - 1, multiple, multiple - 1, multiple - d, rng.randint(0, largest)}
        check(ratio, [x for x in xs if 0 <= x <= largest])


def test_tables_of_ratios_share_one_cut():
    rng = random.Random(2)
    for _ in range(60):
        factors = tuple(
            Fraction(rng.getrandbits(12), rng.getrandbits(10) | 1) * Fraction(2) ** rng.randint(-9, 4)
            for _ in range(rng.randint(2, 9))
        )
        ratio = Ratio(largest=(1 << rng.randint(2, 20)) - rng.randint(0, 1), factors=factors, fraction=1)
        check(ratio, {0, 1, 2, 3, ratio.largest, ratio.largest - 1, rng.randint(0, ratio.largest)})


def test_one_bit_less_would_be_wrong():
    """The stated cut is needed: there are ratios for which the next smaller one gives a wrong floor."""
    wrong = 0
    for d in range(3, 64, 2):
        ratio = Ratio(largest=255, factors=(Fraction(1, d),), fraction=0)
        cut = 8 + (d - 1).bit_length() - 2
        m = -(-(1 << cut) // d)
        wrong += any(x * m >> cut != x // d for x in range(256))
        assert ratio.cut <= 8 + (d - 1).bit_length()
    assert wrong > 0


@pytest.mark.parametrize(
    ("factor", "plan"),
    [
        (Fraction(1, 4), "wire"),
        (Fraction(0), "wire"),
        (Fraction(7, 8), "digits"),
        (Fraction(181, 256), "tiles"),
    ],
)
def test_cheap_ratios_have_no_multiplier(factor, plan):
    assert Ratio(largest=1 << 15, factors=(factor,)).plan == plan


def test_signed_digits_are_the_fewest():
    for number in range(1 << 12):
        digits = signed_digits(number)
        assert sum(sign << place for place, sign in digits) == number
        places = [place for place, _ in digits]
        assert all(b - a > 1 for a, b in pairwise(places))


def test_tiles_cover_each_pair_once_without_overlap():
    for a in (5, 18, 19, 40, 72):
        for b in (5, 18, 36, 37, 80):
            found = [pair for operand in tiles(a, b) for pair in operand]
            assert sorted(found) == [(i, j) for i in range(-(-a // 18)) for j in range(-(-b // 18))]
            for operand in tiles(a, b):
                ends = [18 * (i + j) + min(18, a - 18 * i) + min(18, b - 18 * j) for i, j in operand]
                assert all(end <= 18 * (i + j) for end, (i, j) in zip(ends, operand[1:], strict=False))
    assert product_latency(18, 18) == 2
    assert product_latency(1, 40) == 0


@pytest.mark.parametrize("factors", [(), (Fraction(-1),)])
def test_errors(factors):
    with pytest.raises(HadacastError, match="numbers from 0"):
        Ratio(largest=1, factors=factors)


def test_bits_that_matter():
    """With a bit set above those, x·r is 2^over or more; and one bit fewer would not do."""
    rng = random.Random(3)
    for _ in range(300):
        r = Fraction(rng.randint(1, 999), rng.randint(1, 999)) * Fraction(2) ** rng.randint(-9, 9)
        largest, over = rng.randint(1, 1 << 24), rng.randint(1, 20)
        bits = matters(largest, r, over)
        assert bits == largest.bit_length() or r * (1 << bits) >= 1 << over
        assert bits == 1 or r * (1 << (bits - 1)) < 1 << over
    assert matters(1 << 20, Fraction(0), 8) == 21
