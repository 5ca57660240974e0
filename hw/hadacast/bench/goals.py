"""What the figures of a run come to, beside what they should."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hadacast.bench.peer import NAME, peers
from hadacast.bench.ratios import geometric

Record = dict[str, Any]
UNPLACED = ("cells", "floor", "floor_with_ram")  # ratios that an estimate of the cells can stand in for


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One figure over many points.

    Attributes:
        family: of the points; empty for all.
        text: what it is.
        value: None if nothing of it was measured.
        most, least: the goal; both None for a figure that has none.
        where: the point it is of, for the worst of several.
        points, of: points measured, and points the goal is over.
        estimated: whether cells of some of them are before place and route.
    """

    family: str
    text: str
    value: float | None
    most: float | None = None
    least: float | None = None
    where: str = ""
    points: int
    of: int
    estimated: bool = False

    @property
    def bound(self) -> str:
        """The goal as text; empty if there is none."""
        if self.most == 0:
            return "none"
        if self.most is not None:
            return f"≤ {self.most:.2f}"
        return "" if self.least is None else f"≥ {self.least:.2f}"

    @property
    def met(self) -> bool | None:
        """Whether it is met by what was measured; None where there is no goal or no figure."""
        if self.value is None or not self.bound:
            return None
        return self.value <= self.most if self.most is not None else self.value >= (self.least or 0)

    @property
    def verdict(self) -> str:
        """In words, with what one must know before one believes it; empty where there is no goal."""
        if not self.bound:
            return ""
        if self.value is None:
            return "not measured"
        notes = [f"{self.points} of {self.of} points"] if self.points < self.of else []
        notes += ["cells estimated"] if self.estimated else []
        return ("met" if self.met else "not met") + (f" ({', '.join(notes)})" if notes else "")

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        names = (
            "family",
            "text",
            "value",
            "most",
            "least",
            "where",
            "points",
            "of",
            "estimated",
            "met",
            "verdict",
        )
        return {name: getattr(self, name) for name in names}


def goals(records: Sequence[Record]) -> list[Goal]:
    """The figures of a run, those of the peer's grid first."""
    found = []
    for family, bounds in (
        ("ecp5", {"cells": 0.40, "worst": 0.60, "fmax": 1.05, "latency": 0.50}),
        ("ice40", {"cells": 0.35}),
    ):
        grid = {(p.frame, p.lanes, p.width) for p in peers() if p.family == family}
        own = [r for r in records if r["family"] == family and r["peer"]]
        if not own:
            continue
        over = _Over(family, own, len(grid))
        found.append(over.mean("cells", f"cells by {NAME}'s", most=bounds["cells"]))
        found.append(over.worst("cells", f"cells by {NAME}'s, most", most=bounds.get("worst")))
        found.append(over.mean("peer_floor", f"floor by {NAME}'s cells"))
        found.append(over.worst("peer_floor", f"floor by {NAME}'s cells, highest"))
        found.append(over.mean("fmax", f"clock by {NAME}'s", least=bounds.get("fmax")))
        found.append(over.mean("latency", f"latency by {NAME}'s", most=bounds.get("latency")))
        found.append(over.worst("latency", f"latency by {NAME}'s, longest"))
    families = tuple(dict.fromkeys(r["family"] for r in records))
    for family in families:
        if among := _among(records, family, lambda n, lanes, width: lanes <= 4):
            text = "clock by the lone adder's, lowest, P ≤ 4"
            least = 0.80 if family == "ecp5" else None
            found.append(among.worst("adder", text, least=least, lowest=True))
    for family in families:
        if among := _among(records, family, lambda n, lanes, width: n <= 256 and lanes <= 8 and width == 16):
            text = "cells by the floor, most, N ≤ 256, P ≤ 8, 16-bit"
            found.append(among.worst("floor_with_ram", text, most=1.30))
            found.append(among.worst("floor", "the same, memory free where it can be"))
    counted = [r for r in records if r["memory"]]
    wrong = [r["name"] for r in counted if r["memory"]["words"] != r["n"] - r["lanes"]]
    found.append(
        Goal(
            family="",
            text="points whose words of memory aren't N − P",
            value=float(len(wrong)) if counted else None,
            most=0,
            where=", ".join(wrong),
            points=len(counted),
            of=len(records),
        )
    )
    return found


@dataclass(frozen=True)
class _Over:
    """Points of a family that figures are taken over, and how many there should be."""

    family: str
    records: Sequence[Record]
    of: int

    def mean(self, ratio: str, text: str, **bound: float | None) -> Goal:
        """The geometric mean."""
        value = geometric(r["ratios"][ratio] for r in self._known(ratio))
        return self._goal(ratio, text=f"{text}, geometric mean", value=value, **bound)

    def worst(self, ratio: str, text: str, *, lowest: bool = False, **bound: float | None) -> Goal:
        """The highest, or the lowest, and where."""
        known = sorted(self._known(ratio), key=lambda r: r["ratios"][ratio], reverse=not lowest)
        value, where = (known[0]["ratios"][ratio], known[0]["name"]) if known else (None, "")
        return self._goal(ratio, text=text, value=value, where=where, **bound)

    def _known(self, ratio: str) -> list[Record]:
        return [r for r in self.records if r["ratios"][ratio] is not None]

    def _goal(self, ratio: str, **more: Any) -> Goal:
        known = self._known(ratio)
        estimated = ratio in UNPLACED and any(r["logic_cells"] is None for r in known)
        return Goal(family=self.family, points=len(known), of=self.of, estimated=estimated, **more)


def _among(records: Sequence[Record], family: str, wanted: Callable[[int, int, int], bool]) -> _Over | None:
    """The points of a family that are `wanted` by N, P and width, of as many as the peer's grid has at least;
    None if there are none."""
    own = [r for r in records if r["family"] == family and wanted(r["n"], r["lanes"], r["width"])]
    grid = [p for p in peers() if p.family == family and wanted(p.frame, p.lanes, p.width)]
    return _Over(family, own, max(len(own), len(grid))) if own else None
