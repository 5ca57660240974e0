"""Quantizers that are tables of thresholds: logarithmic ones, power functions, any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames
from hadacast.irrational import Power
from hadacast.spec.stage import Stage
from hadacast.table import MAX_VALUE_BITS, MAX_WIDTH, Table

MAX_INPUT_WIDTH = 48
MAX_LOG2_BITS = 6  # 31 powers of two: what codes stand for has up to 48 bits
FAMILIES = ("log2", "twin_log", "power", "table")
BOUNDARIES = ("value", "log")
EXACT = "exact"
# Of a rational exponent: comparisons raise numbers to this power.
EXPONENT_BITS = 10


@dataclass(frozen=True, kw_only=True)
class Lookup(Stage):
    """Each element becomes the code of the cell it lies in; cells are divided by constant thresholds.

    Codes of the families are sign and magnitude: the sign in bit b - 1, 1 for negative, and below it the
    number m of a magnitude, m = 0 … 2^(b-1) - 1. What a code stands for is in the format of what leaves, a
    Table. Thresholds are computed exactly, as integers in input steps.

    - "log2": powers of two 2^(exponent - (2^(b-1) - 1) + m). With a `zero`, m = 0 is 0 instead; without one
      (DenseShift), an element of 0 is the least positive power. Between 2^k and 2^(k+1) the `boundary` is
      1.5·2^k ("value", the nearest) or √2·2^k ("log", the nearest logarithm), between 0 and 2^k half of 2^k
      or 2^(k-1/2); it belongs to the larger one.
    - "twin_log" (LRQ-DiT): q = clamp(RNE(log2(|x| + eta)/delta) - zero_point, 0, 2^(b-1) - 2), delta and
      zero_point of its sign, m = q + 1; 0 is m = 0. A code stands for ±(2^(delta·(q + zero_point)) - eta), 0
      where that is below.
    - "power" (NUPES): m = clamp(RNE((|x|/amax)^power·Q), 0, Q), Q = 2^(b-1) - 1: uniform in |x|^power. A code
      stands for ±amax·(m/Q)^(1/power).
    - "table": code k is the number of `thresholds` that x isn't below, and stands for values[k].

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 48 bits.
    family: as above. bits: b, 2 to 8, of log2 2 to 6, of a table 0.
    exponent, boundary, zero: of log2; exponent, the largest power's, -64 to 64.
    delta, zero_point, eta: of twin_log. The first two of positive elements and of negative ones, or one for
        both: delta from 1/256 to 16, a fraction of up to 10 bits above and below; zero_point, integers from
        -1,024 to 1,024. eta, 0 to 1.
    power, amax: of power; power from 1/16 to 16, a fraction of up to 6 bits above and below.
    thresholds, values: of table; 1 to 4,095 rising numbers, and one more values.
    fraction: fraction bits of what codes stand for, rounded to nearest, ties to even, up to 2^48 of their
        steps; "exact" where they are multiples of a power of two anyway.

    Raises HadacastError where a member is out of range, or set for another family.
    """

    kind: ClassVar[str] = "lookup"

    family: str = "log2"
    bits: int = 4
    exponent: int = 0
    boundary: str = "value"
    zero: bool = True
    delta: tuple[Fraction, ...] = ()
    zero_point: tuple[int, ...] = (0,)
    eta: Fraction = Fraction(0)
    power: Fraction = Fraction(1)
    amax: Fraction = Fraction(1)
    thresholds: tuple[Fraction, ...] = ()
    values: tuple[Fraction, ...] = ()
    fraction: int | str = EXACT

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.input, Format) or self.input.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"input is {self.input}: a lookup stage takes fixed point of up to {MAX_INPUT_WIDTH} bits"
            )
        checks.choice("family", self.family, FAMILIES)
        checks.integer("exponent", self.exponent, -64, 64)
        checks.choice("boundary", self.boundary, BOUNDARIES)
        checks.flag("zero", self.zero)
        set_ = object.__setattr__
        few = Fraction(1, 256), 16, EXPONENT_BITS
        set_(self, "delta", tuple(checks.fraction("delta", d, *few) for d in _sequence(self.delta)))
        points = _sequence(self.zero_point)
        set_(self, "zero_point", tuple(checks.integer("zero_point", z, -1024, 1024) for z in points))
        set_(self, "eta", checks.fraction("eta", self.eta, 0, 1, 24))
        set_(self, "power", checks.fraction("power", self.power, Fraction(1, 16), 16, 6))
        set_(self, "amax", checks.fraction("amax", self.amax, Fraction(1, 1 << 32), 1 << 32, 24))
        for name in ("thresholds", "values"):
            numbers = _sequence(getattr(self, name))
            set_(self, name, tuple(checks.fraction(name, n, -(1 << 40), 1 << 40, 53) for n in numbers))
        if self.fraction != EXACT:
            checks.integer("fraction", self.fraction, -64, 64)
        self._check_family()

    def _check_family(self) -> None:
        if self.family == "table":
            checks.integer("bits", self.bits, 0, 0, " (a table has as many as it needs)")
            thresholds = self.thresholds
            rising = all(a < b for a, b in pairwise(thresholds))
            if not rising or not 1 <= len(thresholds) < 1 << MAX_WIDTH:
                raise HadacastError(
                    f"thresholds is {checks.quote(thresholds)}: it must be 1 to {(1 << MAX_WIDTH) - 1:,} "
                    "rising numbers"
                )
            if len(self.values) != len(thresholds) + 1:
                raise HadacastError(
                    f"values has {len(self.values):,} numbers: it must be {len(thresholds) + 1:,}"
                )
        else:
            checks.integer("bits", self.bits, 2, MAX_LOG2_BITS if self.family == "log2" else 8)
            for name in ("thresholds", "values"):
                if getattr(self, name):
                    raise HadacastError(f"{name} is for family 'table', not {self.family!r}")
        if self.family == "twin_log":
            for name in ("delta", "zero_point"):
                if not 1 <= len(getattr(self, name)) <= 2:
                    raise HadacastError(
                        f"{name} is {checks.quote(getattr(self, name))}: "
                        "it must be one number, or one for each sign"
                    )
        if self.fraction == EXACT and self.family in ("twin_log", "power"):
            raise HadacastError(
                f"fraction is {EXACT!r}: the numbers of {self.family} are roots, it must be an integer"
            )
        _ = self.format_  # raises where values don't fit

    @property
    def magnitudes(self) -> int:
        """M: the largest m."""
        return (1 << (self.bits - 1)) - 1

    @cached_property
    def format_(self) -> Table:
        """What the codes stand for."""
        if self.family == "table":
            numbers = self.values
        elif self.family == "log2":
            least = self.exponent - self.magnitudes
            plus = [Fraction(2) ** (least + m) for m in range(self.magnitudes + 1)]
            if self.zero:
                plus[0] = Fraction(0)
            numbers = (*plus, *(-number for number in plus))
        else:
            assert isinstance(self.fraction, int)
            both = [[self._number(sign, m) for m in range(self.magnitudes + 1)] for sign in (0, 1)]
            return self._as_table([*both[0], *(-number for number in both[1])], self.fraction)
        fraction = self.fraction
        if isinstance(fraction, str) and self.family == "log2":
            fraction = self.magnitudes - self.zero - self.exponent
        elif isinstance(fraction, str):
            below = max(number.denominator for number in numbers)
            if any(below % number.denominator for number in numbers) or below & (below - 1):
                raise HadacastError(
                    f"fraction is {EXACT!r}: values must be multiples of a power of two for that"
                )
            fraction = below.bit_length() - 1
        scale = Fraction(2) ** fraction
        # Python rounds Fractions to nearest, ties to even.
        return self._as_table([round(number * scale) for number in numbers], fraction)

    def _as_table(self, codes: list[int], fraction: int) -> Table:
        name = f"{self.family} of {self.bits} bits" if self.bits else f"table of {len(codes):,} values"
        width = max(len(codes) - 1, 1).bit_length()
        return Table(width=width, values=tuple(codes), fraction=fraction, name=name)

    def _number(self, sign: int, m: int) -> int:
        """What magnitude m of a sign (1: negative) stands for, in steps of 2^-fraction."""
        assert isinstance(self.fraction, int)
        if m == 0:
            return 0
        limit, step = 1 << MAX_VALUE_BITS, Fraction(2) ** self.fraction
        if self.family == "power":
            p = self.power
            base = Fraction(m, self.magnitudes)
            return Power(base, p.denominator, p.numerator, self.amax * step).nearest(limit)
        delta, point = self._of_sign(sign)
        exponent = delta * (m - 1 + point)
        number = Power(Fraction(2), exponent.numerator, exponent.denominator, step, -self.eta * step)
        return number.nearest(limit)

    def _of_sign(self, sign: int) -> tuple[Fraction, int]:
        """delta and zero_point of a sign."""
        return self.delta[sign % len(self.delta)], self.zero_point[sign % len(self.zero_point)]

    def _reach(self, sign: int, m: int) -> int:
        """The least magnitude, in input steps, from which on elements of a sign have magnitude number m or
        more; beyond all of them where none do."""
        assert isinstance(self.input, Format)
        limit, step = 1 << self.input.width, Fraction(2) ** self.input.fraction
        if self.family == "log2":
            return self._log2(m, step, limit)
        if self.family == "power":
            # (|x|/amax)^p·Q ≥ m - 1/2; a tie goes to the even one.
            p, base = self.power, Fraction(2 * m - 1, 2 * self.magnitudes)
            number = Power(base, p.denominator, p.numerator, self.amax * step)
            return number.ceiling(limit, strict=m % 2 == 1)
        if m == 1:
            return 1  # all but 0 itself
        # RNE(log2(|x| + eta)/delta) ≥ n; a tie goes to the even one.
        delta, point = self._of_sign(sign)
        n = m - 1 + point
        exponent = delta * (2 * n - 1) / 2
        number = Power(Fraction(2), exponent.numerator, exponent.denominator, step, -self.eta * step)
        return max(number.ceiling(limit, strict=n % 2 == 1), 1)

    def _log2(self, m: int, step: Fraction, limit: int) -> int:
        power = self.exponent - self.magnitudes + m  # of the larger of the two
        if self.boundary == "log":
            return Power(Fraction(2), 2 * power - 1, 2, step).ceiling(limit)
        below = Fraction(0) if self.zero and m == 1 else Fraction(2) ** (power - 1)
        middle = (below + Fraction(2) ** power) / 2 * step
        return min(-(-middle.numerator // middle.denominator), limit + 1)

    @cached_property
    def cells(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Thresholds that divide the input's range, rising, and the code of each cell between them: code
        k + 1 from threshold k on."""
        assert isinstance(self.input, Format)
        if self.family == "table":
            step = Fraction(2) ** self.input.fraction
            steps = [t * step for t in self.thresholds]
            limits = [-(-s.numerator // s.denominator) for s in steps]
            return self._within(limits, list(range(len(limits) + 1)))
        negative = 1 << (self.bits - 1)
        numbers = range(1, self.magnitudes + 1)
        limits = [1 - self._reach(1, m) for m in reversed(numbers)]
        codes = [negative + m for m in reversed(numbers)]
        if self.family == "log2" and not self.zero:
            limits, codes = [*limits, 0], [*codes, negative]
        limits += [self._reach(0, m) for m in numbers]
        codes += [0, *numbers]
        return self._within(limits, codes)

    def _within(self, limits: list[int], codes: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Without cells that no element lies in."""
        assert isinstance(self.input, Format)
        found: list[int] = []
        kept = [codes[0]]
        for limit, code in zip(limits, codes[1:], strict=True):
            if limit > self.input.max:
                break
            if limit <= self.input.min or (found and limit <= found[-1]):
                kept[-1] = code
            else:
                found.append(limit)
                kept.append(code)
        return tuple(found), tuple(kept)

    @property
    def output(self) -> Block:
        return Block(element=self.format_, group=self.frame)

    @property
    def latency(self) -> int:
        return len(self.cells[0]).bit_length() + 1

    def transform(self, x: Frames) -> Frames:
        limits, codes = (np.array(numbers, dtype=np.int64) for numbers in self.cells)
        return Frames(codes=codes[np.searchsorted(limits, x.codes, side="right")])


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
