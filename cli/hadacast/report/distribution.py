"""What a rotation does to the distribution of real values, in figures.

"Block" is a frame: N values that share a rotation, and that a low-precision cast would give one
scale. Figures are of all the data taken, from the exact result.
"""

import math
from typing import Any

import numpy as np

from hadacast.format import Ints
from hadacast.frames import Frames
from hadacast.report import unrotated
from hadacast.report.unrotated import Floats, real
from hadacast.spec.gain import Gain
from hadacast.spec.keep import Keep
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.requantize import Requantize
from hadacast.spec.stage import Stage

INT4_MAX = 7

# What ends a rotation: what leaves is another vector.
ENDS = (*unrotated.QUANTIZERS, Requantize, Gain, Keep)

# Key, words, digits.
FIGURES = (
    ("peak_median", "largest / rms per block, median", 2),
    ("peak_p99", "largest / rms per block, 99th percentile", 2),
    ("peak_worst", "largest / rms per block, worst", 2),
    ("int4_sqnr_db", "INT4 SQNR, one scale per block (dB)", 2),
    ("kurtosis", "kurtosis (Gaussian: 3)", 2),
    ("max", "largest magnitude", 4),
    ("max_rms", "largest / rms, whole tensor", 2),
)


def blocks(spec: Pipeline, frames: Ints) -> tuple[Floats, Floats] | None:
    """Real values (frames, N) before the first transform, and after it and all that follow up to one of ENDS
    or the end, scaled by 1/√n for each transform of n points. None if none comes before that.

    So scaled the rotation is orthonormal: both lie on the same axis, with the same energy. Frames that
    hold values that aren't finite are left out.
    """
    before: Floats | None = None
    after: Floats | None = None
    passed: list[Stage] = []
    flowing: Ints | Frames = frames
    for stage in spec.stages:
        if isinstance(stage, ENDS):
            break
        if before is None and unrotated.norm(stage) is not None:
            before = real(stage.input, flowing)
        flowing = stage.compute(flowing)
        if before is not None and unrotated.rotates(stage):
            passed.append(stage)
            after = real(stage.output, flowing)
    if before is None or after is None:
        return None
    finite = np.isfinite(before).all(axis=-1)
    return before[finite], after[finite] / unrotated.growth(passed)


def peaks(x: Floats) -> Floats:
    """Largest magnitude over rms of each block that isn't all zero: 1 (flat) to √N (one spike)."""
    rms = np.sqrt((x**2).mean(axis=-1))
    return np.asarray(np.abs(x).max(axis=-1)[rms > 0] / rms[rms > 0])


def int4_sqnr(x: Floats) -> float | None:
    """Signal over quantization noise of signed 4-bit codes, one scale (largest / 7) a block, in dB.

    None where there is no signal or no noise.
    """
    scale = np.abs(x).max(axis=-1, keepdims=True) / INT4_MAX
    error = x - np.rint(x / np.where(scale > 0, scale, 1)) * scale
    signal, noise = float((x**2).sum()), float((error**2).sum())
    return 10 * math.log10(signal / noise) if signal and noise else None


def kurtosis(x: Floats) -> float | None:
    """Fourth central moment over the squared variance; None where all values are equal."""
    centred = x - x.mean() if x.size else np.zeros(1)
    variance = float((centred**2).mean())
    return float((centred**4).mean()) / variance**2 if variance else None


def figures(x: Floats) -> dict[str, float | None]:
    """FIGURES of (blocks, N) values; None where one doesn't exist, as for all zeros."""
    peak = peaks(x)
    rms = float(np.sqrt((x**2).mean())) if x.size else 0.0
    largest = float(np.abs(x).max(initial=0))
    found = {
        "peak_median": float(np.median(peak)) if peak.size else None,
        "peak_p99": float(np.percentile(peak, 99)) if peak.size else None,
        "peak_worst": float(peak.max()) if peak.size else None,
        "int4_sqnr_db": int4_sqnr(x),
        "kurtosis": kurtosis(x),
        "max": largest,
        "max_rms": largest / rms if rms else None,
    }
    # Sums depend on the machine in their last digits, and a report shouldn't.
    return {key: None if value is None else float(f"{value:.6g}") for key, value in found.items()}


def compare(before: Floats, after: Floats) -> dict[str, Any]:
    """The report's part: figures before and after, and what must be known to read them."""
    energy = (before**2).ravel()
    total = float(energy.sum())
    low, high = peaks(before), peaks(after)
    same = low.size == high.size and low.size > 0
    return {
        "blocks": len(before),
        "block": before.shape[-1],
        "before": figures(before),
        "after": figures(after),
        "blocks_lowered": float(f"{(high < low).mean():.6g}") if same else None,
        "largest_energy_share": float(f"{energy.max(initial=0) / total:.6g}") if total else None,
    }


def rows(shown: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The figures as words, from `compare`."""
    return [
        (words, number(shown["before"][key], digits), number(shown["after"][key], digits))
        for key, words, digits in FIGURES
    ]


def number(value: float | None, digits: int) -> str:
    """A figure as text."""
    return "–" if value is None else f"{value:,.{digits}f}"
