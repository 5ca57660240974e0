"""The report as one HTML page: no script, nothing loaded, readable on a phone and on paper."""

from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hadacast.cli import describe
from hadacast.report import distribution, png, quantization
from hadacast.report.distribution import Floats
from hadacast.report.pictures import Row

TEMPLATE = "report.html.j2"


def render(
    document: dict[str, Any], blocks: tuple[Floats, Floats] | None = None, pictures: Sequence[Row] = ()
) -> str:
    """The page of a report; `blocks` are the real values before and after the rotation, for the plots,
    `pictures` those of the frames, where they are some.

    Everything in the document is escaped. Parts that a failed build doesn't have are left out.
    """
    text = resources.files("hadacast.report").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": "{:,}".format, "figure": distribution.number, "si": describe.si}
    environment.filters["settings"] = describe.settings_text
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
    return environment.from_string(text).render(
        **document, figures=rows, plots=plots, quantizers=quantizers, shown=shown
    )
