"""The report's plots, as inline SVG that takes the page's colours and fonts."""

import io
import re
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hadacast.report.distribution import Floats, peaks

# Stand-ins that the page's CSS variables replace, so that plots follow light and dark.
COLOURS = {
    "#010203": "var(--ink)",
    "#040506": "var(--line)",
    "#070809": "var(--before)",
    "#0a0b0c": "var(--after)",
}
INK, LINE, BEFORE, AFTER = COLOURS

BINS = 120
FEW_CODES = 32  # of which each has room for two bars
SIZE = (6.4, 3.6)
LABEL = (0.36, 0.06)  # room for a recipe's name, in parts of the axes

STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


def histogram(before: Floats, after: Floats) -> str:
    """Counts of |x| on a logarithmic axis, before and after on the same real-valued axis."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        largest = max(np.abs(before).max(), np.abs(after).max())
        edges = np.linspace(0, largest or 1.0, BINS + 1)
        for values, colour, name in ((before, BEFORE, "before"), (after, AFTER, "after")):
            counts, _ = np.histogram(np.abs(values), edges)
            shown = np.where(counts, counts, np.nan)  # no bar where nothing is
            axes.stairs(
                np.nan_to_num(shown, nan=0.5), edges, baseline=0.5, fill=True, color=colour, alpha=0.25
            )
            axes.stairs(shown, edges, baseline=0.5, color=colour, linewidth=1.6, label=name)
            axes.axvline(np.abs(values).max(), color=colour, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.5)
        axes.set_xlim(0, float(edges[-1]) * 1.02)
        axes.set_xlabel("|x|, dashed: the largest")
        axes.set_ylabel("values per bin")
        axes.legend(loc="upper center")
        return _svg(figure, "Histogram of magnitudes before and after the rotation")


def block_peaks(before: Floats, after: Floats) -> str:
    """The share of blocks whose largest/rms is at most so much, before and after."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        top = 1.0
        for values, colour, name in ((before, BEFORE, "before"), (after, AFTER, "after")):
            peak = np.sort(peaks(values))
            if not peak.size:
                continue
            top = max(top, float(peak[-1]))
            axes.ecdf(peak, color=colour, linewidth=2, label=f"{name}, median {np.median(peak):.2f}")
        axes.set_xlim(0, top * 1.04)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("largest / rms of a block")
        axes.set_ylabel("share of blocks at or below")
        if axes.lines:
            axes.legend(loc="lower right")
        return _svg(figure, "Distribution of largest over rms per block before and after the rotation")


def code_histogram(histogram: dict[str, Any]) -> str:
    """The share of elements that get each code, codes in the order of their values: rotated, and
    un-rotated where there is such; `histogram` as from hadacast.report.quantization."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        size = len(histogram["codes"])
        series = [
            (np.array(histogram[key]), colour, name)
            for key, colour, name in (("unrotated", BEFORE, "un-rotated"), ("rotated", AFTER, "rotated"))
            if key in histogram
        ]
        bar = 0.84 / len(series)
        for index, (counts, colour, name) in enumerate(series):
            share = 100 * counts / max(counts.sum(), 1)
            left = np.arange(size) + bar * (index - (len(series) - 1) / 2)
            if size <= FEW_CODES:
                axes.bar(left, share, bar, color=colour, label=name)
            else:  # bars side by side would be thinner than a line
                edges = np.arange(size + 1) - 0.5
                axes.stairs(share, edges, fill=True, color=colour, alpha=0.3)
                axes.stairs(share, edges, color=colour, linewidth=1.1, label=name)
        places = _ticks(histogram["values"])
        labels = [_value(histogram["values"][place]) for place in places]
        axes.set_xticks(places, labels)
        if sum(map(len, labels)) > 40:
            axes.tick_params(axis="x", labelrotation=45)
        axes.grid(visible=False, axis="x")
        axes.set_xlim(-0.6, size - 0.4)
        axes.set_xlabel("what a code stands for, under a scale of 1")
        axes.set_ylabel("elements, %")
        if len(series) > 1:
            axes.legend(loc="best")
        return _svg(figure, "Share of elements of each code")


def sqnr_bars(names: list[str], rotated: list[float | None], plain: list[float | None]) -> str:
    """SQNR of each recipe, and of the same quantizer on un-rotated data where there is such."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        figure.set_figheight(max(SIZE[1], 1.2 + 0.5 * len(names)))
        place = np.arange(len(names))
        both = any(value is not None for value in plain)
        thick = 0.38 if both else 0.6
        if both:
            axes.barh(place - thick / 2, _bars(plain), thick, color=BEFORE, label="un-rotated")
        axes.barh(place + both * thick / 2, _bars(rotated), thick, color=AFTER, label="as it stands")
        axes.set_yticks(place, names)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.axvline(0, color=LINE, linewidth=0.8)
        axes.set_xlabel("signal over quantization noise, dB")
        if both:
            figure.legend(loc="outside upper right", ncols=2)
        return _svg(figure, "Signal over quantization noise of each recipe")


