"""Results of synthesis, kept under the hash of all that decided them, so that nothing is built twice.

An entry is a compressed JSON file with its own key in it. It is written beside its place and renamed, so
that no reader sees half of one; writers of one key write the same, and the last one stays. What can't be
read back, or isn't what its name says, counts as absent and is written anew.
"""

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.tools import cache

# Part of every key: what was stored by a version of this package that measured otherwise isn't found.
FORM = 1


@dataclass(frozen=True)
class Store:
    """A folder of entries; several processes may use it at once.

    Members
    -------
    folder: made when something is first put there.
    """

    folder: Path

    @classmethod
    def of_user(cls) -> "Store":
        """The user's own, in the folder where compiled simulators are too. Raises HadacastError if that can't
        be made."""
        return cls(cache.folder("synth"))

    def kept(self, kind: str, parts: dict[str, Any], make: Callable[[], Any]) -> Any:
        """The result of step `kind` that `parts` decide, from the store or from `make()`.

        `parts` and the result are what JSON can hold. Raises HadacastError if the result can't be written,
        and what `make` raises: a failure isn't kept.
        """
        key = key_of(kind, parts)
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def get(self, key: str) -> Any:
        """What was put under a key; None if nothing sound is there."""
        try:
            with gzip.open(self._path(key), "rt", encoding="utf-8") as file:
                entry = json.load(file)
            return entry["value"] if entry["key"] == key else None
        except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep a value under a key. Raises HadacastError if it can't be written."""
        text = json.dumps({"key": key, "value": value})
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=path.parent) as part:
                fresh = Path(part, path.name)
                fresh.write_bytes(gzip.compress(text.encode(), compresslevel=5, mtime=0))
                os.replace(fresh, path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise HadacastError(f"can't write in the cache folder {str(self.folder)!r}: {reason}") from None

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json.gz"


@dataclass(frozen=True)
class Watched(Store):
    """A store that remembers what came from an earlier run.

    Members
    -------
    earlier: keys of what was there when it was first asked for. made: keys of what was made since.
    """

    earlier: set[str] = field(default_factory=set, compare=False)
    made: set[str] = field(default_factory=set, compare=False)

    def kept(self, kind: str, parts: dict[str, Any], make: Callable[[], Any]) -> Any:
        """As Store.kept."""
        key = key_of(kind, parts)

        def making() -> Any:
            self.made.add(key)
            return make()

        found = super().kept(kind, parts, making)
        if key not in self.made:
            self.earlier.add(key)
        return found


def key_of(kind: str, parts: dict[str, Any]) -> str:
    """The key of a step's result: a hash of the step's name and all that decides what comes out."""
    return cache.digest([f"{kind} {FORM}", json.dumps(parts, sort_keys=True)])


def kept(store: Store | None, kind: str, parts: dict[str, Any], make: Callable[[], Any]) -> Any:
    """`store.kept`, or just `make()` where there is no store."""
    return make() if store is None else store.kept(kind, parts, make)
