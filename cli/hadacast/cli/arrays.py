"""Arrays in files: .npy, .npz and safetensors, told apart by what they hold. No pickle is ever read.

A safetensors file is read here, not by the package of that name, which has no bfloat16 for NumPy: eight
bytes that say how long a header of JSON is, the header, then the tensors as they lie in memory.
"""

import json
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import checks, reading
from hadacast.errors import HadacastError

NPY = b"\x93NUMPY"
NPZ = (b"PK\x03\x04", b"PK\x05\x06")  # the second: no members
FORMATS = ".npy, .npz or .safetensors"

BF16 = "BF16"
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    BF16: "<u2",  # the upper half of a float32
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
}
"""Types of safetensors that are read, and how NumPy sees their bytes."""

MAX_HEADER = 100_000_000  # bytes; the format's own limit
SHOWN = 12  # names in a message


def read(path: Path, name: str, tensor: str | None = None) -> NDArray[Any]:
    """The array `tensor` of a file, or its only one; bfloat16 comes as float32, which holds it exactly.

    `name` is what messages call the file. Arrays of .npy and safetensors files are mapped, so that the first
    rows of a huge one cost no more than they hold.

    Raises HadacastError, in one line, for a file that isn't there or is damaged, holds Python objects,
    hasn't got the tensor, or has several and `tensor` doesn't say which.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(9)
        if head.startswith(NPZ):
            return _npz(path, name, tensor)
        if head.startswith(NPY):
            if tensor is not None:
                raise HadacastError(f"tensor is {checks.quote(tensor)}: {name} is one array, without a name")
            with open(path, "rb") as file:
                reading.check_npy(file, path.stat().st_size)
            # An empty array can't be mapped.
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        if head[8:] == b"{":
            return _safetensors(path, name, tensor)
    except HadacastError:
        raise
    except Exception as error:
        # NumPy parses the header as Python: what a damaged one raises isn't limited to ValueError.
        raise HadacastError(f"{name} can't be read: {_reason(error)}") from None
    raise HadacastError(f"{name} is not a {FORMATS} file")


def _reason(error: Exception) -> str:
    text = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
    if "empty file" in text:
        return "it holds no elements"
    if "Python objects" in text or "pickle" in text or "Object arrays" in text:
        return "it holds Python objects; it must be integers (codes) or real numbers"
    if "mmap length" in text:
        return "it ends too early"
    return text[:200]


def _chosen(names: Iterable[str], name: str, tensor: str | None) -> str:
    """Which of a file's arrays is meant."""
    found = sorted(names)
    more = f", … {len(found):,} in all" if len(found) > SHOWN else ""
    shown = ", ".join(map(checks.quote, found[:SHOWN])) + more
    if not found:
        raise HadacastError(f"{name} holds no arrays")
    if tensor is None and len(found) > 1:
        raise HadacastError(f"{name} holds {len(found):,} arrays: say which with --tensor, {shown}")
    if tensor is not None and tensor not in found:
        raise HadacastError(f"tensor is {checks.quote(tensor)}: {name} holds {shown}")
    return found[0] if tensor is None else tensor


def _npz(path: Path, name: str, tensor: str | None) -> NDArray[Any]:
    # Names without their .npy, as numpy.savez was given them.
    with zipfile.ZipFile(path) as archive:
        members = {member.removesuffix(".npy"): member for member in archive.namelist()}
        chosen = _chosen(members, name, tensor)
        size = archive.getinfo(members[chosen]).file_size
        with archive.open(members[chosen]) as file:
            reading.check_npy(file, size)
        with archive.open(members[chosen]) as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _safetensors(path: Path, name: str, tensor: str | None) -> NDArray[Any]:
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(size - 8, MAX_HEADER):
            raise ValueError(f"its header would have {length:,} bytes")
        header = json.loads(file.read(length), object_pairs_hook=_once)
    entries = {key: entry for key, entry in header.items() if key != "__metadata__"}
    chosen = _chosen(entries, name, tensor)
    found = {key: _entry(key, entry) for key, entry in entries.items()}
    kind, shape, start, end = found[chosen]
    for other, (_, _, first, last) in found.items():
        if other != chosen and max(first, start) < min(last, end):
            raise ValueError(f"tensors {checks.quote(chosen)} and {checks.quote(other)} overlap")
    if kind not in DTYPES:
        allowed = ", ".join(DTYPES)
        raise HadacastError(f"{name} has dtype {checks.quote(kind)}: it must be one of {allowed}")
    dtype, count = np.dtype(DTYPES[kind]), math.prod(shape)
    if end - start != count * dtype.itemsize or 8 + length + end > size:
        raise ValueError(f"it ends too early, or tensor {checks.quote(chosen)} has another size than it says")
    if not count:
        return np.zeros(shape, dtype)
    array: NDArray[Any] = np.memmap(path, dtype, "r", offset=8 + length + start, shape=tuple(shape))
    return _bfloat16(array) if kind == BF16 else np.asarray(array)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("its header has a key twice")
    return found


def _entry(key: str, entry: Any) -> tuple[str, list[int], int, int]:
    """A tensor's type, shape, and where its data begin and end."""
    try:
        kind, shape = entry["dtype"], entry["shape"]
        start, end = entry["data_offsets"]
        sound = isinstance(kind, str) and all(type(n) is int and n >= 0 for n in (start, end, *shape))
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound:
        raise ValueError(f"its entry of tensor {checks.quote(key)} isn't as the format has it")
    return kind, shape, start, end


def _bfloat16(codes: NDArray[Any]) -> NDArray[np.float32]:
    return (codes.astype(np.uint32) << 16).view(np.float32)
