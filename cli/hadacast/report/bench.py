"""A run of the bench as words: tables for the terminal, the page and the docs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hadacast.bench.goals import Goal, goals
from hadacast.bench.measure import spread
from hadacast.bench.peer import NAME, peers
from hadacast.bench.ratios import cells_of, geometric

Record = dict[str, Any]
NONE = "–"
TITLES = {"ecp5": "ECP5", "ice40": "iCE40", "gowin": "Gowin"}

ESTIMATED = "≈: before place and route, from the cells after synthesis."
UPPER_BOUND = (
    "Gowin's clocks are upper bounds: nextpnr doesn't time paths that reach a flip-flop through a"
    " pass-through LUT."
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of numbers: its title, the columns' heads, and the rows."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tables(records: Sequence[Record]) -> list[Table]:
    """Area, clock and latency, memory, and cells by kind, of each family."""
    found = []
    for family in dict.fromkeys(r["family"] for r in records):
        own = [r for r in records if r["family"] == family]
        title = f"{TITLES[family]} ({own[0]['device']})"
        found.append(_table(f"{title}: logic cells", _AREA, own))
        found.append(_table(f"{title}: clock in MHz, and latency in cycles", _CLOCK, own))
        found.append(_table(f"{title}: words of memory", _MEMORY, own))
        found.append(_table(f"{title}: cells after synthesis", _KINDS, own))
    return found


Columns = Sequence[tuple[str, Callable[[Record], str]]]


def _table(title: str, columns: Columns, records: Iterable[Record], first: "Columns | None" = None) -> Table:
    every = (*(first or _POINT), *columns)
    rows = [tuple(text(record) for _, text in every) for record in records]
    return Table(title=title, heads=tuple(head for head, _ in every), rows=rows)


def count(value: int | None) -> str:
    """A number of things; a dash where it isn't known."""
    return NONE if value is None else f"{value:,}"


def ratio(value: float | None) -> str:
    """A ratio with two decimals; a dash where it isn't known."""
    return NONE if value is None else f"{value:.2f}"


def clock(value: float | None) -> str:
    """A clock in whole MHz; a dash where it isn't known."""
    return NONE if value is None else f"{value:.0f}"


def _ratio_of(name: str) -> Callable[[Record], str]:
    return lambda record: ratio(record["ratios"][name])


def _part(part: str, name: str, show: Callable[[Any], str] = count) -> Callable[[Record], str]:
    """A figure of a part of a record that may be missing."""
    return lambda record: show((record[part] or {}).get(name))


def _figure(name: str) -> Callable[[Record], str]:
    return lambda record: count(record[name])


def _cells(record: Record) -> str:
    text = count(cells_of(record))
    return text if record["logic_cells"] is not None or text == NONE else f"≈{text}"


def _clocks(record: Record) -> str:
    found = spread(record["fmax"] or {})
    return NONE if found is None else f"{found[0]:.0f}–{found[2]:.0f}"


_POINT: Columns = (("N", _figure("n")), ("P", _figure("lanes")), ("bits", _figure("width")))
_NAME: Columns = (("point", lambda record: _short(record["name"])),)
_AREA: Columns = (
    ("cells", _cells),
    ("adders’ floor", _part("floor", "adders")),
    ("memory’s floor", _part("floor", "memory")),
    ("ratio", _ratio_of("floor")),
    ("memory as placed", _part("floor", "ram")),
    ("ratio", _ratio_of("floor_with_ram")),
    (NAME, _part("peer", "logic_cells")),
    ("ratio", _ratio_of("cells")),
    (f"floor / {NAME}", _ratio_of("peer_floor")),
)
_KINDS: Columns = (
    ("LUTs", _figure("lut")),
    ("carry cells", _figure("carry")),
    ("flip-flops", _figure("ff")),
    ("LUT RAMs", _figure("lut_ram")),
    ("block RAMs", _figure("block_ram")),
    ("logic cells, estimated", _figure("estimate")),
    (f"{NAME}’s flip-flops", _part("peer", "ff")),
    ("its LUT RAMs", _part("peer", "lut_ram")),
    ("its block RAMs", _part("peer", "block_ram")),
)
_CLOCK: Columns = (
    ("clock", lambda record: clock(record["median_fmax"])),
    ("seeds", _clocks),
    ("lone adder", _part("adder", "median_fmax", clock)),
    ("clock / adder", _ratio_of("adder")),
    (NAME, _part("peer", "median_fmax", clock)),
    (f"clock / {NAME}", _ratio_of("fmax")),
    ("latency", _figure("latency")),
    (f"{NAME}’s", _part("peer", "latency")),
    ("ratio", _ratio_of("latency")),
)
_MEMORY: Columns = (
    ("N − P", lambda record: count(record["n"] - record["lanes"])),
    ("words", _part("memory", "words")),
    ("in flip-flops", _part("memory", "ff_words")),
    ("in LUT RAM", _part("memory", "lutram_words")),
    ("in block RAM", _part("memory", "bram_words")),
    ("rows of RAM", _part("memory", "rows")),
    ("bits in RAM", _part("memory", "ram_bits")),
    ("bits its cells have", _part("memory", "cell_bits")),
)

