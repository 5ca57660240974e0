"""Built simulators, each under the hash of all it was made from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from hadacast.tools import cache

digest = cache.digest


def folder() -> Path:
    """Where built simulators are kept; XDG_CACHE_HOME moves it. Raises HadacastError if it can't be made."""
    return cache.folder("sim")


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
