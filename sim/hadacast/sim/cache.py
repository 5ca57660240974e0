"""Built simulators, each under the hash of all it was made from."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from hadacast.tools import cache

digest = cache.digest
SUM = "sum"


def folder() -> Path:
    """Where built simulators are kept; XDG_CACHE_HOME moves it. Raises HadacastError if it can't be made."""
    return cache.folder("sim")


def built(name: str, build: Callable[[Path], None]) -> Path:
    """The path of item `name`, calling `build(path)` to make it if it isn't there yet, or isn't whole.

    `build` writes a file or a folder at a temporary path in the cache, which is renamed when complete: an
    interrupted build leaves nothing behind that looks finished, and two at once don't disturb each other.
    What was built is kept with a hash of it; what a disk has damaged since is made again, for a processor
    would run it as it is.
    """
    home = folder() / f"{name}.d"
    if _sound(home, name):
        return home / name
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder()) as work:
        fresh = Path(work, home.name)
        fresh.mkdir()
        build(fresh / name)
        (fresh / SUM).write_text(_sum(fresh / name), encoding="utf-8")
        try:
            os.replace(fresh, home)
        except OSError:  # there is one: another process was first, or it is damaged
            if not _sound(home, name):
                os.replace(home, Path(work, "damaged"))
                os.replace(fresh, home)
    return home / name


def _sound(home: Path, name: str) -> bool:
    try:
        return (home / SUM).read_text(encoding="utf-8") == _sum(home / name)
    except (OSError, ValueError):
        return False


def _sum(item: Path) -> str:
    """A hash of a file, or of a folder's files and their names."""
    total = hashlib.sha256()
    inner = [item] if item.is_file() else sorted(path for path in item.rglob("*") if path.is_file())
    for path in inner:
        data = path.read_bytes()
        total.update(f"{path.relative_to(item).as_posix()} {len(data)}:".encode() + data)
    return total.hexdigest()
