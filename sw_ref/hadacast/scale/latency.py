"""Pipeline registers that all scales' hardware shares: what their latencies are made of."""

from typing import Any

from hadacast.format import Codes
from hadacast.minifloat import Minifloat
from hadacast.rounding import RANDOM_BITS


def fraction_bits(rounding: str) -> int:
    """F: bits below an element's unit that a mode of rounding looks at, one by one; a sticky bit stands for
    the rest."""
    return {"zero": 0, "stochastic": RANDOM_BITS}.get(rounding, 1)


def normalizing_steps(code: Codes, integer: int) -> int:
    """Steps in which a quotient of `integer` bits above the unit is shifted to its mantissa bits, each by a
    power of two or not at all."""
    return max(integer - 1 - code.mantissa, 0).bit_length() if isinstance(code, Minifloat) else 0


def rounder_latency(spec: Any, integer: int) -> int:
    """Of hadacast.core.quantizer.rounder.Rounder: a register behind every two steps, and one behind the
    rounding; the smallest minifloats take one for all."""
    steps = normalizing_steps(spec.code, integer)
    if integer + fraction_bits(spec.rounding) <= 5:
        return 1
    return -(-steps // 2) + 1


def leading_latency(width: int) -> int:
    """Of hadacast.core.quantizer.leading.LeadingOne: a register behind every two of its steps."""
    return (width - 1).bit_length() // 2


def shifter_latency(distance: int) -> int:
    """Of hadacast.core.quantizer.shifter: a register behind every three of its steps, and behind the last."""
    return -(-distance.bit_length() // 3)


def outlier_latency(spec: Any) -> int:
    """Of hadacast.core.quantizer.wide.Outlier."""
    return leading_latency(spec.element.width) + 1 if spec.floating else 1
