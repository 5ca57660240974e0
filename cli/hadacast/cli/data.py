"""What goes into a core: a user's file, a shipped sample, or random codes."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import checks
from hadacast.cli import arrays
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.samples import SAMPLES
from hadacast.spec.pipeline import Pipeline

RANDOM = "random"
RANDOM_FRAMES = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """What --data names.

    Members
    -------
    name: a file, a sample's name, or "random". tensor: which of a file's arrays was asked for, "" for none.
    array: codes or real numbers; None where each pipeline gets random codes of its own.
    sha256: of the file, empty for random codes. seed: of random codes.
    """

    name: str
    tensor: str = ""
    array: NDArray[Any] | None = None
    sha256: str = ""
    seed: int = 0

    @property
    def text(self) -> str:
        """What messages call it."""
        return f"data {self.name!r}" + (f", tensor {checks.quote(self.tensor)}" if self.tensor else "")


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Frames for a pipeline.

    Members
    -------
    source: a file, a sample's name, or "random". tensor: which of a file's arrays, "" where none was named.
    kind: "codes" if the source held integers, "values" if it held real numbers, which were encoded.
    shape, dtype: of the source. sha256: of its file, empty for random codes.
    frames: (frames, N) codes, or packed bytes. available: frames that the source holds.
    values: (frames, N), the real numbers that were encoded; None for codes.
    saturated: how many of the values taken lie outside the input format and were clipped.
    joined: whether rows of the source are no whole frames, and frames were cut from all of them in a row.
    """

    source: str
    tensor: str = ""
    kind: str
    shape: tuple[int, ...]
    dtype: str
    sha256: str
    frames: Ints
    available: int
    values: NDArray[Any] | None = None
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
            "tensor": self.tensor,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            "sha256": self.sha256,
            "frames": len(self.frames),
            "frames_available": self.available,
            "saturated": self.saturated,
            "joined": self.joined,
        }


def load(
    source: str, pipeline: Pipeline, *, tensor: str | None = None, frames: int | None = None, seed: int = 0
) -> Data:
    """The first `frames` frames (default: all) of what --data and --tensor name, in blocks of N along its
    last axis. Raises HadacastError as `find` and `framed` do."""
    return framed(find(source, tensor=tensor, seed=seed), pipeline, frames=frames)


def find(source: str, *, tensor: str | None = None, rows: int | None = None, seed: int = 0) -> Source:
    """Read a file or a sample; with `rows`, the first of them along its last axis only.

    Raises HadacastError for whatever is wrong with the file, its type or shape.
    """
    if source == RANDOM:
        if tensor is not None:
            raise HadacastError(f"tensor is {checks.quote(tensor)}: random codes have no tensors")
        return Source(name=source, seed=seed)
    path = SAMPLES[source] if source in SAMPLES else Path(source)
    name = f"data {source!r}"
    _check_file(path, name)
    array = arrays.read(path, name, tensor)
    found = Source(name=source, tensor=tensor or "", array=array, sha256=_digest(path, name))
    if array.dtype.kind not in "iuf":
        raise HadacastError(f"{found.text} has dtype {array.dtype}: it must be integers or real numbers")
    if array.size == 0 or array.ndim == 0:
        what = "no elements" if array.ndim else "one number, and no frame"
        raise HadacastError(f"{found.text} has shape {array.shape}: it holds {what}")
    if rows is None:
        return found
    table = array.reshape(-1, array.shape[-1])
    if rows > len(table):
        raise HadacastError(
            f"rows is {rows:,}: {found.text} has {len(table):,} of {table.shape[-1]:,} elements"
        )
    return replace(found, array=table[:rows])


def framed(source: Source, pipeline: Pipeline, *, frames: int | None = None) -> Data:
    """The first `frames` frames (default: all) of a source, in blocks of N along its last axis.

    A shipped sample whose rows are no whole frames is cut as one long row, and what is left at its end is not
    used; of one's own file that is refused, since it is more likely a mistake.

    Integers are codes, and must fit the input format. Real numbers are encoded: ties to even,
    saturating. Raises HadacastError for whatever doesn't suit the pipeline.
    """
    size, copies = pipeline.in_size, pipeline.copies
    array = source.array
    if array is None:
        low, high = pipeline.input.min, pipeline.input.max
        shape = (frames or -(-RANDOM_FRAMES // copies) * copies, size)
        array = np.random.default_rng(source.seed).integers(low, high, shape, endpoint=True)
    joined = source.name in SAMPLES and array.shape[-1] % size > 0 and array.size >= size
    if not joined and array.shape[-1] % size:
        raise HadacastError(
            f"{source.text} has shape {array.shape}: the last axis must be a multiple of the frame, {size:,}"
        )
    available = array.size // size
    taken = available // copies * copies if frames is None else frames
    if taken % copies or not taken:
        raise HadacastError(
            f"frames is {taken or available:,}: it must be a multiple of the {copies} copies, side by side"
        )
    if taken > available:
        raise HadacastError(f"frames is {taken:,}: {source.text} has {available:,} of {size:,} elements")
    blocks = array.ravel()[: taken * size].reshape(-1, size)
    real = array.dtype.kind == "f"
    encode = pipeline.input.encode if real else pipeline.input.check
    return Data(
        source=source.name,
        tensor=source.tensor,
        kind="values" if real else "codes",
        shape=array.shape,
        dtype=str(array.dtype),
        sha256=source.sha256,
        frames=encode(blocks, source.text),
        available=available,
        values=blocks if real else None,
        saturated=pipeline.input.saturated(blocks) if real else 0,
        joined=joined,
    )


def _check_file(path: Path, name: str) -> None:
    try:
        if path.is_file():
            return
        what = "is not a file" if path.exists() else "does not exist"
    except (OSError, ValueError) as error:  # a NUL in the path, a loop of links
        raise HadacastError(f"{name} can't be read: {error}") from None
    samples = ", ".join((*SAMPLES, RANDOM))
    raise HadacastError(f"{name} {what}: it must be a {arrays.FORMATS} file or one of {samples}")


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
