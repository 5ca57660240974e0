"""`hadacast synth`: area and clock of a core alone, or a board's bitstream."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.fmax import Found, reach, show, show_verdict
from hadacast.cli.options import Chosen, seed_list, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("synth")
@with_recipe()
@click.option("--device", "-d", default=None, help="Measure the core alone on this device.")
@click.option(
    "--seeds", default=None, metavar="1,2,3", help="The placer's seeds. Default: 1,2,3; for a board: 1."
)
@click.option("--board", "-b", default=None, help="Make the bitstream of this board.")
@click.option(
    "--out",
    "-o",
    metavar="FOLDER",
    default=None,
    help="For the bitstream, logs and netlists. Default with --board: build/NAME; else none are kept.",
)
@click.option("--no-ports", is_flag=True, help="Leave out paths at the ports: one run less.")
@click.option(
    "--fmax",
    type=float,
    default=None,
    metavar="MHZ",
    help="Add pipeline registers until the clock, the median over the seeds, is this at least.",
)
@click.option("--fresh", is_flag=True, help="Measure all again, and keep nothing of it; --out does too.")
@click.option("--cache", metavar="FOLDER", default=None, help="Of measurements. Default: the user's own.")
@with_output
def synth(
    output: Output,
    chosen: Chosen,
    device: str | None,
    seeds: str | None,
    board: str | None,
    out: str | None,
    no_ports: bool,
    fmax: float | None,
    fresh: bool,
    cache: str | None,
) -> None:
    """Measure the core alone on a device, or make a bitstream for a board.

    With neither --device nor --board, the device is that of the recipe's board. With --fmax, registers that
    the recipe's stages can add are tried, the cheapest first, until the clock is reached; what the command
    line sets stays. Exit status 1: nothing reaches it.
    """
    if device and board:
        raise click.UsageError("give --device or --board, not both")
    if board:
        for name, value in {"--fmax": fmax is not None, "--fresh": fresh, "--cache": cache}.items():
            if value:
                raise click.UsageError(f"{name} doesn't go with --board")
        _bitstream(output, chosen, board, seeds, out)
    else:
        _measure(output, chosen, device, seeds, out, not no_ports, fmax, _cache(cache, fresh or bool(out)))


def _cache(folder: str | None, fresh: bool) -> Path | None:
    """Where measurements are kept; None if they aren't. Logs and netlists come of tools that run."""
    from hadacast.synth.store import Store
    from hadacast.tools.cache import made

    if fresh:
        return None
    return Store.of_user().folder if folder is None else made(Path(folder), "--cache says where")


def _measure(
    output: Output,
    chosen: Chosen,
    name: str | None,
    seeds: str | None,
    out: str | None,
    ports: bool,
    fmax: float | None,
    cache: Path | None,
) -> None:
    from hadacast import boards
    from hadacast.cli import available, targets
    from hadacast.cli.steps import measure
    from hadacast.synth import devices
    from hadacast.synth.store import Watched

    chip = devices.device(name) if name else targets.device_of(boards.get(chosen.recipe.board))
    numbers = seed_list(seeds or "1,2,3")
    if fmax is not None:
        from hadacast.synth.target import check

        check(fmax)
    available.device(chip)
    found: Found | None = None
    with files.Staging(out) if out else nullcontext() as staging:
        with (
            tempfile.TemporaryDirectory(prefix="hadacast-synth-") as scratch,
            output.job(f"measuring {chosen.pipeline.name} on {chip.name}") as job,
        ):
            work = staging.part / "work" / "synth" if staging else Path(scratch, "work")
            store = Watched(cache or Path(scratch, "store"))
            if fmax is None:
                result = measure(chosen.pipeline, chip, numbers, work, job.news, ports, store=store)
            else:
                found = reach(chosen, chip, numbers, fmax, work, store, job.news, ports)
                result = found.synthesis
        if staging:
            staging.publish()
    kept = {"earlier": len(store.earlier), "now": len(store.made)}
    document: dict[str, Any] = {"recipe": chosen.to_dict(), "synthesis": result, "kept": kept}
    if found:
        document = {"ok": found.met, "error": found.error, **document, "target": found.target}
    output.emit("synth", document)
    if not output.json:
        if found:
            show(output, chosen, chip, found)
        rows = [*measured_facts(result), *kept_facts(kept)]
        title = f"{chosen.pipeline.name} on {chip.title}"
        output.facts(title if not found else f"{title}, {found.label}", rows)
        if found:
            show_verdict(output, found)
    if found and not found.met:
        raise HadacastError(found.error)


