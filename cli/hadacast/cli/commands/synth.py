"""`hadacast synth`: area and clock of a core alone, or a board's bitstream."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, seed_list, with_output, with_recipe


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
@with_output
def synth(
    output: Output,
    chosen: Chosen,
    device: str | None,
    seeds: str | None,
    board: str | None,
    out: str | None,
    no_ports: bool,
) -> None:
    """Measure the core alone on a device, or make a bitstream for a board.

    With neither --device nor --board, the device is that of the recipe's board.
    """
    if device and board:
        raise click.UsageError("give --device or --board, not both")
    if board:
        _bitstream(output, chosen, board, seeds, out)
    else:
        _measure(output, chosen, device, seeds, out, not no_ports)


def _measure(
    output: Output, chosen: Chosen, name: str | None, seeds: str | None, out: str | None, ports: bool
) -> None:
    from hadacast import boards
    from hadacast.cli import available, targets
    from hadacast.cli.steps import measure
    from hadacast.synth import devices

    chip = devices.device(name) if name else targets.device_of(boards.get(chosen.recipe.board))
    numbers = seed_list(seeds or "1,2,3")
    available.device(chip)
    with files.Staging(out) if out else nullcontext() as staging:
        with (
            tempfile.TemporaryDirectory(prefix="hadacast-synth-") as scratch,
            output.job(f"measuring {chosen.pipeline.name} on {chip.name}") as job,
        ):
            work = staging.part / "work" / "synth" if staging else Path(scratch)
            result = measure(chosen.pipeline, chip, numbers, work, job.news, ports)
        if staging:
            staging.publish()
    document = {"recipe": chosen.to_dict(), "synthesis": result}
    output.emit("synth", document)
    if not output.json:
        output.facts(f"{chosen.pipeline.name} on {chip.title}", measured_facts(result))


def _bitstream(output: Output, chosen: Chosen, name: str, seeds: str | None, out: str | None) -> None:
    from hadacast import boards
    from hadacast.cli import available
    from hadacast.cli.steps import bitstream, bitstream_name
    from hadacast.errors import HadacastError

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
