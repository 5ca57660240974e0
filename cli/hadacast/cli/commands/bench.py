"""`hadacast bench`: area, clock, latency and memory of transforms, beside what could be."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hadacast import checks
from hadacast.cli import files
from hadacast.cli.console import Job, Output
from hadacast.cli.options import seed_list, with_output
from hadacast.errors import HadacastError

if TYPE_CHECKING:
    from hadacast.bench.grid import Point
    from hadacast.synth.store import Store


@click.command("bench")
@click.option("--family", "families", metavar="ecp5,…", default=None, help="Default: ecp5,ice40.")
@click.option("--n", "-n", "frames", metavar="64,…", default=None, help="Points of the transforms.")
@click.option("--lanes", "-p", metavar="2,4,…", default=None, help="Elements in a beat.")
@click.option("--width", "-w", "widths", metavar="16,…", default=None, help="Bits of an input element.")
@click.option("--only", metavar="TEXT", multiple=True, help="Points with TEXT in their names. Repeatable.")
@click.option("--seeds", metavar="1,2,3", default=None, help="The placer's. Default: those of the peer.")
@click.option(
    "--no-place", is_flag=True, help="Leave out place and route: cells are estimated, there is no clock."
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Placements at a time; each takes a core and some hundred megabytes.",
)
@click.option("--fresh", is_flag=True, help="Measure all again, and keep nothing of it.")
@click.option("--cache", metavar="FOLDER", default=None, help="Of measurements. Default: the user's own.")
@click.option("--out", "-o", metavar="FILE", default=None, help="Write a report to this .html file.")
@click.option("--record", metavar="FILE", default=None, help="Add this run to a history, and plot that.")
@click.option("--note", metavar="TEXT", default="", help="A few words about this run, for the history.")
@click.option("--check", is_flag=True, help="Hold a few deterministic figures to the stored baseline.")
@click.option("--baseline", metavar="FILE", default=None, help="Store these figures anew in this file.")
@with_output
def bench(
    output: Output,
    families: str | None,
    frames: str | None,
    lanes: str | None,
    widths: str | None,
    only: tuple[str, ...],
    seeds: str | None,
    no_place: bool,
    jobs: int,
    fresh: bool,
    cache: str | None,
    out: str | None,
    record: str | None,
    note: str,
    check: bool,
    baseline: str | None,
) -> None:
    """Measure transforms: logic cells, clock, latency and words of memory, beside the floor of the fabric,
    the clock of a lone adder, and the stored figures of a peer.

    By default the peer's grid. With --n, --lanes or --width all combinations of them; what isn't given is as
    in that grid. A run that was ended goes on where it was. A point that fails is reported, and the others
    are measured.
    """
    from hadacast.synth.store import Store
    from hadacast.tools.cache import made

    store = None
    if not fresh:
        store = Store.of_user() if cache is None else Store(made(Path(cache), "--cache says where"))
    if check or baseline:
        given = {"--only": only, "--seeds": seeds, "--no-place": no_place, "--out": out, "--record": record}
        given |= {"--family": families, "--n": frames, "--lanes": lanes, "--width": widths}
        for name, value in given.items():
            if value:
                raise click.UsageError(f"{name} doesn't go with --check or --baseline")
        _hold(output, check, baseline, store)
        return
    from hadacast.cli import available

    points = _points(families, frames, lanes, widths, only)
    numbers = seed_list(seeds) if seeds else None
    for device in {point.device.name: point.device for point in points}.values():
        if not no_place:
            available.device(device)
    page, history = _page(out), _history(record)
    _measure(output, points, numbers, not no_place, jobs, store, note, page, history)


def _numbers(name: str, text: str | None) -> tuple[int, ...]:
    """The numbers of "2,4,8"; none of None. Raises HadacastError."""
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdecimal() and len(word) < 9 for word in words):
        raise HadacastError(f"{name} is {checks.quote(text)}: it must be numbers, such as 16,64")
    return tuple(int(word) for word in words)


def _points(
    families: str | None, frames: str | None, lanes: str | None, widths: str | None, only: Sequence[str]
) -> "tuple[Point, ...]":
    from hadacast.bench.grid import FAMILIES, grid

    chosen = tuple(word.strip() for word in families.split(",")) if families is not None else FAMILIES
    points = grid(chosen, _numbers("n", frames), _numbers("lanes", lanes), _numbers("width", widths))
    found = tuple(p for p in points if not only or any(text in p.name for text in only))
    if not found:
        raise HadacastError(
            f"only is {checks.quote(', '.join(only))}: no point's name has that in it, they are such as"
            f" {points[0].name}"
        )
    return found


def _page(out: str | None) -> Path | None:
    path = files.target(out) if out else None
    if path and path.suffix not in (".html", ".htm"):
        raise HadacastError(f"output {out!r}: it must be a .html file")
    return path


def _history(record: str | None) -> tuple[Path, str] | None:
    """The history's file, and what is in it."""
    from hadacast.bench import history

    if record is None:
        return None
    path = files.target(record)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeError) as error:
        raise HadacastError(f"can't read the history {record!r}: {files.reason(error)}") from None
    history.runs(text, record)  # a mistake shows before the work
    return path, text


