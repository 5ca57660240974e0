"""What a quantizer makes of real values, in figures.

The values that the codes stand for (Block.decode) are held against the exact values that entered the
quantizer. A rotation scaled by 1/√N is orthonormal, so an error has the same energy before it as behind
it: signal over noise is that of the data that entered the pipeline, and errors are stated on their axis.
The same quantizer for the un-rotated data is that of hadacast.report.unrotated.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import elements
from hadacast.elements import emax, largest
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames
from hadacast.minifloat import Minifloat
from hadacast.report import unrotated
from hadacast.report.distribution import number, real
from hadacast.report.unrotated import Floats
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT
from hadacast.spec.pack import Pack
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize

Bools = NDArray[np.bool_]

HISTOGRAM_BITS = 8

# Key, words, digits.
FIGURES = (
    ("sqnr_db", "SQNR (dB)", 2),
    ("max_error", "largest error", 4),
    ("clipped", "elements clipped", 0),
    ("clipped_share", "elements clipped (%)", 3),
    ("zero_share", "elements that become 0 (%)", 2),
    ("scales_saturated", "scales saturated", 0),
    ("scales_zero", "scales 0 for elements that aren't", 0),
    ("bits_per_value", "bits per value, codes and scales", 4),
)


def report(spec: Pipeline, x: Ints) -> list[dict[str, Any]]:
    """Figures of each quantize stage for input codes `x`, (frames, N), for JSON."""
    return [
        stage_figures(spec, index, x)
        for index, stage in enumerate(spec.stages)
        if isinstance(stage, Quantize)
    ]


def stage_figures(spec: Pipeline, index: int, x: Ints) -> dict[str, Any]:
    """Figures of quantize stage `index`.

    `rotated` is the stage as it stands, `unrotated` the same for data that nothing has rotated, None
    where nothing does. `largest` is the largest magnitude that enters the stage, in its own units: what
    a recipe's `tensor_amax` or `threshold` is about. `packed_bits_per_value` is what a pack stage behind it
    makes of codes and scales, None where there is none.
    """
    stage = spec.stages[index]
    assert isinstance(stage, Quantize)
    start = _start(spec, index)
    flowing: Ints | Frames = x
    for before in spec.stages[:start]:
        flowing = before.compute(flowing)
    chain = spec.stages[start : index + 1]
    entering = flowing
    for before in chain[:-1]:
        entering = before.compute(entering)
    frames = entering if isinstance(entering, Frames) else Frames(codes=entering)
    values = real(stage.input, frames)
    shown, codes = figures(stage, frames, unrotated.growth(chain))
    after = spec.stages[index + 1] if index + 1 < len(spec.stages) else None
    packed = 8 * after.out_lanes * after.out_beats / stage.frame if isinstance(after, Pack) else None
    found: dict[str, Any] = {
        "stage": index,
        "code": elements.name(stage.code) or str(stage.code),
        "scale": stage.scale.kind,
        "values": int(frames.codes.size),
        "packed_bits_per_value": None if packed is None else _six(packed),
        "largest": _six(float(np.nanmax(np.abs(values), initial=0))),
        "rotated": shown,
        "unrotated": None,
        "histogram": None,
    }
    plain = unrotated.plain(chain, flowing, values)
    counts = {"rotated": counted(stage, codes)}
    if plain is not None:
        found["unrotated"], codes = figures(*plain)
        counts["unrotated"] = counted(stage, codes)
    if stage.code.width <= HISTOGRAM_BITS:
        order = in_order(stage.code)
        found["histogram"] = {
            "codes": order.tolist(),
            "values": stage.code.decode(order).tolist(),
            **{name: count[order - stage.code.min].tolist() for name, count in counts.items()},
        }
    return found


def figures(stage: Quantize, entering: Frames, unit: float = 1.0) -> tuple[dict[str, Any], Frames]:
    """Figures of a quantize stage, and what leaves it, for frames that enter it.

    Errors are divided by `unit`. Elements whose value or whose code is no finite number, and groups that
    held NaN, count in `not_finite` and nowhere else.
    """
    leaving = stage.compute(entering if stage.floating else entering.codes)
    assert isinstance(leaving, Frames)
    values, decoded = real(stage.input, entering), stage.output.decode(leaving)
    finite = np.isfinite(values) & np.isfinite(decoded)
    values, error = np.where(finite, values, 0), np.where(finite, values - decoded, 0) / unit
    values = values / unit
    signal, noise = float((values**2).sum()), float((error**2).sum())
    over = clipped(stage, entering) & finite
    saturated, zero = scales(stage, entering, leaving)
    count = int(np.count_nonzero(finite))
    zeros = int(np.count_nonzero((decoded == 0) & finite))
    shown = {
        "sqnr_db": _six(10 * math.log10(signal / noise)) if signal and noise else None,
        "max_error": _six(float(np.abs(error).max(initial=0))),
        "clipped": int(np.count_nonzero(over)),
        "clipped_share": _six(100 * np.count_nonzero(over) / count) if count else None,
        "zero_share": _six(100 * zeros / count) if count else None,
        "scales_saturated": saturated,
        "scales_zero": zero,
        "not_finite": int(values.size - count),
        "wide_groups": None if leaving.wide is None else int(leaving.wide.sum()),
        "bits_per_value": _six(bits_per_value(stage, leaving)),
    }
    return shown, leaving


def bits_per_value(stage: Quantize, leaving: Frames) -> float:
    """Bits of codes and of what groups carry, for each element. A group of outliers has wider codes."""
    block = stage.output
    share = float(leaving.wide.mean()) if leaving.wide is not None and leaving.wide.size else 0.0
    wide = block.wide.width if block.wide else 0
    codes = (1 - share) * block.element.width + share * wide
    return codes + sum(width for width, _ in block.sides.values()) / (block.group * block.rows)


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


def in_order(code: Codes) -> Ints:
    """All codes of a format in the order of their values; -0 before 0, infinities outside, NaN last."""
    codes = np.arange(code.min, code.max + 1)
    values = code.decode(codes)
    return codes[np.lexsort((-codes, values))] if code.min == 0 else codes


def counted(stage: Quantize, leaving: Frames) -> Ints:
    """How many elements have each code, from the smallest code on; groups of outliers left out."""
    codes = leaving.codes
    if leaving.wide is not None:
        codes = stage.output.grouped(codes)[leaving.wide == 0]
    low, high = stage.code.min, stage.code.max
    return np.bincount((codes - low).ravel(), minlength=high - low + 1)


def _start(spec: Pipeline, index: int) -> int:
    """The first stage whose result stage `index` still depends on in full precision: behind what a
    dequantize stage makes of codes, if one comes before."""
    for start in range(index, 0, -1):
        if isinstance(spec.stages[start - 1].input, Block) and not isinstance(
            spec.stages[start - 1].output, Block
        ):
            return start
    return 0


def _six(value: float) -> float:
    """Sums depend on the machine in their last digits, and a report shouldn't."""
    return float(f"{value:.6g}")


def rows(shown: dict[str, Any]) -> list[tuple[str, ...]]:
    """The figures as words, un-rotated (where there are such) and as the pipeline does it."""
    sides = [shown[name] for name in ("unrotated", "rotated") if shown[name] is not None]
    found = [(words, *(number(side[key], digits) for side in sides)) for key, words, digits in FIGURES]
    for key, words in (("not_finite", "elements that aren't finite"), ("wide_groups", "groups of outliers")):
        if any(side[key] for side in sides):
            found.append((words, *(number(side[key] or 0, 0) for side in sides)))
    if shown["packed_bits_per_value"] is not None:
        blank = [""] * (len(sides) - 1)
        found.append(("bits per value, packed", *blank, number(shown["packed_bits_per_value"], 4)))
    return found
