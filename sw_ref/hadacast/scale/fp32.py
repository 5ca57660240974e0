"""NVFP4 in the float32 arithmetic of published libraries, operation by operation.

Each library computes the same formula; the order of its roundings decides the last code. Input steps
are exact in float32, so everything here is a function of the integers that the hardware sees.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import E2M1, E4M3

LIBRARIES = ("torchao", "transformer_engine")
MAX_WIDTH = 25  # signed: magnitudes up to 2^24 are exact in float32

Float32 = NDArray[np.float32]


def check(scale: Any, element: Codes, input_: Format) -> None:
    """Raise HadacastError unless a library's arithmetic is defined for these."""
    if scale.format != E4M3 or element != E2M1:
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it is for e2m1 elements and e4m3 scales, not {element} and {scale.format}"
        )
    if input_.width - input_.signed > MAX_WIDTH - 1:
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it takes an input of up to {MAX_WIDTH} bits, not {input_.width}"
        )


def scale_codes(scale: Any, amax: Ints, power: Any) -> Ints:
    raise NotImplementedError


def element_codes(scale: Any, x: Ints, power: Any, codes: Ints) -> Ints:
    raise NotImplementedError
