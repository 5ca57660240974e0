"""Monotone functions as tables of thresholds: how the hardware makes floating-point scales, and elements of
few magnitudes under them.

Whatever computes a scale, exact numbers or a library's float32, its code grows with the largest magnitude of
the group; and an element's magnitude code grows with its own magnitude. So both are found by comparisons
with integers, which are looked for here, by bisection, in the functions of the scale themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import Minifloat
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT

# More magnitudes than this are divided for, not compared.
MAX_STEPS = 7


def least(reaches: Callable[[Ints], Any], top: int, shape: tuple[int, ...]) -> Ints:
    """The least keys in 0 … top, one for each place of an array of `shape`, for which the monotone `reaches`
    is true; top + 1 where there is none."""
    low = np.zeros(shape, dtype=np.int64)
    high = np.full(shape, top + 1, dtype=np.int64)
    while (low < high).any():
        middle = np.minimum((low + high) // 2, top)
        found = np.asarray(reaches(middle)) & (low < high)
        high = np.where(found, middle, high)
        low = np.where(found | (low >= high), low, middle + 1)
    return high


def largest_magnitude(fixed: Format) -> int:
    """The largest magnitude of an input element."""
    return 1 << (fixed.width - 1) if fixed.signed else fixed.max


@dataclass(frozen=True)
class Keys:
    """What scale codes are looked up by: the largest magnitude of a group; after an align stage, that
    normalized to the input's W bits, without its leading one, under the exponent that this gives it."""

    fixed: Format
    floating: bool

    @property
    def mantissa(self) -> int:
        """Bits of a normalized magnitude behind its leading one."""
        return self.fixed.width - 1

    @property
    def top(self) -> int:
        """The largest key."""
        if not self.floating:
            return largest_magnitude(self.fixed)
        return ((NAN_EXPONENT + self.mantissa + 1) << self.mantissa) - 1

    @property
    def bits(self) -> int:
        """Bits of a key."""
        return self.top.bit_length()

    def numbers(self, keys: Ints) -> tuple[Ints, Any]:
        """The magnitudes and powers that keys stand for."""
        if not self.floating:
            return keys, -self.fixed.fraction
        exponent, low = keys >> self.mantissa, keys & ((1 << self.mantissa) - 1)
        # Exponent 0 is for magnitude 0, 1 for the least other one.
        amax = np.where(exponent > 0, low | (1 << self.mantissa), 0)
        return amax, exponent - 1 - self.mantissa - EXPONENT_BIAS - self.fixed.fraction


@lru_cache(maxsize=64)
def scale_range(scale: Any, code: Codes, keys: Keys) -> tuple[int, int]:
    """The scale codes of the least and of the largest key."""
    amax, power = keys.numbers(np.array([0, keys.top]))
    first, last = scale.scale_codes(amax, power, code)
    return int(first), int(last)


@lru_cache(maxsize=64)
def scale_thresholds(scale: Any, code: Codes, keys: Keys) -> tuple[int, ...]:
    """The least key of each scale code above the first, up to the last."""
    first, last = scale_range(scale, code, keys)
    codes = np.arange(first + 1, last + 1)
    found = least(lambda key: scale.scale_codes(*keys.numbers(key), code) >= codes, keys.top, codes.shape)
    return tuple(int(key) for key in found)


def steps(code: Minifloat, overflow: str) -> int:
    """Magnitudes of a code other than zero, what overflows among them."""
    return code.max_code + (overflow != "saturate")


def step_codes(code: Minifloat, overflow: str) -> tuple[int, ...]:
    """The magnitude code of each, zero first."""
    top = {"saturate": (), "nan": (code.nan_code,), "inf": (code.inf_code,)}[overflow]
    return (*range(code.max_code + 1), *(int(c) for c in top if c is not None))


@dataclass(frozen=True)
class Significands:
    """Scale codes as one of 2^mantissa normalized significands and an exponent."""

    format: Minifloat

    def split(self, codes: Ints) -> tuple[Ints, Ints]:
        """(row, exponent) of codes other than 0: 1.row · 2^exponent, in units that are always the same."""
        mantissa = self.format.mantissa
        field, low = codes >> mantissa, codes & ((1 << mantissa) - 1)
        lead = np.frexp(np.maximum(low, 1).astype(np.float64))[1].astype(np.int64) - 1
        subnormal = (low << (mantissa - np.minimum(lead, mantissa))) & ((1 << mantissa) - 1)
        return (
            np.where(field > 0, low, subnormal),
            np.where(field > 0, field - 1, lead - mantissa),
        )

    @property
    def lowest(self) -> int:
        """The least exponent."""
        return -self.format.mantissa

    @property
    def highest(self) -> int:
        """The greatest exponent."""
        return (self.format.max_code >> self.format.mantissa) - 1


