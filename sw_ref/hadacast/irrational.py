"""Powers of rational numbers by rational exponents, compared and rounded exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


def floor_log2(number: Fraction) -> int:
    """Floor of log2 of a positive number."""
    guess = number.numerator.bit_length() - number.denominator.bit_length()
    return guess - (number < Fraction(2) ** guess)


@dataclass(frozen=True)
class Power:
    """factor·base^(above/below) + term, a real number; base and factor positive, `below` positive.

    It is compared with a rational q by whole powers: q - term is less than the number iff it isn't positive
    or ((q - term)/factor)^below is less than base^above. Nothing is rounded.
    """

    base: Fraction
    above: int = 1
    below: int = 1
    factor: Fraction = Fraction(1)
    term: Fraction = Fraction(0)

    def compare(self, q: Fraction) -> int:
        """The sign of the number minus q."""
        rest = (q - self.term) / self.factor
        if rest <= 0:
            return 1
        # Powers are made only where their lengths don't decide.
        low, high = sorted(self.above * (floor_log2(self.base) + k) for k in (0, 1))
        least = floor_log2(rest) * self.below
        if least > high or least + self.below < low:
            return -1 if least > high else 1
        left, right = self.base**self.above, rest**self.below
        return (left > right) - (left < right)

    def ceiling(self, limit: int, strict: bool = False) -> int:
        """The least integer from 0 to `limit` that is no less than the number, or if `strict` greater;
        limit + 1 where there is none."""
        return first(lambda n: self.compare(Fraction(n)) < (0 if strict else 1), limit)

    def nearest(self, limit: int) -> int:
        """The nearest integer from 0 to `limit`, the even one on a tie."""
        floor = max(first(lambda n: self.compare(Fraction(n)) < 0, limit) - 1, 0)
        rest = self.compare(Fraction(2 * floor + 1, 2))
        return min(floor + (rest > 0 or (rest == 0 and floor % 2 == 1)), limit)


def first(holds: Callable[[int], bool], limit: int) -> int:
    """The least integer from 0 to `limit` from which on `holds` is true; limit + 1 where there is none."""
    low, high = 0, limit + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
