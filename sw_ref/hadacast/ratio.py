"""Multiplication by constant ratios without a divider: the numbers behind hadacast.core.ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.irrational import floor_log2
from hadacast.rounding import odd_parts

# The multiplier of a DSP block, 18 × 18 bits unsigned (ECP5, Gowin; iCE40 UP has 16 × 16).
TILE = 18
TILE_LATENCY = 2  # registers at its factors and at its product
# Up to this many nonzero signed digits, adders are cheaper than a DSP block.
MAX_DIGITS = 4
# A LUT4 is a table of four bits: products of a constant with that many are looked up, and two are added.
NIBBLE = 4
# More dropped bits than this are OR-ed in a cycle of their own.
FAST_STICKY = 4


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """floor(|x|·r·2^F), and whether that is inexact, for integers |x| ≤ `largest` and constants r.

    One multiplication by an integer M and a cut of K bits do it, as in T. Granlund and P. Montgomery,
    "Division by Invariant Integers using Multiplication" (PLDI 1994). Let r·2^F = n·2^s/d, n and d odd,
    D = d·2^max(0, -s), 2^t ≥ largest, K ≥ t + log2(D), and M = ceil(r·2^(F+K)) = r·2^(F+K) + e with
    0 ≤ e < 1. Then

        |x|·M = |x|·r·2^F·2^K + |x|·e,   0 ≤ |x|·e < 2^t    (0 for x = 0, and always if d = 1, when e = 0).

    |x|·r·2^F is a whole multiple of 1/D, so its part behind the point is 0 or 1/D … 1 - 1/D; the error,
    below 2^t/2^K ≤ 1/D, doesn't carry it over the next integer: the bits of |x|·M from K up are the floor.
    The K bits below it are less than 2^t if |x|·r·2^F is an integer, and at least 2^K/D ≥ 2^t if not: the
    result is inexact iff any of the bits t … K - 1 is 1.

    With several ratios one K serves all, the largest that any of them needs.

    Members
    -------
    largest: of |x|, 1 or more. factors: the ratios r, each 0 or more. fraction: F.
    """

    largest: int
    factors: tuple[Fraction, ...]
    fraction: int = 1

    def __post_init__(self) -> None:
        checks.integer("largest", self.largest, 1, 1 << 128)
        checks.integer("fraction", self.fraction, -512, 512)
        for factor in self.factors:
            checks.instance("a factor", factor, Fraction)
        if not self.factors or min(self.factors) < 0:
            raise HadacastError(
                f"factors are {checks.quote(self.factors)}: they must be numbers from 0, at least one"
            )

    @cached_property
    def _scheme(self) -> tuple[tuple[int, ...], int, int]:
        """The multipliers M, K, and t, freed of powers of two that all multipliers share."""
        parts = [odd_parts(factor) if factor else (0, 1, 0) for factor in self.factors]
        divides = any(d > 1 for _, d, _ in parts)
        t = (self.largest - 1).bit_length() if divides else 0
        cut = max(t + (d - 1).bit_length() + max(0, -(s + self.fraction)) for _, d, s in parts)
        numbers = [-(-(n << (s + self.fraction + cut)) // d) for n, d, s in parts]
        shared = [(m & -m).bit_length() - 1 for m in numbers if m]
        zeros = min(shared) if shared else cut
        return tuple(m >> zeros for m in numbers), cut - zeros, max(t - zeros, 0)

    @property
    def multipliers(self) -> tuple[int, ...]:
        """M of each ratio."""
        return self._scheme[0]

    @property
    def cut(self) -> int:
        """K; below 0 where products are shifted up."""
        return self._scheme[1]

    @property
    def sticky(self) -> tuple[int, int]:
        """First and last + 1 of the product's bits that say it is inexact."""
        return min(self._scheme[2], max(self.cut, 0)), max(self.cut, 0)

    @property
    def bits(self) -> int:
        """Bits of |x|."""
        return self.largest.bit_length()

    @property
    def multiplier_bits(self) -> int:
        """Bits of M."""
        return max(max(self.multipliers).bit_length(), 1)

    @property
    def product_bits(self) -> int:
        """Bits of |x|·M."""
        return max((self.largest * max(self.multipliers)).bit_length(), 1)

    @property
    def width(self) -> int:
        """Bits of the result."""
        largest = self.largest * max(self.multipliers)
        return max((largest >> self.cut if self.cut >= 0 else largest << -self.cut).bit_length(), 1)

    @property
    def constant(self) -> bool:
        """Whether there is one multiplier only."""
        return len(set(self.multipliers)) == 1

    @cached_property
    def plan(self) -> str:
        """How products are made: "wire", "digits", "nibbles" or "tiles"."""
        if not self.constant:
            return "tiles"
        multiplier = self.multipliers[0]
        if multiplier & (multiplier - 1) == 0:
            return "wire"
        if len(signed_digits(multiplier)) <= MAX_DIGITS:
            return "digits"
        return "nibbles" if self.bits <= 2 * NIBBLE else "tiles"

    @property
    def product_latency(self) -> int:
        """Cycles of the multiplication."""
        if self.plan == "wire":
            return 0
        if self.plan == "digits":
            return tree(len(signed_digits(self.multipliers[0])))
        if self.plan == "nibbles":
            return -(-self.bits // NIBBLE)
        return product_latency(self.bits, self.multiplier_bits)

    @property
    def late_sticky(self) -> bool:
        """Whether dropped bits are OR-ed in a cycle of their own."""
        first, stop = self.sticky
        return stop - first > FAST_STICKY

    @property
    def latency(self) -> int:
        """Cycles from |x| to the result."""
        return self.product_latency + self.late_sticky

    def compute(self, x: int, index: int = 0) -> tuple[int, bool]:
        """The result for |x| and ratio `index`, by the multiplication, as the hardware does it."""
        product = x * self.multipliers[index]
        first, stop = self.sticky
        quotient = product >> self.cut if self.cut >= 0 else product << -self.cut
        return quotient, (product >> first) & ((1 << (stop - first)) - 1) != 0


def matters(largest: int, smallest_factor: Fraction, over: int) -> int:
    """Low bits of |x| ≤ `largest` that matter where x·r of 2^over and more all become the same: with any bit
    above them set, that is where x is."""
    bits = largest.bit_length()
    if smallest_factor <= 0:
        return bits
    return min(max(-floor_log2(smallest_factor / Fraction(2) ** over), 1), bits)


def signed_digits(number: int) -> list[tuple[int, int]]:
    """Places and signs of the nonzero digits of a number from 0 in canonical signed-digit form."""
    found, place = [], 0
    while number:
        if number & 1:
            digit = 2 - (number & 3)
            found.append((place, digit))
            number -= digit
        number >>= 1
        place += 1
    return found


def tree(terms: int) -> int:
    """Levels of a tree of two-operand adders."""
    return max(terms - 1, 0).bit_length()


def tiles(a: int, b: int) -> list[list[tuple[int, int]]]:
    """Partial products of a and b bits in operands to be added: pairs of tile numbers, each list one
    operand whose partial products don't overlap."""
    operands: list[list[tuple[int, int]]] = []
    ends: list[int] = []
    pairs: Sequence[tuple[int, int]] = sorted(
        ((i, j) for i in range(-(-a // TILE)) for j in range(-(-b // TILE))),
        key=lambda pair: (sum(pair), pair),
    )
    for i, j in pairs:
        start = TILE * (i + j)
        end = start + min(TILE, a - TILE * i) + min(TILE, b - TILE * j)
        for index, free in enumerate(ends):
            if free <= start:
                operands[index].append((i, j))
                ends[index] = end
                break
        else:
            operands.append([(i, j)])
            ends.append(end)
    return operands


def product_latency(a: int, b: int) -> int:
    """Cycles of a product of two variables of a and b bits: hadacast.core.multiplier."""
    if min(a, b) <= NIBBLE:
        return tree(min(a, b))
    return TILE_LATENCY + tree(len(tiles(a, b)))
