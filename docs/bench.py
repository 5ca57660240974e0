"""The tables of bench.md, from the runs in bench.jsonl.

    hadacast bench --record docs/bench.jsonl --note "what changed"
    python docs/bench.py

The last run that has all of the peer's grid is shown, and the means of all such runs.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hadacast.bench import history
from hadacast.report import bench as report

DOCS = Path(__file__).parent
STORE = DOCS / "bench.jsonl"
PAGE = DOCS / "bench.md"
FAMILIES = ("ecp5", "ice40")
TREND = (("cells", "cells / SGen"), ("fmax", "clock / SGen"), ("latency", "latency / SGen"))


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 0) -> str:
    """A table whose first `left` columns are words, the others numbers."""
    marks = ["---"] * left + ["---:"] * (len(heads) - left)
    lines = ["| " + " | ".join(heads) + " |", "|" + "|".join(marks) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def tables(runs: Sequence[dict[str, Any]]) -> str:
    """What stands between the marks. Raises ValueError if no run has the whole grid."""
    complete = [run for run in runs if all(report.whole(run, family) for family in FAMILIES)]
    if not complete:
        raise ValueError(f"no run in {STORE.name} has the whole grid")
    run = complete[-1]
    records = run["points"]
    tools = ", ".join(f"{name} {text}".replace("nextpnr-0", "0") for name, text in run["tools"].items())
    parts = [
        f"{run['date'].partition('T')[0]}{', ' + run['note'] if run['note'] else ''}",
        f"({tools}):",
        markdown(report.GOAL_HEADS, report.goal_rows(records), len(report.GOAL_HEADS)),
        *(f"- {note}" for note in report.notes(records)),
    ]
    for table in report.tables(records):
        parts += [f"**{table.title}**", markdown(table.heads, table.rows)]
    parts += ["Geometric means over the peer's grid, run by run:", _history(complete)]
    return "\n\n".join(parts)


def _history(runs: Sequence[dict[str, Any]]) -> str:
    columns = [(f"{report.TITLES[f]}: {what}", name, f) for f in FAMILIES for name, what in TREND]
    values = [(name, report.trend(runs, name, family)) for _, name, family in columns]
    rows = []
    for i, run in enumerate(runs):
        estimated = any(record["logic_cells"] is None for record in run["points"])
        about = {"cells": "≈" if estimated else ""}
        means = (about.get(name, "") + report.ratio(column[i]) for name, column in values)
        rows.append((run["date"].partition("T")[0], run["note"], *means))
    return markdown(("date", "", *(head for head, _, _ in columns)), rows, 2)


def place(text: str, new: str) -> str:
    """A page with the part between its two marks replaced. Raises ValueError if it has none."""
    start, end = "<!-- bench -->\n", "\n<!-- end of bench -->"
    before, found, rest = text.partition(start)
    _, end_found, after = rest.partition(end)
    if not found or not end_found:
        raise ValueError("the page has no marks")
    return f"{before}{start}\n{new}\n{end}{after}"


def main() -> None:
    """Write the page."""
    runs = history.runs(STORE.read_text(encoding="utf-8"), STORE.name)
    PAGE.write_text(place(PAGE.read_text(encoding="utf-8"), tables(runs)), encoding="utf-8")


if __name__ == "__main__":
    main()
