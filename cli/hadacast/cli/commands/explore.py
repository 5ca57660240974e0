"""`hadacast explore`: a sweep over a recipe's fields, and its Pareto front."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.data import RANDOM, Source, find
from hadacast.cli.options import overrides_of, seed_list, with_output, with_overrides
from hadacast.errors import HadacastError

STEPS = 20  # lines of progress where there is no terminal


@click.command("explore")
@click.argument("recipe", required=False)
@click.option("--sweep", metavar="FILE", default=None, help="A sweep in a .toml file; options override it.")
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="KEY=VALUES",
    help="A field and its values, such as stream.lanes=2,4,8 or stage.fwht.registers=0..2. With ; between,"
    " fields that go together. Repeatable.",
)
@with_overrides
@click.option("--points", type=click.IntRange(1), default=None, metavar="N", help="Take N points at random.")
@click.option("--device", "-d", default=None, help="The FPGA. Default: that of the recipe's board.")
@click.option("--board", "-b", default=None, help="The FPGA of this board.")
@click.option("--seeds", default=None, metavar="1,2,3", help="The placer's seeds. Default: 1.")
@click.option("--no-place", is_flag=True, help="Yosys's figures only: no clock, and much quicker.")
@click.option("--no-synth", is_flag=True, help="The exact result only: SQNR and latency.")
@click.option("--minimize", multiple=True, metavar="FIGURE", help="An objective. Default: cells. Repeatable.")
@click.option(
    "--maximize", multiple=True, metavar="FIGURE", help="An objective. Default: throughput. Repeatable."
)
@click.option("--where", multiple=True, metavar='"A < B"', help="What the front must meet. Repeatable.")
@click.option(
    "--data",
    default=None,
    metavar="FILE",
    help="For SQNR: a .npy, .npz or .safetensors file, a shipped sample, or 'random'. Default: the recipe's"
    " sample.",
)
@click.option("--tensor", default=None, metavar="NAME", help="Which array of an .npz or .safetensors file.")
@click.option(
    "--rows", type=click.IntRange(1), default=None, metavar="N", help="Take the first N rows of the data."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=None, help="Of all that is random. Default: 0."
)
@click.option("--jobs", "-j", type=click.IntRange(1), default=None, help="Processes. Default: one per core.")
@click.option("--scheduler", default=None, metavar="ADDRESS", help="Run on this Dask cluster, tcp://….")
@click.option("--timeout", type=click.FloatRange(1), default=None, help="Seconds allowed to each tool.")
@click.option("--retry", is_flag=True, help="Try points again that failed.")
@click.option("--cache", default=None, metavar="FOLDER", help="Of measurements. Default: the user's own.")
@click.option("--out", "-o", default=None, metavar="FOLDER", help="Default: build/NAME-explore.")
@with_output
def explore(output: Output, jobs: int | None, scheduler: str | None, retry: bool, **options: Any) -> None:
    """Measure a RECIPE at each point of a grid over its fields, and find the points that no other beats.

    Figures: cells, ff, lut_ram, block_ram, multiplier, fmax, throughput, latency, delay, sqnr, input_sqnr,
    total_sqnr, bits, lanes, frame. What is done is kept: the same command goes on where it was ended.
    """
    from hadacast.explore import parquet

    parquet.available()
    out, cache = options.pop("out"), options.pop("cache")
    sweep = _sweep(options, cache)
    folder = Path(out or f"build/{Path(sweep.recipe).stem}-explore")
    _prepare(folder)
    with files.held(folder):
        done = _measured(output, sweep, folder, jobs, scheduler, retry)
        document = _document(sweep, folder, done)
        files.write(folder / "table.parquet", parquet.table(sweep, document["rows"]))
        _report(folder / "report.html", document)
    output.emit("explore", document)
    if not output.json:
        _print(output, document)
    if not document["ok"]:
        raise HadacastError(f"every point failed, the first with: {document['rows'][0]['error']}")


def _measured(
    output: Output, sweep: Any, folder: Path, jobs: int | None, scheduler: str | None, retry: bool
) -> Any:
    from hadacast.explore import workers
    from hadacast.explore.journal import Journal
    from hadacast.explore.run import run
    from hadacast.tools.workers import cores

    total = len(sweep.numbers)
    with output.job(f"exploring {total:,} points of {sweep.recipe}") as job:
        if scheduler:
            measure: Callable[..., Any] = partial(workers.cluster, source=sweep.source, address=scheduler)
        else:
            count = min(jobs or cores(), total)
            measure = partial(workers.local, source=sweep.source, jobs=count)
        try:
            return run(
                sweep, Journal(folder / "points"), measure, retry=retry, progress=_progress(output, job)
            )
        except KeyboardInterrupt:
            output.note(f"what is done is in {folder / 'points'}: the same command goes on from there")
            raise


def _document(sweep: Any, folder: Path, done: Any) -> dict[str, Any]:
    rows = sweep.table(done.rows)
    failed = [row for row in rows if row["error"]]
    return {
        "ok": len(failed) < len(rows),
        "sweep": sweep.to_dict(),
        "folder": str(folder),
        "table": str(folder / "table.parquet"),
        "report": str(folder / "report.html"),
        "before": done.before,
        "failed": len(failed),
        "rows": rows,
    }


def _sweep(options: dict[str, Any], cache: str | None) -> Any:
    from hadacast import recipe as recipes
    from hadacast.explore import axes, definition
    from hadacast.explore.measure import EXACT, MAP, PLACE, Task, maker
    from hadacast.explore.sweep import Sweep

    read = definition.load(options["sweep"]) if options["sweep"] else {}

    def chosen(name: str, default: Any = None) -> Any:
        """What the command line says, else the file, else the default."""
        value = options.get(name)
        return read.get(name, default) if value in (None, ()) else value

    recipe = chosen("recipe")
    if recipe is None:
        raise click.UsageError("give a RECIPE, or a --sweep that names one")
    overrides = (*read.get("set", ()), *overrides_of(options))
    own = [axes.parse(text) for text in options["axes"]]
    kept = [axis for axis in read.get("axes", []) if not any(set(axis.keys) & set(o.keys) for o in own)]
    synth = read.get("synth", True) and not options["no_synth"]
    place = read.get("place", True) and not options["no_place"]
    level = EXACT if not synth else PLACE if place else MAP
    seeds = chosen("seeds")
    if options["seeds"] is not None and level != PLACE:
        raise HadacastError(f"seeds is {seeds!r}: nothing is placed")
    build = recipes.draft(recipe, overrides).content.get("build", {})
    build = build if isinstance(build, dict) else {}
    device = "" if level == EXACT else _device(options, read, build, level == PLACE)
    task = Task(
        draft=recipes.Draft(file="", content={}),
        level=level,
        device=device,
        seeds=seed_list(seeds or "1") if level == PLACE else (),
        timeout=options["timeout"],
        cache=_cache(cache),
        made_by=maker(level, device),
    )
    return Sweep(
        recipe=recipe,
        overrides=overrides,
        axes=(*kept, *own),
        points=chosen("points"),
        seed=chosen("seed", 0),
        task=task,
        source=_source(chosen, build),
        minimize=chosen("minimize", ()),
        maximize=chosen("maximize", ()),
        where=(*read.get("where", ()), *options["where"]),
    )


def _device(options: dict[str, Any], read: dict[str, Any], build: dict[str, Any], place: bool) -> str:
    """The device that options name, else the file, else the recipe's board."""
    from hadacast import boards
    from hadacast.cli import available, targets
    from hadacast.recipe import Recipe
    from hadacast.synth import devices

    for named in (options, read):
        if named.get("device") and named.get("board"):
            raise click.UsageError("give a device or a board, not both")
    named = options if options["device"] or options["board"] else read
    if named.get("device"):
        chip = devices.device(named["device"])
    else:
        chip = targets.device_of(boards.get(named.get("board") or build.get("board", Recipe.board)))
    if place:
        available.device(chip)
    return chip.name


