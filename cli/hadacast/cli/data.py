"""What goes into a core: a user's .npy file, a shipped sample, or random codes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.samples import SAMPLES
from hadacast.spec.pipeline import Pipeline

RANDOM = "random"
RANDOM_FRAMES = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Frames for a pipeline.

    Members
    -------
    source: a file, a sample's name, or "random".
    kind: "codes" if the source held integers, "values" if it held real numbers, which were encoded.
    shape, dtype: of the source. sha256: of its file, empty for random codes.
    frames: (frames, N) codes, or packed bytes. available: frames that the source holds.
    saturated: how many of the values taken lie outside the input format and were clipped.
    joined: whether rows of the source are no whole frames, and frames were cut from all of them in a row.
    """

    source: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str
    frames: Ints
    available: int
    saturated: int
    joined: bool = False

    @property
    def whole(self) -> bool:
        """Whether every element of the source is taken."""
        return len(self.frames) == self.available and not self.joined

    def like(self, frames: Ints) -> Ints:
        """Results in the shape of the source if all of it was taken, else as (frames, …). The last axis is
        longer or shorter where a frame of results isn't as long as one that went in."""
        along = self.shape[-1] // self.frames.shape[-1] * frames.shape[-1]
        return frames.reshape(*self.shape[:-1], along) if self.whole else frames

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "source": self.source,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "sha256": self.sha256,
            "frames": len(self.frames),
            "frames_available": self.available,
            "saturated": self.saturated,
            "joined": self.joined,
        }


def load(source: str, pipeline: Pipeline, *, frames: int | None = None, seed: int = 0) -> Data:
    """The first `frames` frames (default: all) of a source, in blocks of N along its last axis.

    A shipped sample whose rows are no whole frames is cut as one long row, and what is left at its end is not
    used; of one's own file that is refused, since it is more likely a mistake.

    Integers are codes, and must fit the input format. Real numbers are encoded: ties to even,
    saturating. Raises HadacastError for whatever is wrong with the file, its type, shape or values.
    """
    size = pipeline.in_beats * pipeline.in_lanes
    if source == RANDOM:
        count = frames or RANDOM_FRAMES
        low, high = pipeline.input.min, pipeline.input.max
        codes = np.random.default_rng(seed).integers(low, high, (count, size), endpoint=True)
        return Data(
            source=source,
            kind="codes",
            shape=codes.shape,
            dtype=str(codes.dtype),
            sha256="",
            frames=codes,
            available=count,
            saturated=0,
        )
    path = SAMPLES[source] if source in SAMPLES else Path(source)
    name = f"data {source!r}"
    array = _read(path, name)
    if array.dtype.kind not in "iuf":
        raise HadacastError(f"{name} has dtype {array.dtype}: it must be integers (codes) or real numbers")
    if array.size == 0:
        raise HadacastError(f"{name} has shape {array.shape}: it holds no elements")
    joined = source in SAMPLES and array.shape[-1] % size > 0 and array.size >= size
    if not joined and (array.ndim == 0 or array.shape[-1] % size):
        raise HadacastError(
            f"{name} has shape {array.shape}: the last axis must be a multiple of the frame, {size:,}"
        )
    available = array.size // size
    taken = available if frames is None else frames
    if taken > available:
        raise HadacastError(f"frames is {taken:,}: {name} has {available:,} of {size:,} elements")
    blocks = array.ravel()[: taken * size].reshape(-1, size)
    real = array.dtype.kind == "f"
    return Data(
        source=source,
        kind="values" if real else "codes",
        shape=array.shape,
        dtype=str(array.dtype),
        sha256=_digest(path, name),
        frames=pipeline.input.encode(blocks, name) if real else pipeline.input.check(blocks, name),
        available=available,
        saturated=pipeline.input.saturated(blocks) if real else 0,
        joined=joined,
    )


def _read(path: Path, name: str) -> NDArray[Any]:
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            samples = ", ".join((*SAMPLES, RANDOM))
            raise HadacastError(f"{name} {what}: it must be a .npy file or one of {samples}")
        # Mapped, so that the first frames of a huge file cost no more than they hold; an empty
        # array can't be mapped.
        with open(path, "rb") as file:
            if file.read(6) != b"\x93NUMPY":
                raise HadacastError(f"{name} is not a .npy file")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except HadacastError:
        raise
    except Exception as error:
        # NumPy parses the header as Python: what a damaged one raises isn't limited to ValueError.
        text = " ".join(str(getattr(error, "strerror", None) or error).split())
        if "empty file" in text:
            text = "it holds no elements"
        elif "Python objects" in text or "pickle" in text:
            text = "it holds Python objects; it must be integers (codes) or real numbers"
        elif "mmap length" in text:
            text = "it ends too early"
        raise HadacastError(f"{name} can't be read: {text[:200]}") from None
    return np.asarray(array)


def _digest(path: Path, name: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise HadacastError(f"{name} can't be read: {error.strerror}") from None


def narrow(codes: Ints, format_: Codes) -> NDArray[Any]:
    """Codes in the smallest of int8, int16, int32 and int64 that holds every code of the format."""
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= format_.min and format_.max <= np.iinfo(kind).max:
            return codes.astype(kind)
    return codes
