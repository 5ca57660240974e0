"""The bench's plots: area, clock and latency of each point, and what they were in earlier runs."""

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np

from hadacast.bench.measure import spread
from hadacast.bench.peer import NAME
from hadacast.bench.ratios import cells_of
from hadacast.report.bench import TITLES, trend
from hadacast.report.plots import AFTER, BEFORE, INK, LINE, SIZE, STYLE, _axes, _svg

Record = dict[str, Any]
OURS = "hadacast"
THICK = 0.38
MARK: Any = {"color": INK, "marker": "|", "markersize": 14, "markeredgewidth": 2, "linestyle": "none"}


def area(records: Sequence[Record], family: str) -> str:
    """Logic cells, the peer's, and the floor."""
    with matplotlib.rc_context(STYLE):
        figure, axes, place = _points(records)
        peer = [_of(r, "peer", "logic_cells") for r in records]
        axes.barh(place + THICK / 2, [_number(cells_of(r)) for r in records], THICK, color=AFTER, label=OURS)
        if not np.isnan(peer).all():
            axes.barh(place - THICK / 2, peer, THICK, color=BEFORE, label=NAME)
        axes.plot([r["floor"]["cells"] for r in records], place + THICK / 2, label="floor", **MARK)
        axes.set_xlim(left=0)
        axes.set_xlabel("logic cells")
        figure.legend(loc="outside upper right", ncols=3)
        return _svg(figure, f"Logic cells of each transform on {TITLES[family]}")


def clock(records: Sequence[Record], family: str) -> str:
    """The clock over the seeds, the peer's, and that of the lone adder."""
    with matplotlib.rc_context(STYLE):
        figure, axes, place = _points(records)
        ours = [spread(r["fmax"] or {}) for r in records]
        peer = [_spread_of_peer(r) for r in records]
        for series, shift, colour, name in (
            (ours, THICK / 2, AFTER, OURS),
            (peer, -THICK / 2, BEFORE, NAME),
        ):
            known = [(low, middle, high, y) for s, y in zip(series, place, strict=True) if s
                     for low, middle, high in (s,)]  # fmt: skip
            if not known:
                continue
            low, middle, high, y = np.array(known).T
            error = [middle - low, high - middle]
            axes.errorbar(
                middle, y + shift, xerr=error, fmt="o", color=colour, label=name, capsize=3, markersize=5
            )
        lone = [_of(r, "adder", "median_fmax") for r in records]
        if not np.isnan(lone).all():
            axes.plot(lone, place + THICK / 2, label="lone adder", **MARK)
        axes.set_xlim(left=0)
        axes.set_xlabel("clock in MHz: the median, and the range over the seeds")
        figure.legend(loc="outside upper right", ncols=3)
        return _svg(figure, f"Clock of each transform on {TITLES[family]}")


def latency(records: Sequence[Record], family: str) -> str:
    """Cycles from the first beat in to the first beat out, and the peer's."""
    with matplotlib.rc_context(STYLE):
        figure, axes, place = _points(records)
        peer = [_of(r, "peer", "latency") for r in records]
        axes.barh(place + THICK / 2, [r["latency"] for r in records], THICK, color=AFTER, label=OURS)
        if not np.isnan(peer).all():
            axes.barh(place - THICK / 2, peer, THICK, color=BEFORE, label=NAME)
        axes.set_xscale("log")
        axes.set_xlim(left=1)
        axes.set_xlabel("latency in cycles")
        figure.legend(loc="outside upper right", ncols=2)
        return _svg(figure, f"Latency of each transform on {TITLES[family]}")


def history(runs: Sequence[dict[str, Any]], name: str, what: str) -> str:
    """The geometric mean of a ratio in each run, for each family that has one."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        place = np.arange(len(runs))
        styles = {"ecp5": (AFTER, "-"), "ice40": (BEFORE, "-"), "gowin": (INK, ":")}
        for family, (colour, line) in styles.items():
            values = [_number(value) for value in trend(runs, name, family)]
            if not np.isnan(values).all():
                label = TITLES[family]
                axes.plot(place, values, linestyle=line, color=colour, marker="o", label=label)
        axes.axhline(1, color=LINE, linewidth=0.8)
        axes.set_xticks(place, [_label(run) for run in runs])
        if len(runs) > 4:
            axes.tick_params(axis="x", labelrotation=45)
        axes.set_xlim(-0.5, len(runs) - 0.5)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(f"{what}, geometric mean")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="best")
        return _svg(figure, f"{what} in each recorded run, geometric mean")


def _points(records: Sequence[Record]) -> tuple[Any, Any, Any]:
    """A figure with a line for each point, from above."""
    figure, axes = _axes()
    figure.set_figheight(max(SIZE[1], 1.3 + 0.5 * len(records)))
    place = np.arange(len(records))
    axes.set_yticks(place, [f"N {r['n']:,}, P {r['lanes']}, {r['width']} bits" for r in records])
    axes.set_ylim(len(records) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    return figure, axes, place


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _of(record: Record, part: str, name: str) -> float:
    return _number((record[part] or {}).get(name))


def _spread_of_peer(record: Record) -> tuple[float, float, float] | None:
    if not record["peer"]:
        return None
    return spread({str(index): clock for index, clock in enumerate(record["peer"]["fmax"])})


def _label(run: dict[str, Any]) -> str:
    day = run["date"].partition("T")[0]
    return f"{day}\n{run['note'][:24]}" if run["note"] else str(day)
