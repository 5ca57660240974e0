"""Rows that are done, a file each, whole or not there: what a sweep that was ended goes on from."""

import json
from pathlib import Path
from typing import Any

from hadacast import checks
from hadacast.cli import files
from hadacast.errors import HadacastError
from hadacast.explore.columns import FIGURES
from hadacast.explore.measure import Row
from hadacast.tools import cache


class Journal:
    """A folder of rows by their tasks' keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, key: str) -> Row | None:
        """The row of a task, if it is there and sound."""
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
            sound = entry["sum"] == _sum(key, entry["row"]) and _sound(entry["row"])
            return entry["row"] if sound else None
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def write(self, key: str, row: Row) -> None:
        """Keep a row. Raises HadacastError if it can't be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            shown = checks.quote(str(self.folder))
            raise HadacastError(f"can't write in {shown}: {files.reason(error)}") from None
        files.write(self._path(key), json.dumps({"sum": _sum(key, row), "row": row}, indent=1) + "\n")

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _sum(key: str, row: Any) -> str:
    """What shows that a row is the one that was written under a key."""
    return cache.digest([key, json.dumps(row, sort_keys=True)])


def _sound(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("error"), str)
        and all(isinstance(row[name], int | float | None) for name in FIGURES if name in row)
    )
