"""The per-user folder for what took long to make, each item under the hash of all that decided it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import platformdirs

from hadacast.errors import HadacastError


def digest(parts: Iterable[str]) -> str:
    """A name for a list of texts; any change in any of them changes it."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)}:".encode() + part.encode())
    return total.hexdigest()[:32]


def folder(kind: str) -> Path:
    """Where items of one kind are kept; XDG_CACHE_HOME moves it. Raises HadacastError if it can't be made."""
    return made(Path(platformdirs.user_cache_dir("hadacast", appauthor=False)) / kind, "set XDG_CACHE_HOME")


def made(path: Path, cure: str) -> Path:
    """`path`, a folder that is there now. Raises HadacastError, which ends in `cure`, if it can't be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HadacastError(f"can't make the cache folder {str(path)!r}: {reason}; {cure}") from None
    return path