def _source(chosen: Callable[..., Any], build: dict[str, Any]) -> Source:
    from hadacast.recipe import Recipe

    name = chosen("data") or build.get("sample", Recipe.sample)
    rows = chosen("rows")
    if name == RANDOM and rows is not None:
        raise HadacastError(f"rows is {rows:,}: random codes have none")
    return find(name, tensor=chosen("tensor"), rows=rows, seed=chosen("seed", 0))


def _cache(folder: str | None) -> str:
    if folder is None:
        return ""
    from hadacast.tools.cache import made

    return str(made(Path(folder).absolute(), "give another --cache"))


def _prepare(folder: Path) -> None:
    """Make the output folder, and see that files can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        text = "a file is in the way" if isinstance(error, FileExistsError | NotADirectoryError) else ""
        raise HadacastError(
            f"output folder {str(folder)!r} can't be used: {text or files.reason(error)}"
        ) from None
    for name in ("table.parquet", "report.html"):
        files.target(folder / name)


def _progress(output: Output, job: Any) -> Callable[[int, int, Any], None]:
    """Every point on a terminal, else a line now and then."""

    def tell(done: int, total: int, row: Any) -> None:
        failed = "" if row is None or not row["error"] else f"; one failed: {row['error'][:100]}"
        if output.err.is_terminal or done * STEPS // total != (done - 1) * STEPS // total or row is None:
            job.news(f"{done:,} of {total:,} points are done{failed}")
        job.count(done, total)

    return tell


def _report(path: Path, document: dict[str, Any]) -> None:
    from hadacast.report import document as report
    from hadacast.report import html

    page = html.render_exploration({**document, "date": report.date()})
    files.write(path, page)


def _print(output: Output, document: dict[str, Any]) -> None:
    from hadacast.report import exploration

    heads, rows = exploration.shown(document, exploration.listed(document["rows"]), output.out.width)
    output.table(exploration.title(document), heads, rows, right=range(len(heads)))
    for note in exploration.notes(document):
        output.out.print(f" {note}", soft_wrap=True)
    output.facts("", [("table", document["table"]), ("report", document["report"])])
