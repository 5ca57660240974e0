"""A per-user folder for what took long to build, each item under the hash of all it was made from."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import platformdirs

from hadacast.errors import HadacastError


def digest(parts: Iterable[str]) -> str:
    """A name for a list of texts; any change in any of them changes it."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)}:".encode() + part.encode())
    return total.hexdigest()[:32]


def folder() -> Path:
    """Where built simulators are kept; XDG_CACHE_HOME moves it. Raises HadacastError if it can't be made."""
    path = Path(platformdirs.user_cache_dir("hadacast", appauthor=False)) / "sim"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HadacastError(
            f"can't make the cache folder {str(path)!r}: {error.strerror}; set XDG_CACHE_HOME"
        ) from None
    return path


def built(name: str, build: Callable[[Path], None]) -> Path:
    """The path of item `name`, calling `build(path)` to make it if it isn't there yet.

    `build` writes a file or a folder at a temporary path in the cache, which is renamed when complete: an
    interrupted build leaves nothing behind that looks finished, and two at once don't disturb each other.
    """
    final = folder() / name
    if final.exists():
        return final
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder()) as work:
        fresh = Path(work) / name
        build(fresh)
        try:
            os.replace(fresh, final)
        except OSError:  # another process was first with a folder, which can't be replaced
            if not final.exists():
                raise
    return final
