"""Reports as HTML pages: no script, nothing loaded, readable on a phone and on paper."""

from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hadacast.cli import describe
from hadacast.report import comparison, distribution, png, quantization
from hadacast.report.distribution import Floats
from hadacast.report.pictures import Row

TEMPLATE = "report.html.j2"
COMPARISON = "comparison.html.j2"
EXPLORATION = "exploration.html.j2"
STYLE = "style.css"


def render(
    document: dict[str, Any], blocks: tuple[Floats, Floats] | None = None, pictures: Sequence[Row] = ()
) -> str:
    """The page of a report; `blocks` are the real values before and after the rotation, for the plots,
    `pictures` those of the frames, where they are some.

    Everything in the document is escaped. Parts that a failed build doesn't have are left out.
    """
    plots: list[tuple[Markup, str]] = []
    if blocks is not None:
        from hadacast.report import plots as draw

        plots = [
            (
                Markup(draw.block_peaks(*blocks)),
                "How far a block’s largest value stands out. Left and steep is good: one scale per block then"
                " wastes little on an outlier.",
            ),
            (
                Markup(draw.histogram(*blocks)),
                "Magnitudes of all values, on one axis. The rotation keeps the energy and spreads"
                " outliers over their blocks.",
            ),
        ]
    rows = distribution.rows(document["distribution"]) if document["distribution"] else []
    quantizers = []
    for shown in document["quantization"]:
        picture = None
        if shown["histogram"] is not None:
            from hadacast.report import plots as draw

            picture = Markup(draw.code_histogram(shown["histogram"]))
        quantizers.append({"figures": shown, "rows": quantization.rows(shown), "plot": picture})
    shown = [(row.name, [Markup(png.data_url(levels)) for levels in row.levels]) for row in pictures]
    return _page(TEMPLATE, **document, figures=rows, plots=plots, quantizers=quantizers, shown=shown)


def render_comparison(document: dict[str, Any]) -> str:
    """The page of several recipes side by side."""
    from hadacast.report import plots as draw

    stages = [(name, stage) for name, stage in comparison.quantizers(document) if stage is not None]
    plots: list[tuple[Markup, str]] = []
    if stages:
        names = [name for name, _ in stages]
        rotated = [stage["rotated"]["sqnr_db"] for _, stage in stages]
        plain = [stage["unrotated"] and stage["unrotated"]["sqnr_db"] for _, stage in stages]
        bits = [stage["rotated"]["bits_per_value"] for _, stage in stages]
        plots = [
            (
                Markup(draw.sqnr_bars(names, rotated, plain)),
                "“Un-rotated” is the same quantizer on the same data without the rotation. Where its bar is"
                " the longer one, the rotation does harm.",
            ),
            (
                Markup(draw.sqnr_over_bits(names, rotated, bits)),
                "What a bit buys: one more bit for each value is worth about 6 dB.",
            ),
        ]
    return _page(
        COMPARISON,
        **document,
        heads=comparison.HEADS,
        rows=comparison.rows(document),
        notes=comparison.notes(document),
        plots=plots,
    )


def render_exploration(document: dict[str, Any]) -> str:
    """The page of a sweep."""
    from hadacast.report import exploration
    from hadacast.report import plots as draw

    rows = [row for row in document["rows"] if not row["error"]]
    best = [row for row in rows if row["front"]]
    plots = []
    for x, y in exploration.pairs(document):
        shown = exploration.points(rows, x, y)
        ends = tuple(str(row["point"]) for row in best) if len(best) <= exploration.NAMED else ()
        plots.append(Markup(draw.front(shown, (exploration.axis(x), exploration.axis(y)), ends)))
    heads, front = exploration.shown(document, best)
    _, every = exploration.shown(document, rows)
    return _page(
        EXPLORATION,
        **document,
        title=exploration.title(document),
        objectives=exploration.objectives(document),
        heads=heads,
        front=front,
        every=every,
        plots=plots,
        failures=exploration.errors(document),
    )


def _page(template: str, **names: Any) -> str:
    folder = resources.files("hadacast.report")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": "{:,}".format, "figure": distribution.number, "si": describe.si}
    environment.filters["settings"] = describe.settings_text
    style = Markup(folder.joinpath(STYLE).read_text(encoding="utf-8"))
    text = folder.joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**names, style=style)