def _measure(
    output: Output,
    points: "Sequence[Point]",
    seeds: Sequence[int] | None,
    place: bool,
    jobs: int,
    store: "Store | None",
    note: str,
    page: Path | None,
    kept: tuple[Path, str] | None,
) -> None:
    from hadacast.bench import history
    from hadacast.bench.goals import goals
    from hadacast.bench.measure import Bench
    from hadacast.report import bench as report
    from hadacast.report.document import date

    with output.job(f"measuring {len(points):,} transforms") as job:
        news, count = _progress(job)
        records = Bench(seeds=seeds, place=place, store=store, places=jobs).run(points, news, count)
    failed = [r for r in records if r["error"]]
    error = ""
    if failed:
        first = f"{failed[0]['name']}: {failed[0]['error']}"
        error = f"{len(failed):,} of {len(records):,} points failed, such as {first}"
    document: dict[str, Any] = {
        "ok": not failed,
        "error": error,
        "date": date(),
        "version": version("hadacast"),
        "note": note,
        "tools": report.tools(records),
        "points": records,
        "goals": [goal.to_dict() for goal in goals(records)],
        "report": str(page) if page else "",
        "recorded": str(kept[0]) if kept else "",
    }
    runs: list[dict[str, Any]] = []
    if kept:
        path = kept[0]
        with files.held(path.parent, wait=True):  # another run may have added to it meanwhile
            _, text = _history(str(path)) or kept
            text = history.added(text, document)
            files.write(path, text)
        runs = history.runs(text, str(path))
    if page:
        from hadacast.report import html

        files.write(page, html.render_bench(document, runs))
    output.emit("bench", document)
    if not output.json:
        _print(output, document)
    if failed:
        raise HadacastError(error)


def _progress(job: Job) -> tuple[Callable[[str], None], Callable[[int, int], None]]:
    """News that keep the count shown."""
    state = [0, 0]

    def count(done: int, total: int) -> None:
        state[:] = done, total
        job.count(done, total)

    def news(text: str) -> None:
        job.news(text)
        if state[1]:
            job.count(*state)

    return news, count


def _print(output: Output, document: dict[str, Any]) -> None:
    from hadacast.report import bench as report

    records = document["points"]
    for table in report.overview(records):
        output.table(table.title, table.heads, table.rows, right=range(1, len(table.heads)))
    output.table("Over all points", report.GOAL_HEADS, report.goal_rows(records), right=(2, 3))
    for note in report.notes(records):
        output.out.print(f" {note}", soft_wrap=True)
    places = [(name, document[name]) for name in ("report", "recorded") if document[name]]
    if places:
        output.facts("", places)


def _hold(output: Output, check: bool, name: str | None, store: "Store | None") -> None:
    """Compare with the stored baseline, or store it anew, or both."""
    from hadacast.bench import baseline

    path = files.target(name) if name else None
    with output.job("measuring the points of the baseline") as job:
        records = baseline.measure(store=store, news=job.news)
    found = baseline.of(records)
    old = baseline.stored() if check else found
    ok, lines = baseline.verdict(old, found)
    if path:
        files.write(path, found.text())
    document = {
        "ok": ok,
        "lines": lines,
        "tools": dict(found.tools),
        "points": {point: dict(row) for point, row in found.points.items()},
        "baseline": str(path) if path else "",
    }
    output.emit("bench", document)
    if not output.json:
        heads = ("point", *baseline.FIGURES)
        rows = [(point, *(f"{row[f]:,}" for f in baseline.FIGURES)) for point, row in found.points.items()]
        output.table("Deterministic figures", heads, rows, right=range(1, len(heads)))
        for text in lines:
            output.out.print(f" {text}", soft_wrap=True)
        if ok and check:
            output.out.print(" equal to the baseline" if not lines else " within tolerance of the baseline")
        if path:
            output.facts("", [("baseline", str(path))])
    if not ok:
        differing = [d for d in baseline.differences(old, found) if not d.within]
        count = "1 point differs" if len(differing) == 1 else f"{len(differing):,} points differ"
        first = differing[0]
        raise HadacastError(f"{count} from the baseline, such as {first.name}: {first.kind}: {first.text}")
