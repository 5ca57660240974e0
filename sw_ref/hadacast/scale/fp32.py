"""NVFP4 in the float32 arithmetic of published libraries, operation by operation.

Each library computes the same formula; the order of its roundings decides the last code. A value is the
float32 nearest to x·2^power, which is exact as long as float32 has that exponent, so everything here is
a function of the integers that the hardware sees: it grows with amax and with |x|, and a power of two
on all of them changes nothing until float32 under- or overflows.

- "torchao": `nvfp4_quantize` of torchao 0.18, with `per_tensor_amax_to_scale(tensor_amax)`; without a
  tensor_amax its single-level path. Scales are 2^-6 at least.
- "transformer_engine": `NVFP4QuantizerRef` of Transformer Engine 2.20, its reference in Python. Without a
  tensor_amax, S = 1, which is its arithmetic for a tensor_amax of 2,688.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.minifloat import E2M1, E4M3, FP32
from hadacast.rounding import odd_parts, to_codes

LIBRARIES = ("torchao", "transformer_engine")
MAX_WIDTH = 25  # signed: magnitudes up to 2^24 are exact in float32

# The least scale of each library: torchao's is the least normal E4M3.
LEAST = {"torchao": Fraction(1, 64), "transformer_engine": Fraction(0)}

Float32 = NDArray[np.float32]

_ONE = np.float32(1)
_ELEMENT = np.float32(E2M1.largest)  # 6
_SCALE = np.float32(E4M3.largest)  # 448
_BOTH = _SCALE * _ELEMENT  # 2,688, exactly
_HUGE = np.finfo(np.float32).max


def check(scale: Any, element: Codes, input_: Format) -> None:
    """Raise HadacastError unless a library's arithmetic is defined for these."""
    if scale.format != E4M3 or element != E2M1:
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it is for e2m1 elements and e4m3 scales, "
            f"not {element} and {scale.format}"
        )
    if input_.width - input_.signed > MAX_WIDTH - 1:
        raise HadacastError(
            f"arithmetic is {scale.arithmetic!r}: it takes an input of up to {MAX_WIDTH} bits, "
            f"not {input_.width}"
        )
    least = LEAST[scale.arithmetic]
    if scale.minimum not in (0, least):
        raise HadacastError(
            f"minimum is {scale.minimum}: arithmetic {scale.arithmetic!r} has its own, {least}; leave it out"
        )


def scale_codes(scale: Any, amax: Ints, power: Any) -> Ints:
    """E4M3 codes of the scales of groups whose largest magnitude is amax·2^power."""
    largest = _float32(amax, power)
    tensor = _tensor(scale)
    with np.errstate(over="ignore", under="ignore"):
        if scale.arithmetic == "torchao":
            ideal = largest / _ELEMENT
            if tensor is not None:
                ideal = ideal / (tensor / _BOTH)
        else:
            ideal = largest * (_encode_scale(tensor) * (_ONE / _ELEMENT))
    return E4M3.encode(np.clip(ideal, np.float32(LEAST[scale.arithmetic]), _SCALE))


def element_codes(scale: Any, x: Ints, power: Any, codes: Ints) -> Ints:
    """E2M1 codes of elements x·2^power under scale codes that broadcast against them."""
    values, step = _float32(x, power), E4M3.decode(codes).astype(np.float32)
    tensor = _tensor(scale)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        if scale.arithmetic == "torchao":
            inverse = (_ONE if tensor is None else _ONE / (tensor / _BOTH)) / step
        else:
            inverse = np.minimum(_ONE / (step * (_ONE / _encode_scale(tensor))), _HUGE)
        scaled = np.clip(values * inverse, -_ELEMENT, _ELEMENT)
    found = E2M1.encode(scaled)
    # torchao copies the sign; in Transformer Engine, what underflows to -0 takes code 0.
    return found if scale.arithmetic == "torchao" else np.where(scaled == 0, 0, found)


def _encode_scale(tensor: np.float32 | None) -> np.float32:
    """Transformer Engine's S. A tensor_amax is never 0, so S needs no other value for it."""
    if tensor is None:
        return _ONE
    return min(_BOTH / tensor, _HUGE)


def _tensor(scale: Any) -> np.float32 | None:
    """tensor_amax, to the nearest float32."""
    if scale.tensor_amax is None:
        return None
    numerator, denominator, shift = odd_parts(scale.tensor_amax)
    bits = to_codes(numerator, 1, denominator, shift, FP32, "even")
    return np.float32(FP32.decode(bits))


def _float32(x: Ints, power: Any) -> Float32:
    """The float32 nearest to x·2^power."""
    x, power = np.broadcast_arrays(np.asarray(x, dtype=np.float32), np.asarray(power, dtype=np.int32))
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.ldexp(x, power), dtype=np.float32)