@dataclass(frozen=True)
class Ladder:
    """When an element's magnitude is beyond the step to each magnitude code k: where it is above
    rows[row][k] >> shift.

    A step is reached from some real multiple of the scale on; with a scale 1.row · 2^e, in steps of the
    input of 2^p, from A·2^(e - p), A depending on the row only. With T = ceil(A·2^i) - 1, or floor(A·2^i)
    where A itself is still below the step, x > T is the same as being beyond it, and for a power less the
    same is true of T >> 1: floors of halves. So each row has its T for the largest 2^i at which an element
    reaches it.

    shift = top - (e - p'), p' the frame's exponent code, or 0; below 0, no element is beyond any step. Code 0
    has a row of its own, the last, if elements reach a step under it, with shift = zero + p'.

    Members
    -------
    rows: for positive elements. negative: for negative ones, where ties round up, else the same.
    top, zero: as above. bits: of the longest.
    """

    rows: tuple[tuple[int, ...], ...]
    negative: tuple[tuple[int, ...], ...]
    top: int
    zero: int | None

    @property
    def bits(self) -> int:
        """Bits of the longest threshold; shifted by as many, all are 0."""
        return max(max(row) for row in (*self.rows, *self.negative)).bit_length()


class LadderMaker:
    """Finds the Ladder of a quantize stage with a floating scale."""

    def __init__(
        self, scale: Any, code: Minifloat, fixed: Format, floating: bool, rounding: str, overflow: str
    ):
        self.scale, self.code, self.fixed, self.floating = scale, code, fixed, floating
        self.rounding, self.overflow = rounding, overflow
        self.top = largest_magnitude(fixed)
        self.steps = np.arange(1, steps(code, overflow) + 1)
        self.significands = Significands(scale.scale_format)
        scales, exponents = self._pairs()
        self.scales, self.exponents = scales, exponents
        row, exponent = self.significands.split(scales)
        # Code 0 has the row behind all others.
        self.row = np.where(scales == 0, 1 << scale.scale_format.mantissa, row)
        self.place = np.where(scales == 0, 0, exponent) - exponents

    def _pairs(self) -> tuple[Ints, Ints]:
        """All pairs of a scale code and a frame exponent that occur, a group of zeros apart."""
        frames = np.arange(NAN_EXPONENT) if self.floating else np.zeros(1, dtype=np.int64)
        power = self._power(frames)
        ends = np.array([1, self.top])[:, None]
        low, high = self.scale.scale_codes(ends, power, self.code)
        codes = np.arange(int(high.max()) + 1)
        where = (codes >= low[:, None]) & (codes <= high[:, None])
        frame, code = np.nonzero(where)
        return codes[code], frames[frame]

    def _power(self, exponents: Ints) -> Ints:
        return exponents - self.fixed.fraction - (EXPONENT_BIAS if self.floating else 0)

    def reached(self, x: Ints, scales: Ints, exponents: Ints) -> Ints:
        """How many steps elements `x` are beyond."""
        codes = self.scale.element_codes(
            x, self._power(exponents), scales, self.code, self.rounding, self.overflow, 0
        )
        magnitude = codes & ((1 << self.code.magnitude_bits) - 1)
        return np.minimum(magnitude, len(self.steps))

    def make(self) -> Ladder:
        """The ladder: of one pair of each row and place, which speaks for all (holds() says so)."""
        both = np.stack([self.row, self.place])
        _, which = np.unique(both, axis=1, return_index=True)
        signs = (1, -1) if self.rounding == "up" and self.code.sign and self.fixed.signed else (1,)
        tables = [self._thresholds(sign, which) for sign in signs]
        row, place = self.row[which], self.place[which]
        within = np.stack(tables).min(axis=(0, 2)) < self.top  # where a step is reached at all
        zero_row = 1 << self.significands.format.mantissa
        # Where no step is ever reached, one place more than there is.
        top = int(place[within & (row < zero_row)].max(initial=int(place.min()) - 1))
        zeros = place[within & (row == zero_row)]
        zero_top = int(zeros.max()) if len(zeros) else None
        made = []
        for table in tables:
            rows = [self._row(table[row == r], place[row == r], top) for r in range(zero_row)]
            if zero_top is not None:
                rows.append(self._row(table[row == zero_row], place[row == zero_row], zero_top))
            made.append(tuple(rows))
        return Ladder(rows=made[0], negative=made[-1], top=top, zero=zero_top)

    def _thresholds(self, sign: int, which: Ints) -> Ints:
        """(pairs, steps): the largest magnitudes that are not beyond a step, at most self.top."""
        scales, exponents = self.scales[which, None], self.exponents[which, None]
        shape = (len(which), len(self.steps))
        found = least(lambda x: self.reached(sign * x, scales, exponents) >= self.steps, self.top, shape)
        return found - 1

    def _row(self, table: Ints, place: Ints, top: int) -> tuple[int, ...]:
        """The thresholds of a row, for place `top`."""
        found = []
        for step in range(len(self.steps)):
            within = table[:, step] < self.top
            if not within.any():
                # Beyond all elements, however far it is shifted.
                found.append(((self.top + 1) << max(top - int(place.min(initial=top)), 0)) - 1)
                continue
            best = int(place[within].max())
            value = int(table[within & (place == best), step][0])
            # Bits that no element can tell apart are 1: then what is beyond all elements stays so.
            found.append(((value + 1) << (top - best)) - 1)
        return tuple(found)

    def predicted(self, ladder: Ladder, negative: bool) -> Ints:
        """(pairs, steps): the largest magnitudes not beyond a step, as the ladder has it."""
        rows = np.array(ladder.negative if negative else ladder.rows, dtype=object)
        zero_row = 1 << self.significands.format.mantissa
        at = ladder.top - self.place
        if ladder.zero is not None:
            at = np.where(self.row == zero_row, ladder.zero - self.place, at)
        never = (at < 0) | ((self.row == zero_row) & (ladder.zero is None))
        row = np.minimum(self.row, len(rows) - 1)
        shifted = rows[row] >> np.maximum(at, 0)[:, None].astype(object)
        return np.where(never[:, None], self.top, np.minimum(shifted, self.top)).astype(np.int64)

    def holds(self, ladder: Ladder) -> bool:
        """Whether a ladder agrees with the scale's function next to every threshold, for all pairs.

        For exact arithmetic it must. A library's float32 scales by powers of two until it leaves its normal
        numbers; tensor_amax, from 2^-64 to 2^64, keeps groups whose scale isn't 0 far from that.
        """
        minus = np.full_like(self.scales, -1)
        codes = self.scale.element_codes(
            minus, self._power(self.exponents), self.scales, self.code, self.rounding, self.overflow, 0
        )
        lost = (codes & self.code.sign_bit == 0) & (self.scales != 0)
        if self.fixed.signed and self.code.sign and lost.any():
            return False
        for sign in (1, -1) if self.fixed.signed and self.code.sign else (1,):
            limit = self.predicted(ladder, sign < 0)
            scales, exponents = self.scales[:, None], self.exponents[:, None]
            below = self.reached(sign * limit, scales, exponents) < self.steps
            beyond = self.reached(sign * np.minimum(limit + 1, self.top), scales, exponents) >= self.steps
            if not (below & (beyond | (limit == self.top))).all():
                return False
        return True


@lru_cache(maxsize=64)
def ladder(
    scale: Any, code: Minifloat, fixed: Format, floating: bool, rounding: str, overflow: str
) -> Ladder:
    """The Ladder of a quantize stage with a floating scale."""
    return LadderMaker(scale, code, fixed, floating, rounding, overflow).make()


@lru_cache(maxsize=64)
def alike(scale: Any, code: Minifloat, fixed: Format, rounding: str, overflow: str, negative: bool) -> int:
    """The least magnitude from which on all are alike: those of a group's largest have the same scale, and
    elements pass the same steps under any. `negative`: of elements of either sign."""
    maker = LadderMaker(scale, code, fixed, False, rounding, overflow)
    found = ladder(scale, code, fixed, False, rounding, overflow)
    limits = np.stack([maker.predicted(found, sign) for sign in ((False, True) if negative else (False,))])
    beyond = int(limits[limits < maker.top].max(initial=0)) + 1
    return max(beyond, *scale_thresholds(scale, code, Keys(fixed, False)), 1)
