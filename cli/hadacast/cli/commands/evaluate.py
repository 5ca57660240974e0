"""`hadacast evaluate`: what recipes do to one's own data, side by side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.data import RANDOM, Data, Source, find, framed
from hadacast.cli.options import Chosen, with_output, with_recipes, with_source
from hadacast.errors import HadacastError
from hadacast.format import Ints

RTL_FRAMES = 32
NARROW = 100  # columns of a terminal


class FrameCount(click.IntRange):
    """A number of frames; says what is wrong where a recipe's name stands in its place."""

    name = "frames"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            self.fail(f"{error.message.rstrip('.')} (recipes come before --rtl)", param, ctx)


@click.command("evaluate")
@with_recipes
@with_source
@click.option(
    "--rows", type=click.IntRange(1), default=None, metavar="N", help="Take the first N rows of the data."
)
@click.option(
    "--rtl",
    type=FrameCount(1),
    is_flag=False,
    flag_value=str(RTL_FRAMES),
    default=None,
    metavar="[FRAMES]",
    help=f"Hold the simulated hardware to it too, on the first FRAMES frames, {RTL_FRAMES} if not said.",
)
@click.option("--simulator", default=None, help="For --rtl. Default: the fastest there is.")
@click.option("--out", "-o", metavar="FILE", default=None, help="Write a report to this .html file.")
@with_output
def evaluate(
    output: Output,
    chosen: list[Chosen],
    data: str | None,
    tensor: str | None,
    seed: int,
    rows: int | None,
    rtl: int | None,
    simulator: str | None,
    out: str | None,
) -> None:
    """Run RECIPEs on the same data in the exact reference, and print what each makes of it.

    SQNR rotated and un-rotated, the largest error, clipped elements and zeros, bits per value. The last axis
    of the data is cut into frames, as by `hadacast simulate`. With --rtl the simulated hardware must give the
    same results.
    """
    from hadacast.cli import available
    from hadacast.report import document as report

    if simulator is not None:
        available.simulator(simulator)
        if rtl is None:
            raise HadacastError(f"simulator is {simulator!r}: it is for --rtl")
    path = files.target(out) if out else None
    if path and path.suffix not in (".html", ".htm"):
        raise HadacastError(f"output {out!r}: it must be a .html file")
    source = find(data or _sample(chosen), tensor=tensor, rows=None if data == RANDOM else rows, seed=seed)
    taken = _framed(chosen, source, rows if source.array is None else None)
    with output.job(f"evaluating {_count(chosen)} on {source.name}") as job:
        evaluations = []
        for index, (one, frames) in enumerate(zip(chosen, taken, strict=True)):
            job.news(f"{_label(chosen, one)}: the exact result of {len(frames.frames):,} frames")
            job.count(index, len(chosen))
            evaluations.append(_evaluated(chosen, one, frames))
        for one, frames, shown in zip(chosen, taken, evaluations, strict=True):
            if rtl is not None:
                job.news(f"{_label(chosen, one)}: the simulated hardware")
                shown["rtl"] = _simulated(one, frames.frames[:rtl], simulator, seed, job.count)
    wrong = [shown for shown in evaluations if shown["rtl"] and not shown["rtl"]["ok"]]
    error = "; ".join(f"RTL of {shown['recipe']['label']}: {shown['rtl']['problems'][0]}" for shown in wrong)
    first = taken[0].to_dict()
    if source.array is None:  # each recipe has codes of its own
        first |= {"shape": [], "dtype": ""}
    document: dict[str, Any] = {
        "ok": not wrong,
        "error": error,
        "date": report.date(),
        "data": {key: first[key] for key in ("source", "tensor", "kind", "shape", "dtype", "sha256")},
        "rtl": rtl is not None,
        "evaluations": evaluations,
        "report": str(Path(out)) if out else "",
    }
    if path:
        _write(path, document)
    output.emit("evaluate", document)
    if not output.json:
        _print(output, document)
    if wrong:
        raise HadacastError(error)


def _sample(chosen: list[Chosen]) -> str:
    """The sample that all recipes name."""
    samples = {one.recipe.sample for one in chosen}
    if len(samples) > 1:
        shown = ", ".join(f"{one.reference} {one.recipe.sample}" for one in chosen)
        raise HadacastError(f"the recipes have different samples ({shown}): say which data with --data")
    return samples.pop()


def _framed(chosen: list[Chosen], source: Source, frames: int | None) -> list[Data]:
    """The data as each recipe takes it."""
    found = []
    for one in chosen:
        try:
            found.append(framed(source, one.pipeline, frames=frames))
        except HadacastError as error:
            raise HadacastError(f"recipe {one.reference!r}: {error}") from None
    return found


def _count(chosen: list[Chosen]) -> str:
    return f"{len(chosen):,} recipe{'s' if len(chosen) > 1 else ''}"


def _label(chosen: list[Chosen], one: Chosen) -> str:
    """A recipe's name, or its path where others have the same name."""
    same = [other for other in chosen if other.pipeline.name == one.pipeline.name]
    return one.pipeline.name if len(same) == 1 else one.reference


def _evaluated(chosen: list[Chosen], one: Chosen, data: Data) -> dict[str, Any]:
    from hadacast.report import comparison

    shown = comparison.figures(one.pipeline, data.frames, data.values)
    return {"recipe": {**one.to_dict(), "label": _label(chosen, one)}, **shown, "rtl": None}


def _simulated(
    one: Chosen, frames: Ints, simulator: str | None, seed: int, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    from hadacast.cli import simulation

    name = simulator or simulation.fastest(one.pipeline, len(frames))
    try:
        run = simulation.run(one.pipeline, frames, simulator=name, seed=seed, progress=progress)
    except HadacastError as error:
        raise HadacastError(f"recipe {one.reference!r}: {error}") from None
    return run.to_dict()


def _write(path: Path, document: dict[str, Any]) -> None:
    from hadacast.cli.versions import versions
    from hadacast.report import html

    files.write(path, html.render_comparison({**document, "versions": versions()}))


def _print(output: Output, document: dict[str, Any]) -> None:
    from hadacast.report import comparison

    data = document["data"]
    title = ", ".join(filter(None, (data["source"], data["tensor"])))
    if data["shape"]:
        title += f": {' × '.join(map(str, data['shape']))} {data['dtype']}"
    heads: tuple[str, ...] = comparison.HEADS
    rows = comparison.rows(document)
    if output.out.width < NARROW:  # the quantizer below its recipe
        heads = (f"{heads[0]}\n{heads[1]}", *heads[2:])
        rows = [(f"{row[0]}\n  {row[1].removesuffix(' scale')}", *row[2:]) for row in rows]
    output.table(title, heads, rows, right=range(len(heads) - 6, len(heads)))
    if document["rtl"]:
        shown = [(e["recipe"]["label"], _verdict(e["rtl"])) for e in document["evaluations"]]
        output.facts("Simulated hardware", shown)
    for note in comparison.notes(document):
        output.out.print(f" {note}", soft_wrap=True)
    if document["report"]:
        output.facts("", [("report", document["report"])])


def _verdict(shown: dict[str, Any]) -> str:
    verdict = "equal to the exact result" if shown["ok"] else f"WRONG: {shown['problems'][0]}"
    return f"{verdict}, {shown['samples']:,} samples of {shown['frames']:,} frames, {shown['simulator']}"
