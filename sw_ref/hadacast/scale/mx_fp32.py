"""MX in torchao's float32 arithmetic, where it isn't that of the definition.

`to_mx` of torchao 0.18 on float32, in eager mode. A value is x·2^power, exact in float32.
"""

from typing import Any

import numpy as np

from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2, Minifloat
from hadacast.scale.fp32 import MAX_WIDTH
from hadacast.scale.scale import EXPONENT_BIAS

LIBRARIES = ("torchao",)
RULES = ("floor", "ceil", "even", "rceil")
ELEMENTS = (E2M1, E2M3, E3M2, E4M3, E5M2)


def check(scale: Any, element: Codes, input_: Format) -> None:
    """Raise HadacastError unless the library's arithmetic is defined for these."""
    if element not in ELEMENTS or scale.rule not in RULES:
        allowed = f"{', '.join(map(str, ELEMENTS))} and {', '.join(RULES)}"
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it is for {allowed}, not {element} and {scale.rule}"
        )
    if input_.width - input_.signed > MAX_WIDTH - 1:
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it takes an input of up to {MAX_WIDTH} bits, "
            f"not {input_.width}"
        )


def least_code(rule: str) -> int:
    """The scale code that stands for what elements under code 0 are divided by: 2^-126, the least normal
    float32, or 1."""
    return EXPONENT_BIAS if rule == "rceil" else 1


def rceil_codes(amax: Ints, power: Any, element: Codes) -> Ints:
    """E8M0 codes by the ceiling of a logarithm, of groups whose largest magnitude is amax·2^power.

    log2(amax/largest) is rounded to float32 from the exact logarithm of a rounded ratio: just above a power
    of two it comes out as the integer. (PyTorch's is rounded as well as that next to powers of two.)
    """
    assert isinstance(element, Minifloat)
    largest = np.float32(element.largest)
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        # Rounded where float32 rounds, subnormals too; beyond its largest number nothing is defined, and
        # what holds below goes on.
        ratio = np.ldexp((amax.astype(np.float32) / largest).astype(np.float64), power)
        small = (np.ldexp(amax.astype(np.float64), power).astype(np.float32) / largest).astype(np.float64)
        ratio = np.where(ratio < 2.0**-125, small, ratio)
        logarithm = np.log2(ratio).astype(np.float32)
    return (np.clip(np.ceil(logarithm), -EXPONENT_BIAS, EXPONENT_BIAS) + EXPONENT_BIAS).astype(np.int64)
