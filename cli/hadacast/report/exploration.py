"""A sweep for people: which of its columns and rows to show, and what else to say."""

from typing import Any

from hadacast.explore.columns import FIGURES
from hadacast.report.distribution import number

FEW = 24  # rows that a terminal shows whether they are on the front or not
FAILURES = 5  # kinds of errors that it shows
NAMED = 16  # points on the front that a plot numbers
MARK = "●"
LEVELS = {"place": "placed and routed", "map": "mapped by Yosys, not placed", "exact": "the exact result"}


def title(document: dict[str, Any]) -> str:
    """What was swept, on what."""
    sweep = document["sweep"]
    where = f" on {sweep['device']}" if sweep["device"] else ""
    return f"{sweep['recipe']}{where}: {sweep['points']:,} points, {LEVELS[sweep['level']]}"


def fields(document: dict[str, Any]) -> list[str]:
    """The fields that vary."""
    first = document["rows"][0]
    return [name for name in first if name not in FIGURES and name not in ("point", "error", "met", "front")]


def figures(document: dict[str, Any]) -> list[str]:
    """Objectives, and figures that aren't the same everywhere or on an axis."""
    rows, sweep = [row for row in document["rows"] if not row["error"]], document["sweep"]
    objectives = [*sweep["minimize"], *sweep["maximize"]]
    axes = {tuple(row[name] for row in rows) for name in fields(document)}
    found = [name for name in objectives if name in FIGURES]
    for name in FIGURES:
        values = tuple(row[name] for row in rows)
        if name not in found and len({*values} - {None}) > 1 and values not in axes:
            found.append(name)
    return found


def listed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that a terminal shows: all where there are few, else the front."""
    return [row for row in rows if not row["error"] and (len(rows) <= FEW or row["front"])]


def shown(
    document: dict[str, Any], rows: list[dict[str, Any]], room: int = 0
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Heads, and rows in words: the front's mark, the point's number, fields that vary, figures.

    room: characters that there are across, 0 for any number; figures that aren't objectives are left out, the
    last first, where they don't fit.
    """
    own = [name for name in fields(document) if len({row[name] for row in document["rows"]}) > 1]
    names = figures(document)
    kept = len({*document["sweep"]["minimize"], *document["sweep"]["maximize"]} & set(names))
    while room and len(names) > kept and _width(*_words(rows, own, names)) > room:
        names.pop()
    return _words(rows, own, names)


def _width(heads: list[str], words: list[tuple[str, ...]]) -> int:
    """Characters that a table takes on a terminal."""
    columns = zip(
        *(tuple(max(cell.split("\n"), key=len) for cell in row) for row in (heads, *words)), strict=True
    )
    return sum(max(map(len, column)) + 2 for column in columns)


def _words(
    rows: list[dict[str, Any]], own: list[str], names: list[str]
) -> tuple[list[str], list[tuple[str, ...]]]:
    heads = ["front", "point", *(_broken(name) for name in own), *(head(name) for name in names)]
    words = [
        (
            MARK if row["front"] else "",
            f"{row['point']:,}",
            *(text(row[name]) for name in own),
            *(figure(name, row[name]) for name in names),
        )
        for row in rows
    ]
    return heads, words


def _broken(name: str) -> str:
    """A field's name in two lines."""
    before, dot, last = name.rpartition(".")
    return f"{before}{dot}\n{last}"


def pairs(document: dict[str, Any]) -> list[tuple[str, str]]:
    """What to plot: every other objective over the first."""
    sweep = document["sweep"]
    names: list[str] = [*sweep["minimize"], *sweep["maximize"]]
    return [(names[0], other) for other in names[1:]]


def points(rows: list[dict[str, Any]], x: str, y: str) -> list[tuple[float, float, str]]:
    """Rows as points of a plot that have both figures, throughput in millions."""
    found = []
    for row in rows:
        if row[x] is not None and row[y] is not None:
            sort = "front" if row["front"] else "met" if row["met"] else "rest"
            found.append((_unit(x, row[x]), _unit(y, row[y]), sort))
    return found


def _unit(name: str, value: Any) -> float:
    return value / 1e6 if name == "throughput" else float(value)


def axis(name: str) -> str:
    """A figure's name with its unit; a field's name as it stands."""
    return head(name).replace("\n", ", ") if name in FIGURES else name


def head(name: str) -> str:
    """A figure's name over its unit."""
    unit = FIGURES[name].unit
    return f"{name}\n{'Msamples/s' if name == 'throughput' else unit}" if unit else name


def figure(name: str, value: Any) -> str:
    """A figure in words; throughput in millions."""
    if name == "throughput" and value is not None:
        return number(value / 1e6, 1)
    return number(value, FIGURES[name].digits)


def text(value: Any) -> str:
    """A field's value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def errors(document: dict[str, Any]) -> list[tuple[str, list[int]]]:
    """Errors, the most frequent first, and the points that failed with them."""
    found: dict[str, list[int]] = {}
    for row in document["rows"]:
        if row["error"]:
            found.setdefault(row["error"], []).append(row["point"])
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[1]))


def objectives(document: dict[str, Any]) -> str:
    """What the front is of, and what it must meet."""
    sweep = document["sweep"]
    parts = [f"least {name}" for name in sweep["minimize"]] + [f"most {name}" for name in sweep["maximize"]]
    where = f", where {' and '.join(sweep['where'])}" if sweep["where"] else ""
    return f"{', '.join(parts)}{where}"


def notes(document: dict[str, Any]) -> list[str]:
    """Below the table: the objectives, how many points met the conditions, what failed."""
    rows = document["rows"]
    best = sum(row["front"] for row in rows)
    found = [f"{MARK} {best:,} of {len(rows):,} points are on the front: {objectives(document)}"]
    if document["sweep"]["where"]:
        met = sum(row["met"] for row in rows)
        found.append(f"{met:,} points meet {' and '.join(document['sweep']['where'])}")
    if document["before"]:
        found.append(f"{document['before']:,} points were there from before")
    failures = errors(document)
    for error, points in failures[:FAILURES]:
        found.append(f"failed, {_points(points)}: {error}")
    if len(failures) > FAILURES:
        found.append(f"and {len(failures) - FAILURES:,} other errors, in the table")
    return found


def _points(points: list[int]) -> str:
    some = ", ".join(f"{point:,}" for point in points[:8])
    more = f", … {len(points):,} in all" if len(points) > 8 else ""
    return f"{'points' if len(points) > 1 else 'point'} {some}{more}"
