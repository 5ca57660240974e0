"""What a quantizer makes of real values, in figures.

The values that the codes stand for (Block.decode) are held against the exact values that entered the
quantizer. A rotation scaled by 1/√N is orthonormal, so an error has the same energy before it as behind
it: signal over noise is that of the data that entered the pipeline, and errors are stated on their axis.
The same quantizer for the un-rotated data is that of hadacast.report.unrotated.
"""

import math
from typing import Any

import numpy as np

from hadacast import elements
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames
from hadacast.report import saturation, unrotated
from hadacast.report.distribution import number, real
from hadacast.report.unrotated import QUANTIZERS, Quantizer
from hadacast.spec.pack import Pack
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize

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
    """Figures of each quantize, lookup and pvq stage for input codes `x`, (frames, N), for JSON."""
    return [
        stage_figures(spec, index, x)
        for index, stage in enumerate(spec.stages)
        if isinstance(stage, QUANTIZERS)
    ]


def stage_figures(spec: Pipeline, index: int, x: Ints) -> dict[str, Any]:
    """Figures of stage `index`, one of QUANTIZERS.

    `rotated` is the stage as it stands, `unrotated` the same for data that nothing has rotated, None
    where nothing does. `largest` is the largest magnitude that enters the stage, in its own units: what
    a recipe's `tensor_amax` or `threshold` is about. `packed_bits_per_value` is what a pack stage behind it
    makes of codes and scales, None where there is none.
    """
    stage = spec.stages[index]
    assert isinstance(stage, QUANTIZERS)
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
        "kind": stage.kind,
        "code": title(stage),
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
    code = element(stage)
    if code.width <= HISTOGRAM_BITS:
        order = in_order(code)
        found["histogram"] = {
            "codes": order.tolist(),
            "values": code.decode(order).tolist(),
            **{name: count[order - code.min].tolist() for name, count in counts.items()},
        }
    return found


def element(stage: Quantizer) -> Codes:
    """Format of the codes that leave."""
    return stage.output.element if isinstance(stage.output, Block) else stage.output


def title(stage: Quantizer) -> str:
    """What a stage makes, in a few words."""
    if isinstance(stage, Quantize):
        return f"{elements.name(stage.code) or stage.code}, {stage.scale.kind} scale"
    if isinstance(stage, Pvq):
        return f"{stage.pulses:,} pulses in groups of {stage.group:,}"
    return str(stage.output)


def figures(stage: Quantizer, entering: Frames, unit: float = 1.0) -> tuple[dict[str, Any], Frames]:
    """Figures of a stage, and what leaves it, for frames that enter it.

    Errors are divided by `unit`. What is clipped is known of quantize stages only: tables say for themselves
    what a value beyond their ends becomes, and pulses have none. Elements whose value or whose code is no
    finite number, and groups that held NaN, count in `not_finite` and nowhere else.
    """
    result = stage.compute(entering if isinstance(stage.input, Block) else entering.codes)
    leaving = result if isinstance(result, Frames) else Frames(codes=result)
    values, decoded = real(stage.input, entering), real(stage.output, leaving)
    finite = np.isfinite(values) & np.isfinite(decoded)
    values, error = np.where(finite, values, 0), np.where(finite, values - decoded, 0) / unit
    values = values / unit
    signal, noise = float((values**2).sum()), float((error**2).sum())
    over: int | None = None
    beyond, nothing = 0, 0
    if isinstance(stage, Quantize):
        over = int(np.count_nonzero(saturation.clipped(stage, entering) & finite))
        beyond, nothing = saturation.scales(stage, entering, leaving)
    count = int(np.count_nonzero(finite))
    zeros = int(np.count_nonzero((decoded == 0) & finite))
    shown = {
        "sqnr_db": _six(10 * math.log10(signal / noise)) if signal and noise else None,
        "max_error": _six(float(np.abs(error).max(initial=0))),
        "clipped": over,
        "clipped_share": None if over is None or not count else _six(100 * over / count),
        "zero_share": _six(100 * zeros / count) if count else None,
        "scales_saturated": beyond,
        "scales_zero": nothing,
        "not_finite": int(values.size - count),
        "wide_groups": None if leaving.wide is None else int(leaving.wide.sum()),
        "bits_per_value": _six(bits_per_value(stage, leaving)),
    }
    return shown, leaving


def bits_per_value(stage: Quantizer, leaving: Frames) -> float:
    """Bits of codes and of what groups carry, for each element. A group of outliers has wider codes."""
    block = stage.output
    if not isinstance(block, Block):
        return block.width
    share = float(leaving.wide.mean()) if leaving.wide is not None and leaving.wide.size else 0.0
    wide = block.wide.width if block.wide else 0
    codes = (1 - share) * block.element.width + share * wide
    return codes + sum(width for width, _ in block.sides.values()) / (block.group * block.rows)


def in_order(code: Codes) -> Ints:
    """All codes of a format in the order of their values; -0 before 0, infinities outside, NaN last."""
    codes = np.arange(code.min, code.max + 1)
    values = code.decode(codes)
    return codes[np.lexsort((-codes, values))] if code.min == 0 else codes


def counted(stage: Quantizer, leaving: Frames) -> Ints:
    """How many elements have each code, from the smallest code on; groups of outliers left out."""
    codes = leaving.codes
    if leaving.wide is not None and isinstance(stage.output, Block):
        codes = stage.output.grouped(codes)[leaving.wide == 0]
    low, high = element(stage).min, element(stage).max
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
