"""Frames that are pictures: what went in, what came out, the spectrum between, and how far the two differ."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hadacast.format import Codes, Ints
from hadacast.frames import Frames
from hadacast.report.unrotated import Floats, real
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.keep import Keep
from hadacast.spec.normalize import Normalize
from hadacast.spec.order import Order
from hadacast.spec.pipeline import Pipeline

MOST = 8  # pictures shown
DECADES = 4  # of magnitudes in a spectrum
SPECTRAL = (Fwht, Hadamard, Order, Normalize, Cast)  # behind a transform these leave a spectrum, too


@dataclass(frozen=True, eq=False)
class Row:
    """Grey levels of one kind, 0 to 1.

    name: of the kind. levels: (frames, rows, columns).
    """

    name: str
    levels: Floats


def figures(spec: Pipeline, image: tuple[int, ...], frames: Ints) -> dict[str, Any] | None:
    """Of (frames, N) codes: the report's part, for JSON; None where frames are no pictures.

    PSNR is 10·log10(range² / mean squared error), range that of the format, from its least to its largest
    number; None where nothing differs, or where input and output have different formats. `psnr_db` is that of
    the mean over all frames.
    """
    if not image:
        return None
    found: dict[str, Any] = {
        "rows": image[0],
        "columns": image[1],
        "frames": len(frames),
        "compared": spec.input == spec.output,
        "psnr_db": None,
        "psnr_db_by_frame": [],
        "equal_frames": 0,
    }
    if spec.input == spec.output:
        before, after = (spec.input.decode(codes) for codes in (frames, spec.compute(frames)))
        errors = ((before - after) ** 2).mean(axis=-1)
        found["psnr_db"] = _psnr(spec.input, float(errors.mean()))
        found["psnr_db_by_frame"] = [_psnr(spec.input, float(error)) for error in errors]
        found["equal_frames"] = int(np.count_nonzero(errors == 0))
    return found


def _psnr(format_: Codes, error: float) -> float | None:
    low, high = format_.decode(np.array([format_.min, format_.max]))
    return float(f"{10 * math.log10((high - low) ** 2 / error):.6g}") if error else None


def rows(spec: Pipeline, image: tuple[int, ...], frames: Ints) -> list[Row]:
    """The first frames as pictures, kind by kind, in the order of the pipeline."""
    frames = frames[:MOST]
    shape = (len(frames), *image)
    taps = spec.taps(frames)
    found = [Row("in", _grey(spec.input, frames, spec).reshape(shape))]
    spectrum = _spectrum(spec)
    if spectrum is not None:
        values = [real(spec.stages[index].output, taps[index]) for index in spectrum]
        top = float(np.abs(values[0]).max()) or 1.0
        names = ("spectrum", "what is kept of it")
        for name, value in zip(names, values, strict=False):
            found.append(Row(name, _logarithmic(value / top).reshape(shape)))
    codes = taps[-1]
    assert not isinstance(codes, Frames)
    found.append(Row("out", _grey(spec.output, codes, spec).reshape(shape)))
    return found


def _logarithmic(x: Floats) -> Floats:
    """Magnitudes up to 1 as levels: 1 for 1, 0 for DECADES below it and less."""
    return np.asarray(np.maximum(1 + np.log10(np.maximum(np.abs(x), 10.0**-DECADES)) / DECADES, 0))


def _spectrum(spec: Pipeline) -> list[int] | None:
    """Stages that leave a spectrum: the last of those SPECTRAL from the first transform on, and a `keep`
    stage that follows. None where it is what leaves the pipeline."""
    first = next((i for i, stage in enumerate(spec.stages) if isinstance(stage, Fwht | Hadamard)), None)
    if first is None:
        return None
    last = first
    while last + 1 < len(spec.stages) and isinstance(spec.stages[last + 1], SPECTRAL):
        last += 1
    if last + 1 == len(spec.stages):
        return None
    return [last, last + 1] if isinstance(spec.stages[last + 1], Keep) else [last]


def _grey(format_: Codes, codes: Ints, spec: Pipeline) -> Floats:
    """Levels from 0 to 1: of the format's range where both ends have it, else of what there is."""
    values = format_.decode(codes)
    ends = format_.decode(np.array([format_.min, format_.max]))
    if spec.input != spec.output:
        ends = np.array([np.nanmin(values), np.nanmax(values)])
    low, high = float(ends[0]), float(ends[1])
    return np.asarray(np.clip((np.nan_to_num(values) - low) / ((high - low) or 1.0), 0, 1))
