"""The deterministic figures of a few transforms, held to a stored baseline.

Yosys does the same each time, so with the versions that the baseline was recorded with every figure must be
the same: more is a regression, less is an improvement that isn't recorded yet. With other versions figures
may differ by TOLERANCE.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hadacast.bench.grid import Point, named
from hadacast.bench.measure import Bench, Record
from hadacast.errors import HadacastError
from hadacast.synth.store import Store
from hadacast.tools import process

# Small ones, so that all take seconds: both kinds of butterfly, every kind of memory, each family.
POINTS = (
    "ecp5-n16-p2-w16",
    "ecp5-n16-p16-w8",
    "ecp5-n64-p2-w16",
    "ecp5-n256-p1-w8",
    "ice40-n16-p2-w8",
    "ice40-n64-p1-w8",
    "gowin-n16-p4-w8",
    "gowin-n64-p1-w12",
)
FIGURES = ("lut", "carry", "ff", "lut_ram", "block_ram")
TOOLS = ("yosys", "amaranth")
TOLERANCE = 0.05
SLACK = 8  # cells: what is few may differ by more than the tolerance
COMMAND = "hadacast bench --baseline hw/hadacast/bench/baseline.json"
_SCHEMA = "hadacast.bench.baseline/1"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Stored figures.

    Attributes:
        tools: versions of TOOLS that made them.
        points: FIGURES of each point, by its name.
    """

    tools: Mapping[str, str]
    points: Mapping[str, Mapping[str, int]]

    def text(self) -> str:
        """The file's text: a line for each point, so that a change shows what changed."""
        head = f' "schema": {json.dumps(_SCHEMA)},\n "tools": {json.dumps(dict(self.tools))},\n'
        rows = [f"  {json.dumps(name)}: {json.dumps(dict(row))}" for name, row in self.points.items()]
        return "{\n" + head + ' "points": {\n' + ",\n".join(rows) + "\n }\n}\n"


def parsed(text: str, what: str) -> Baseline:
    """A baseline from its file's text. Raises HadacastError, which names the file as `what`."""
    try:
        document = json.loads(text)
        if document["schema"] != _SCHEMA:
            raise HadacastError(f"baseline {what!r} is {document['schema']!r}: it must be {_SCHEMA!r}")
        points = {named(name).name: _row(row) for name, row in document["points"].items()}
        tools = {name: str(document["tools"][name]) for name in TOOLS}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise HadacastError(f"baseline {what!r} isn't one: {COMMAND} writes it") from None
    return Baseline(tools=tools, points=points)


def _row(row: Mapping[str, Any]) -> dict[str, int]:
    if not all(type(row[figure]) is int for figure in FIGURES):
        raise TypeError
    return {figure: row[figure] for figure in FIGURES}


def stored(path: Path | None = None) -> Baseline:
    """The baseline of a file, or the package's own. Raises HadacastError."""
    if path is None:
        text = resources.files(__package__).joinpath("baseline.json").read_text(encoding="utf-8")
        return parsed(text, "baseline.json")
    try:
        return parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it isn't text"
        raise HadacastError(f"can't read the baseline {str(path)!r}: {reason}") from None


def measure(
    names: Iterable[str] = POINTS, store: Store | None = None, news: process.Progress = process.silent
) -> list[Record]:
    """Records of points, not placed. Raises HadacastError where one fails."""
    points: list[Point] = [named(name) for name in names]
    records = Bench(place=False, store=store).run(points, news)
    for record in records:
        if record["error"]:
            raise HadacastError(f"{record['name']}: {record['error']}")
    return records


def of(records: Iterable[Record]) -> Baseline:
    """The baseline that records make."""
    records = list(records)
    tools = {name: records[0]["tools"][name] for name in TOOLS}
    return Baseline(
        tools=tools, points={r["name"]: {figure: r[figure] for figure in FIGURES} for r in records}
    )


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A point whose figures aren't those stored.

    Attributes:
        name: the point. text: what is different.
        kind: `regression` where figures grew, `improvement` where they shrank, `mixed` where some did either,
            `missing` where there is nothing to compare with.
        within: whether it is within what other versions of the tools are allowed.
    """

    name: str
    text: str
    kind: str
    within: bool


def differences(old: Baseline, new: Baseline) -> list[Difference]:
    """What differs between two baselines, point by point."""
    same_tools = dict(old.tools) == dict(new.tools)
    found = []
    for name in dict.fromkeys((*old.points, *new.points)):
        before, after = old.points.get(name), new.points.get(name)
        if before is None or after is None:
            text = "isn't in the baseline" if before is None else "is in the baseline but isn't measured"
            found.append(Difference(name=name, text=text, kind="missing", within=False))
            continue
        changed = [figure for figure in FIGURES if before[figure] != after[figure]]
        if not changed:
            continue
        text = ", ".join(f"{figure} {before[figure]:,} -> {after[figure]:,}" for figure in changed)
        allowed = {figure: max(TOLERANCE * before[figure], SLACK) for figure in ("lut", "carry", "ff")}
        within = all(abs(after[f] - before[f]) <= allowed.get(f, 0) for f in changed)
        grew = {after[figure] > before[figure] for figure in changed}
        kind = "mixed" if len(grew) > 1 else "regression" if grew == {True} else "improvement"
        found.append(Difference(name=name, text=text, kind=kind, within=within and not same_tools))
    return found


def verdict(old: Baseline, new: Baseline) -> tuple[bool, list[str]]:
    """Whether figures are those of a baseline, and what to say about it, a line each."""
    found = differences(old, new)
    lines = []
    for difference in found:
        kind = "within tolerance" if difference.within else difference.kind
        lines.append(f"{difference.name}: {kind}: {difference.text}")
    if dict(old.tools) != dict(new.tools):
        shown = [", ".join(f"{name} {text}" for name, text in b.tools.items()) for b in (new, old)]
        lines.append(
            f"made with {shown[0]}; the baseline with {shown[1]}: LUTs, carries and flip-flops may differ by"
            f" {TOLERANCE:.0%}"
        )
    ok = all(difference.within for difference in found)
    if not ok:
        lines.append(f"if this is meant, record it: {COMMAND}")
    return ok, lines