def kept_facts(kept: dict[str, int]) -> list[tuple[str, str]]:
    """What of a measurement is an earlier run's, as a name and a value; nothing if nothing is."""
    if not kept["earlier"]:
        return []
    total = kept["earlier"] + kept["now"]
    count = "all" if not kept["now"] else f"{kept['earlier']} of {total} steps"
    return [("measured", f"{count} in an earlier run, and kept; --fresh measures again")]


def _bitstream(output: Output, chosen: Chosen, name: str, seeds: str | None, out: str | None) -> None:
    from hadacast import boards
    from hadacast.cli import available
    from hadacast.cli.steps import bitstream, bitstream_name

    board = boards.get(name)
    numbers = seed_list(seeds or "1")
    if len(numbers) != 1:
        raise HadacastError(f"seeds is {seeds!r}: a bitstream takes one seed")
    available.board(board)
    folder = out or f"build/{chosen.pipeline.name}"
    with files.Staging(folder, [bitstream_name(chosen.pipeline, board)]) as staging:
        with output.job(f"building {chosen.pipeline.name} for {board.name}") as job:
            result = bitstream(chosen.pipeline, board, staging, job.news, numbers[0])
        staging.publish()
    output.emit("synth", {"recipe": chosen.to_dict(), "folder": str(staging.shown), "bitstream": result})
    if not output.json:
        output.facts(f"{chosen.pipeline.name} on {board.title}", bitstream_facts(result))
        output.command("Load it", result["load"])


def measured_facts(shown: Any) -> list[tuple[str, str]]:
    """The figures of a core alone, as names and values, from `steps.measure`."""
    per_seed = ", ".join(
        f"{'none' if value is None else f'{value:g}'} (seed {seed})" for seed, value in shown["fmax"].items()
    )
    median = shown["median_fmax"]
    rows = [
        ("device", f"{shown['device']} ({shown['title']})"),
        ("logic cells", f"{shown['logic_cells']:,}"),
        ("used", used_text(shown["utilization"])),
        ("clock", "no path between registers" if median is None else f"{median:g} MHz, median of {per_seed}"),
    ]
    if shown["port_fmax"] is not None:
        rows.append(("clock with ports", f"{shown['port_fmax']:g} MHz, registers at every port"))
    for path in shown["async_paths"] or []:
        rows.append((path["kind"], f"{path['delay_ns']:g} ns, {path['start']} -> {path['end']}"))
    if shown["async_error"]:
        rows.append(("paths at the ports", f"not measured: {shown['async_error']}"))
    if shown["caveat"]:
        rows.append(("note", shown["caveat"]))
    return rows


def bitstream_facts(shown: Any) -> list[tuple[str, str]]:
    """The figures of a bitstream, as names and values, from `steps.bitstream`."""
    return [
        ("board", f"{shown['board']} ({shown['title']})"),
        ("bitstream", f"{shown['file']}, {shown['bytes']:,} bytes"),
        ("sha256", shown["sha256"]),
        ("clock", f"{shown['clock']:g} MHz; timing allows {shown['fmax']:g} MHz"),
        ("used", used_text(shown["utilization"])),
    ]


def used_text(utilization: Any) -> str:
    """Used and available sites, by kind."""
    return (
        ", ".join(f"{n['used']:,} of {n['available']:,} {kind}" for kind, n in utilization.items())
        or "nothing"
    )
