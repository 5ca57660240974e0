"""Reading what people wrote within bounds of size, depth and time, so that no file makes a program hang."""

import io
import math
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
"""Tables and lists within each other, and parts of a dotted key: a handful is what recipes take."""

MAX_HEADER = 1 << 15
"""Bytes of a .npy file in which its header must end; NumPy takes 10,000."""

# Each part of a dotted key costs tomllib time and memory in proportion to all those before it.
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PART}){{{MAX_DEPTH}}}")


def content(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of up to `most`.

    Raises OSError or ValueError for what isn't there, is a folder, a device or a pipe, or is larger.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # which may never end, or never begin
        raise ValueError("it is not a regular file")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is larger than {most:,} bytes")
    return data


def reason(error: Exception) -> str:
    """Why reading failed, in one line."""
    if isinstance(error, RecursionError):
        return f"it is nested too deep: {MAX_DEPTH} levels are the most"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:300]


def toml(text: str) -> dict[str, Any]:
    """A TOML document. Raises ValueError for what is none, or is nested too deep."""
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has too many parts: {MAX_DEPTH} are the most")
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(reason(error)) from None
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return document
    raise ValueError(reason(RecursionError()))


def npy(data: bytes) -> NDArray[Any]:
    """The array of a .npy file's bytes. Raises ValueError for what is none; nothing is set aside for a size
    that the header claims and the file hasn't got."""
    file = io.BytesIO(data)
    check_npy(file, len(data))
    file.seek(0)
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def check_npy(file: Any, size: int) -> None:
    """Read a .npy file's header, and raise ValueError unless the file's `size` bytes are what it says."""
    head = io.BytesIO(file.read(MAX_HEADER))  # NumPy would set aside what the file claims
    try:
        version = np.lib.format.read_magic(head)
        reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = reader[version](head)
    except Exception as error:  # the header is Python's own syntax, and so are its faults
        raise ValueError(f"its header is damaged ({reason(error)[:100]})") from None
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if not all(type(side) is int and 0 <= side < 1 << 48 for side in shape):
        raise ValueError(f"its header has shape {str(shape)[:100]}")
    if math.prod(shape) * dtype.itemsize > size - head.tell():
        raise ValueError("it ends too early")
