"""Runs of the bench, one JSON document a line in a file that a project keeps."""

import json
from typing import Any

from hadacast.errors import HadacastError

SCHEMA = "hadacast.bench.run/1"

Run = dict[str, Any]
"""schema, date, version and note of a run, its tools, and `points`, its records (hadacast.bench.measure)."""

_KEYS = ("date", "version", "note", "tools", "points")


def line(run: Run) -> str:
    """A run as a line; what else is in the document stays out."""
    return json.dumps({"schema": SCHEMA, **{key: run[key] for key in _KEYS}}, ensure_ascii=False) + "\n"


def added(text: str, run: Run) -> str:
    """A file's text with a run more at its end."""
    return text + ("\n" if text and not text.endswith("\n") else "") + line(run)


def runs(text: str, what: str) -> list[Run]:
    """The runs of a file's text, oldest first. Raises HadacastError, which names the file as `what`."""
    found = []
    # Not splitlines: a note may hold what that takes for the end of a line.
    for number, row in enumerate(text.removesuffix("\n").split("\n") if text else [], 1):
        try:
            run = json.loads(row)
            sound = run["schema"] == SCHEMA and all(key in run for key in _KEYS)
            sound = sound and all(isinstance(r["ratios"], dict) for r in run["points"])
        except (ValueError, LookupError, TypeError, RecursionError):
            sound = False
        if not sound:
            raise HadacastError(f"history {what!r}: line {number:,} isn't a run of hadacast bench")
        found.append(run)
    return found
