"""How the hardware of exponent scales shifts: widths and distances that follow from a spec.

With a the largest magnitude of a group, k = floor(log2 a) in input steps and W the input's width, element x
is x·2^(E - k - up) in units of the code, E = emax - unit; more or less where the scale's code is held in its
range. Elements sit at the low end of a window, with headroom above, and go left until 2^E is at the top.

Where a minifloat's units are much smaller than its largest number, what comes out of that window would be
shifted once more, to the mantissa. There each element goes to its own leading one at once, but no further
than to where the unit is the mantissa's last bit.

With the factor 3/4 it is 3·x that sits in the window, two bits wider: 3·x·2^(E - (k + 2) - up) is as far from
its place as x was.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hadacast import elements
from hadacast.format import Codes, Format
from hadacast.minifloat import Minifloat
from hadacast.scale import mx_fp32
from hadacast.scale.latency import fraction_bits, leading_latency, rounder_latency, shifter_latency
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT

# Bits of a minifloat's largest number, in units, from which elements go to their own leading ones.
OWN_LEADING = 11


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the units of an exponent scale are built to.

    Members
    -------
    width: W. more: bits by which what is shifted is wider. top: E. rises: whether `up` can be 1.
    offset: the scale's code is k + up + offset, plus the frame's exponent code where there is one.
    held: whether that can lie outside 0 … 254.
    own: whether elements go to their own leading ones.
    headroom: bits of the window above x. kept: bits at its top that rounding looks at.
    base: a group's distance is W - 1 - k - up + base, more where the scale is held too low, less where it is
        held too high. most: the largest distance. beyond: the largest of a group whose scale is held below
        its own, so that elements go past the top; 0 where there is none.
    group_latency, element_latency: of the units.
    """

    width: int
    more: int
    top: int
    rises: bool
    offset: int
    held: bool
    own: bool
    headroom: int
    kept: int
    base: int
    most: int
    beyond: int
    group_latency: int
    element_latency: int

    @property
    def padding(self) -> int:
        """Bits of the window below x."""
        return max(self.kept - self.headroom - self.width - self.more, 0)

    @property
    def steps(self) -> int:
        """Steps to a leading one, where elements go to their own."""
        return (self.headroom + self.width + self.more - 1).bit_length()

    @property
    def own_registers(self) -> tuple[int, ...]:
        """The steps, as powers of two, that have a register behind them: each that looks at 8 bits or more,
        then every other, and the last."""
        return tuple(step for step in range(self.steps) if step >= 3 or step % 2 == 0)


def unit(code: Codes) -> int:
    """log2 of a code's smallest step."""
    if isinstance(code, Minifloat):
        return code.unit
    assert isinstance(code, Format)
    return -code.fraction


@lru_cache(maxsize=256)
def plan(spec: Any) -> Plan:
    """The plan of a Quantize stage with an exponent scale and one element format."""
    code, fixed = spec.code, spec.element
    width, emax, fraction = fixed.width, elements.emax(code), fraction_bits(spec.rounding)
    top, more = emax - unit(code), 2 if spec.scale.factor != 1 else 0
    bound, equal = spec.scale.bound(code)
    rises = bound < 2 or equal
    offset = EXPONENT_BIAS - emax - fixed.fraction - (EXPONENT_BIAS if spec.floating else 0)
    highest = offset + width - 1 + rises + (NAN_EXPONENT - 1 if spec.floating else 0)
    # Elements under scale code 0 can have a divisor of their own.
    held = offset < (spec.scale.least_code > 0) or highest > NAN_EXPONENT - 1
    own = isinstance(code, Minifloat) and top + 1 >= OWN_LEADING
    mantissa = code.mantissa if isinstance(code, Minifloat) else 0
    kept = (mantissa if own else top) + 1 + fraction
    # Without a shift, a held scale leaves nothing above the last bit that is kept.
    headroom = kept if held else int(rises)
    base = headroom + (top - mantissa if own else 0)
    # Of a held scale: an element, whatever it is but 0, is beyond any code.
    most = base + width + (1 if held else -1)
    excess = highest - (NAN_EXPONENT - 1)  # elements of an invalid frame are 0
    beyond = min(max(base + excess - rises, 0), most) if excess > 0 else 0
    found = Plan(
        width=width,
        more=more,
        top=top,
        rises=rises,
        offset=offset,
        held=held,
        own=own,
        headroom=headroom,
        kept=kept,
        base=base,
        most=most,
        beyond=beyond,
        group_latency=leading_latency(width) + rises + 1 + held,
        element_latency=0,
    )
    if own:
        element_latency = len(found.own_registers) + 2
    else:
        element_latency = shifter_latency(most) + rounder_latency(spec, top + 1)
    return Plan(**{**found.__dict__, "element_latency": element_latency + (more > 0)})


@lru_cache(maxsize=256)
def rises_from(spec: Any) -> tuple[tuple[int, int], ...]:
    """Where the rule takes the next exponent: pairs of a scale code (without `up`) and the least mantissa
    that does from there on, W bits with the leading one at the top; 2^W: none. The first holds for all
    codes before it, too.
    """
    width, code = spec.element.width, spec.code
    if not spec.scale.logarithm:
        bound, equal = spec.scale.bound(code)
        scaled = bound * (1 << (width - 1))
        return ((0, -(-scaled.numerator // scaled.denominator) if equal else int(scaled) + 1),)
    # The next code is the least mantissa's by bisection, for all codes at once.
    offset = plan(spec).offset
    highest = offset + width - 1 + (NAN_EXPONENT - 1 if spec.floating else 0)
    codes = np.arange(max(offset, 0), min(highest, NAN_EXPONENT - 2) + 1)
    low, high = np.full_like(codes, 1 << (width - 1)), np.full_like(codes, 1 << width)
    while (low < high).any():
        middle = (low + high) // 2
        power = codes - EXPONENT_BIAS + elements.emax(code) - (width - 1)
        up = (mx_fp32.rceil_codes(middle, power, code) > codes) | (middle == high)
        low, high = np.where(up, low, middle + 1), np.where(up, middle, high)
    starts = np.flatnonzero(np.diff(low, prepend=0))
    return tuple((int(codes[start]), int(low[start])) for start in starts)