def sqnr_over_bits(names: list[str], rotated: list[float | None], bits: list[float]) -> str:
    """SQNR of each recipe over what it stores for a value."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        shown = [(b, r, n) for b, r, n in zip(bits, rotated, names, strict=True) if r is not None]
        axes.scatter([b for b, _, _ in shown], [r for _, r, _ in shown], s=42, color=AFTER, zorder=3)
        axes.margins(x=0.3, y=0.15)
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        axes.set_xlim(left, right)
        axes.set_ylim(bottom, top)
        taken: list[tuple[float, float]] = []
        for bit, value, name in sorted(shown, key=lambda point: -point[1]):
            x, y = (bit - left) / (right - left) + 0.025, (value - bottom) / (top - bottom)
            # Where labels would meet, the lower one moves down.
            while any(abs(x - u) < LABEL[0] and abs(y - v) < LABEL[1] for u, v in taken):
                y -= LABEL[1] / 8
            taken.append((x, y))
            axes.annotate(
                name,
                (bit, value),
                (x, y),
                textcoords="axes fraction",
                fontsize=9,
                va="center",
                arrowprops={"arrowstyle": "-", "color": LINE},
                annotation_clip=False,
            )
        axes.set_xlabel("bits per value, codes and scales")
        axes.set_ylabel("SQNR, dB")
        return _svg(figure, "Signal over quantization noise over bits per value")


def front(points: list[tuple[float, float, str]], labels: tuple[str, str], ends: tuple[str, ...] = ()) -> str:
    """Points of a sweep by two figures, (x, y, sort), the sort `front`, `met` or `rest`: what is on the
    front, what meets the conditions, and what doesn't. `ends`, one for each point on the front in order, are
    written at them."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        styles: dict[str, dict[str, Any]] = {
            "rest": {
                "s": 16,
                "facecolors": "none",
                "edgecolors": LINE,
                "label": "doesn’t meet the conditions",
            },
            "met": {"s": 20, "color": BEFORE, "alpha": 0.55, "linewidths": 0, "label": "beaten"},
            "front": {"s": 36, "color": AFTER, "zorder": 3, "label": "on the front"},
        }
        for sort, style in styles.items():
            own = [(x, y) for x, y, kind in points if kind == sort]
            if own:
                axes.scatter(*zip(*own, strict=True), **style)
        best = [(x, y) for x, y, kind in points if kind == "front"]
        for (x, y), text in zip(best, ends, strict=False):
            axes.annotate(text, (x, y), (4, 4), textcoords="offset points", fontsize=8)
        if all(x > 0 for x, _, _ in points) and points:
            largest, least = max(x for x, _, _ in points), min(x for x, _, _ in points)
            if largest > 20 * least:
                axes.set_xscale("log")
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        if len({kind for _, _, kind in points}) > 1:
            figure.legend(loc="outside upper right", ncols=3, fontsize=9)
        return _svg(figure, f"{labels[1]} over {labels[0]} of each point")


def _bars(values: list[float | None]) -> list[float]:
    """Lengths of bars; nothing where there is no value."""
    return [np.nan if value is None else value for value in values]


def _ticks(values: list[float]) -> list[int]:
    """Which of the codes get a label: all, or both ends, zero, and some between."""
    size = len(values)
    if size <= FEW_CODES // 2:
        return list(range(size))
    number = [place for place in range(size) if np.isfinite(values[place])]
    zero = min(number, key=lambda place: (abs(values[place]), -place))
    last, step = number[-1], size // 8
    above = [place for place in range(zero + step, last, step) if last - place > step // 2]
    below = [values.index(-values[place]) for place in above if -values[place] in values]
    return sorted({number[0], zero, *above, *below, last})


def _value(value: float) -> str:
    return f"{value:g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")


def _axes() -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    buffer = io.StringIO()
    # Element names come from a hash, salted at random by default; a date would change every run.
    with matplotlib.rc_context({"svg.hashsalt": title}):
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(
        r'<svg [^>]*?viewBox="([^"]*)"[^>]*>',
        rf'<svg viewBox="\1" role="img" aria-label="{title}">',
        text,
        count=1,
    )
    # Several plots are in one page: ids of groups would collide, and nothing refers to them.
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    text = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", text)
    for stand_in, variable in COLOURS.items():
        text = text.replace(stand_in, variable)
    return text.strip()
