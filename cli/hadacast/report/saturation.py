"""Which elements and which scales a quantizer can't hold."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.elements import emax, largest
from hadacast.format import Codes, Format
from hadacast.frames import Frames
from hadacast.minifloat import Minifloat
from hadacast.report.distribution import Floats, real
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT
from hadacast.spec.quantize import Quantize

Bools = NDArray[np.bool_]


def clipped(stage: Quantize, entering: Frames) -> Bools:
    """Which elements lie beyond the largest or the smallest code, even when rounded to whole steps.

    Scales are taken as exact as they can be had, since codes don't follow a rounding of what is stored.
    Under stochastic rounding only elements beyond a whole step count.
    """
    if isinstance(stage.scale, Maximum | Range):
        stage = replace(stage, scale=replace(stage.scale, store="fp32" if stage.floating else "exact"))
    leaving = stage.compute(entering if stage.floating else entering.codes)
    assert isinstance(leaving, Frames)
    block = stage.output
    x = block.grouped(real(stage.input, entering))
    if block.offset is not None and leaving.offset is not None:
        x = x - block.offset.decode(leaving.offset)[..., None]
    scale: Any = 1.0
    if block.scale is not None and leaving.scale is not None:
        scale = block.scale.decode(leaving.scale)[..., None]
    zero: Any = block.grouped(np.broadcast_to(np.array(block.zero_point), leaving.codes.shape))
    if block.zero is not None and leaving.zero is not None:
        zero = zero + leaving.zero[..., None]
    gain = block.grouped(np.broadcast_to([float(g) for g in block.gain], leaving.codes.shape))
    found = _beyond(stage, stage.code, x, scale * gain, zero)
    if isinstance(stage.wide, Codes) and leaving.wide is not None:
        other = _beyond(stage, stage.wide, x, scale * float(block.wide_gain[0]), zero)
        found = np.where(leaving.wide[..., None] == 1, other, found)
    return np.asarray(block.ungrouped(found))


def _beyond(stage: Quantize, element: Codes, x: Floats, step: Any, zero: Any) -> Bools:
    usable = np.isfinite(x) & np.isfinite(step) & (step > 0)
    t = np.where(usable, x, 0) / np.where(usable, step, 1)
    if isinstance(element, Minifloat):
        # Only the top binade is near the end.
        steps = np.ldexp(t, element.mantissa - emax(element))
        top = float(largest(element)) * 2.0 ** (element.mantissa - emax(element))
        rounded = np.abs(_rounded(steps, stage.rounding))
        return (rounded > top) | ((t < 0) & (rounded > 0) & (not element.sign))
    assert isinstance(element, Format)
    rounded = _rounded(np.ldexp(t, element.fraction), stage.rounding) + zero
    low = -element.max if stage.narrow else element.min
    return (rounded > element.max) | (rounded < low)


def _rounded(steps: Floats, mode: str) -> Floats:
    """Real numbers to integers. What is as near to a whole or half number as float64 errors go is one."""
    near = np.rint(2 * steps) / 2
    steps = np.where(np.abs(steps - near) <= 1e-12 * np.maximum(np.abs(near), 1), near, steps)
    if mode == "even":
        return np.rint(steps)
    if mode == "away":
        return np.copysign(np.floor(np.abs(steps) + 0.5), steps)
    if mode == "up":
        return np.floor(steps + 0.5)
    return np.trunc(steps)


def scales(stage: Quantize, entering: Frames, leaving: Frames) -> tuple[int, int]:
    """How many scales lie beyond what their format holds, and how many are 0 over elements that aren't."""
    block = stage.output
    if block.scale is None or leaving.scale is None:
        return 0, 0
    amax = np.abs(block.grouped(real(stage.input, entering))).max(axis=-1)
    usable = np.isfinite(amax) & (amax > 0)
    amax = np.where(usable, amax, 1.0)
    zero = int(np.count_nonzero((block.scale.decode(leaving.scale) == 0) & usable))
    over = np.isinf(block.scale.decode(leaving.scale))
    if isinstance(stage.scale, Floating):
        ideal = amax[usable] * float(stage.scale.constant(stage.code) / largest(stage.code))
        return stage.scale.format.saturated(ideal), zero
    if isinstance(stage.scale, Exponent):
        over = _exponent_beyond(stage.scale, stage.code, amax)
        if isinstance(stage.wide, Codes) and leaving.wide is not None:
            over = np.where(leaving.wide == 1, _exponent_beyond(stage.scale, stage.wide, amax), over)
    return int(np.count_nonzero(over & usable)), zero


def _exponent_beyond(scale: Exponent, element: Codes, amax: Floats) -> Bools:
    mantissa, power = np.frexp(amax)
    bound, equal = scale.bound(element)
    up = 2 * mantissa >= float(bound) if equal else 2 * mantissa > float(bound)
    code = power - 1 - emax(element) + up + EXPONENT_BIAS
    return np.asarray((code < 0) | (code >= NAN_EXPONENT))
