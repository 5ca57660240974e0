"""Several recipes on the same data, side by side.

SQNR is that of hadacast.report.quantization: what the codes stand for against the exact values that entered
the quantizer, behind the rotation. Scaled by 1/√n a rotation is orthonormal, so it is also that of the values
rotated back. What the input format lost before, in rounding and clipping real numbers, is stated apart.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.report import quantization
from hadacast.report.distribution import number
from hadacast.report.unrotated import Floats
from hadacast.spec.pipeline import Pipeline

NO_QUANTIZER = "no quantizer"

# The input's own noise matters where it is within so many dB of the quantizer's.
MARGIN_DB = 10

# Lines of the terminal's table; a space takes their place elsewhere.
HEADS = (
    "recipe",
    "quantizer",
    "SQNR\ndB",
    "un-rotated\ndB",
    "max\nerror",
    "clipped\n%",
    "zeros\n%",
    "bits per\nvalue",
)


def figures(spec: Pipeline, frames: Any, values: Any) -> dict[str, Any]:
    """What a pipeline makes of (frames, N) codes that stand for the real `values`, None where codes are what
    there was: its quantizers, and its input format."""
    return {
        "frame": spec.frame,
        "frames": len(frames),
        "input": _input(spec, frames, values),
        "quantization": quantization.report(spec, frames),
    }


def _input(spec: Pipeline, frames: Any, values: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"format": str(spec.input), "saturated": 0, "sqnr_db": None, "fraction": None}
    if values is None:
        return shown
    exact = np.asarray(values, np.float64)
    shown["sqnr_db"] = _sqnr(exact, spec.input.decode(frames))
    shown["saturated"] = spec.input.saturated(values)
    if shown["saturated"] and isinstance(spec.input, Format):
        shown["fraction"] = fitting(spec.input, values)
    return shown


def _sqnr(values: Floats, decoded: Floats) -> float | None:
    finite = np.isfinite(values) & np.isfinite(decoded)
    signal = float((values[finite] ** 2).sum())
    noise = float(((values - decoded)[finite] ** 2).sum())
    return float(f"{10 * math.log10(signal / noise):.6g}") if signal and noise else None


def fitting(format_: Format, values: Any) -> int | None:
    """The most fraction bits, fewer than the format's, with which none of the values is clipped; None where
    no number of them does it: an unsigned format holds nothing below 0."""
    ends = np.array([values.min(), values.max()], np.float64)
    if ends[0] < 0 and not format_.signed:
        return None
    for fraction in range(format_.fraction - 1, -65, -1):
        try:
            if not replace(format_, fraction=fraction).saturated(ends):
                return fraction
        except HadacastError:
            return None
    return None


def quantizers(shown: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """(name, figures) of each quantizer of each recipe, in order; None for a recipe that has none."""
    for evaluation in shown["evaluations"]:
        stages = evaluation["quantization"]
        name = evaluation["recipe"]["label"]
        if not stages:
            yield name, None
        for stage in stages:
            yield (name if len(stages) == 1 else f"{name}, stage {stage['stage']}"), stage


def rows(shown: dict[str, Any]) -> list[tuple[str, ...]]:
    """The table as words, below HEADS."""
    found = []
    for name, stage in quantizers(shown):
        if stage is None:
            found.append((name, NO_QUANTIZER, *["–"] * (len(HEADS) - 2)))
            continue
        own, plain = stage["rotated"], stage["unrotated"]
        found.append(
            (
                name,
                stage["code"],
                number(own["sqnr_db"], 2),
                "–" if plain is None else number(plain["sqnr_db"], 2),
                number(own["max_error"], 4),
                number(own["clipped_share"], 3),
                number(own["zero_share"], 2),
                number(own["bits_per_value"], 3),
            )
        )
    return found


def notes(shown: dict[str, Any]) -> list[str]:
    """What one should know before one trusts the table, a line each."""
    found = []
    for evaluation in shown["evaluations"]:
        name, entered = evaluation["recipe"]["label"], evaluation["input"]
        count = evaluation["frames"] * evaluation["frame"]
        if entered["saturated"]:
            cure = "" if entered["fraction"] is None else f"; --fraction {entered['fraction']} holds them"
            found.append(
                f"{name}: {entered['saturated']:,} of {count:,} values lie outside the input format"
                f" ({entered['format']}) and are clipped before the pipeline{cure}"
            )
        worst = max((s["rotated"]["sqnr_db"] or 0 for s in evaluation["quantization"]), default=None)
        if entered["sqnr_db"] is not None and worst is not None and entered["sqnr_db"] < worst + MARGIN_DB:
            found.append(
                f"{name}: its input format alone has {entered['sqnr_db']:.2f} dB on this data, and the SQNR"
                " of the quantizer doesn't count that; more bits (--width, --fraction) help"
            )
        for stage in evaluation["quantization"]:
            if count := stage["rotated"]["scales_saturated"]:
                largest = number(stage["largest"], 4)
                cure = " (tensor_amax says what they must hold)" if "floating" in stage["code"] else ""
                found.append(
                    f"{name}: {count:,} scales saturate; the largest at the quantizer is {largest}{cure}"
                )
    return found