GOAL_HEADS = ("", "figure", "value", "goal", "", "of")


def goal_rows(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """The figures over all points, below GOAL_HEADS."""
    return [
        (TITLES.get(g.family, "all"), g.text, _value(g), g.bound, g.verdict, _short(g.where))
        for g in goals(records)
    ]


def _short(name: str) -> str:
    """A point's name without its family."""
    return name.partition("-")[2]


def _value(goal: Goal) -> str:
    return count(round(goal.value)) if goal.most == 0 and goal.value is not None else ratio(goal.value)


def notes(records: Sequence[Record]) -> list[str]:
    """What one should know before one trusts the tables, a line each."""
    found = [f"{r['name']} failed: {r['error']}" for r in records if r["error"]]
    if any(r["logic_cells"] is None and r["estimate"] is not None for r in records):
        found.append(ESTIMATED)
    if any(r["family"] == "gowin" and r["median_fmax"] is not None for r in records):
        found.append(UPPER_BOUND)
    return found


def tools(records: Iterable[Record]) -> dict[str, str]:
    """Versions of the tools that made the figures."""
    return dict(sorted({name: text for r in records for name, text in r["tools"].items()}.items()))


def whole(run: dict[str, Any], family: str) -> list[Record]:
    """A run's points of the peer's grid, if it has all of the family and none failed; else none: means over
    other points don't compare."""
    grid = {(p.frame, p.lanes, p.width) for p in peers() if p.family == family}
    own = [r for r in run["points"] if r["family"] == family and (r["n"], r["lanes"], r["width"]) in grid]
    return own if len(own) == len(grid) and not any(r["error"] for r in own) else []


def trend(runs: Iterable[dict[str, Any]], name: str, family: str) -> list[float | None]:
    """The geometric mean of a ratio over the peer's grid in each run; None where it lacks points."""
    found = []
    for run in runs:
        values = [r["ratios"].get(name) for r in whole(run, family)]
        known = [value for value in values if value is not None]
        found.append(geometric(known) if len(known) == len(values) else None)
    return found


_NARROW_AREA: Columns = (
    ("cells", _cells),
    ("floor", _part("floor", "cells")),
    ("ratio", _ratio_of("floor")),
    (NAME, _part("peer", "logic_cells")),
    ("ratio", _ratio_of("cells")),
    ("FFs", _figure("ff")),
    ("words", _part("memory", "words")),
)
_NARROW_CLOCK: Columns = (
    ("MHz", lambda record: clock(record["median_fmax"])),
    ("adder", _part("adder", "median_fmax", clock)),
    ("ratio", _ratio_of("adder")),
    (NAME, _part("peer", "median_fmax", clock)),
    ("ratio", _ratio_of("fmax")),
    ("cycles", _figure("latency")),
    (NAME, _part("peer", "latency")),
    ("ratio", _ratio_of("latency")),
)


def overview(records: Sequence[Record]) -> list[Table]:
    """The main figures of each family, in tables as wide as a terminal."""
    found = []
    for family in dict.fromkeys(r["family"] for r in records):
        own = [r for r in records if r["family"] == family]
        title = f"{TITLES[family]} ({own[0]['device']})"
        found.append(_table(f"{title}: logic cells, and words of memory", _NARROW_AREA, own, _NAME))
        found.append(_table(f"{title}: clock, and latency", _NARROW_CLOCK, own, _NAME))
    return found
