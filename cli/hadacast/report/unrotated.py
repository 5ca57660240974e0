"""The same quantizer for data that nothing has rotated: what a rotation is to be measured against.

The stages before the quantizer stay, but for those that rotate and what normalizes that, and the quantizer
is rebuilt for the format that then comes in. N points grow values by √N if nothing normalizes them;
un-rotated values are scaled by the power of two next below, which rounds nothing, so that both lie within
a factor of √2 on the quantizer's axis. Numbers in a recipe that were chosen for the rotated tensor follow
the data: see `following`.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from hadacast.elements import largest
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.scale.floating import Floating
from hadacast.scale.scale import Scale
from hadacast.scale.static import Static
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.lookup import Lookup
from hadacast.spec.normalize import Normalize
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize
from hadacast.spec.signs import Signs
from hadacast.spec.stage import Stage

Floats = NDArray[np.float64]

ROTATING = (Signs, Fwht, Hadamard, Normalize)
QUANTIZERS = (Quantize, Lookup, Pvq)
Quantizer = Quantize | Lookup | Pvq
BITS = 24  # that a number in a recipe has, beside a power of two


def growth(stages: Iterable[Stage]) -> float:
    """By what the transforms among `stages`, and what normalizes them, multiply values: √n for n points."""
    found = 1.0
    for stage in stages:
        if isinstance(stage, Fwht):
            found *= math.sqrt(1 << stage.stages)
        elif isinstance(stage, Hadamard):
            found *= math.sqrt(stage.order)
        elif isinstance(stage, Normalize):
            found *= float(stage.constant)
    return found


def plain(
    stages: tuple[Stage, ...], x: Ints | Frames, rotated: Floats
) -> tuple[Quantizer, Frames, float] | None:
    """The last of `stages`, one of QUANTIZERS, for data that nothing has rotated.

    `x` is what enters the first stage, `rotated` the real values (frames, N) that enter the last as it
    stands. Returns the rebuilt stage, what enters it, and what its real values must be divided by to lie
    on the axis of the first stage's input. None if nothing before the last stage rotates.
    """
    *before, stage = stages
    assert isinstance(stage, QUANTIZERS)
    if not any(isinstance(other, Fwht | Hadamard) for other in before):
        return None
    format_, flowing = stages[0].input, x
    for other in before:
        if not isinstance(other, ROTATING):
            kept = replace(other, input=format_)
            format_, flowing = kept.output, kept.compute(flowing)
    element = format_.element if isinstance(format_, Block) else format_
    assert isinstance(element, Format)
    frames = flowing if isinstance(flowing, Frames) else Frames(codes=flowing)
    grown = growth(stages)
    # A table's numbers are constants: the data are scaled until their largest fits.
    peak = float(_peak_ratio(rotated, real(format_, frames))) if isinstance(stage, Lookup) else grown
    power = math.floor(math.log2(peak) + 1e-3)  # 181/2048, too, is 1/√128
    moved = replace(element, fraction=min(max(element.fraction - power, -64), 128))
    scaled = math.ldexp(1.0, element.fraction - moved.fraction)
    input_ = exponents(moved, stage.frame) if isinstance(format_, Block) else moved
    if not isinstance(stage, Quantize):
        return replace(stage, input=input_), frames, scaled
    above = short(stage.above * Fraction(scaled / grown))
    scale = following(stage.scale, stage, rotated, real(input_, frames))
    return replace(stage, input=input_, scale=scale, above=above), frames, scaled


def real(format_: Codes | Block, frames: Ints | Frames) -> Floats:
    """The real values of what flows between stages."""
    if isinstance(format_, Block):
        assert isinstance(frames, Frames)
        return format_.decode(frames)
    return format_.decode(frames.codes if isinstance(frames, Frames) else frames)


def following(scale: Scale, stage: Quantize, rotated: Floats, values: Floats) -> Scale:
    """`scale`, whose constants were chosen for `rotated`, with constants for `values`, both (frames, N).

    A tensor constant keeps its ratio to the largest magnitude. A static step sets a threshold, beyond
    which elements are clipped: the new one clips as many elements (of each channel, where each has its
    own); where none was clipped, it keeps its ratio to the largest magnitude.
    """
    if isinstance(scale, Floating) and scale.tensor_amax is not None:
        return replace(scale, tensor_amax=short(scale.tensor_amax * _peak_ratio(values, rotated)))
    if isinstance(scale, Static):
        numbers = scale.step or scale.threshold
        thresholds = [float(step * largest(stage.code)) for step in scale.steps(stage.code)]
        shape = (-1, stage.frame if len(numbers) > 1 else 1)
        old, new = np.abs(rotated).reshape(shape), np.abs(values).reshape(shape)
        found = tuple(
            short(number * _clip_ratio(old[:, channel], new[:, channel], threshold))
            for channel, (number, threshold) in enumerate(zip(numbers, thresholds, strict=True))
        )
        return replace(scale, step=found) if scale.step else replace(scale, threshold=found)
    return scale


def short(number: Fraction) -> Fraction:
    """`number` as a recipe may hold it: itself, or the nearest of BITS bits."""
    odd = (part // (part & -part) for part in (number.numerator, number.denominator) if part)
    if all(part.bit_length() <= BITS for part in odd):
        return number
    power = number.numerator.bit_length() - number.denominator.bit_length() - BITS + 1
    step = Fraction(2) ** power
    return round(number / step) * step


def _peak_ratio(new: Floats, old: Floats) -> Fraction:
    """Largest magnitude over largest magnitude; 1 where either is 0."""
    above, below = (Fraction(float(np.nanmax(np.abs(x), initial=0))) for x in (new, old))
    return above / below if above and below else Fraction(1)


def _clip_ratio(old: Floats, new: Floats, threshold: float) -> Fraction:
    """By what to multiply a threshold so that it clips as many of the magnitudes `new` as of `old`."""
    old, new = old[~np.isnan(old)], np.sort(new[~np.isnan(new)])[::-1]
    clipped = int(np.count_nonzero(old > threshold))
    if 0 < clipped < new.size and new[clipped] > 0:
        return Fraction(float(new[clipped])) / Fraction(threshold)
    return _peak_ratio(new, old)
