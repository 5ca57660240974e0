"""`hadacast plan`: what a rate takes on a device."""

import shlex
import tempfile
from pathlib import Path
from typing import Any

import click

from hadacast import recipe as recipes
from hadacast.cli.console import Job, Output
from hadacast.cli.options import Chosen, seed_list, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("plan")
@with_recipe()
@click.option("--rate", "-r", required=True, metavar="RATE", help="Elements a second: 2.5G, 800M, 1e9.")
@click.option("--device", "-d", default=None, help="The FPGA. Default: that of the board.")
@click.option("--board", "-b", default=None, help="A board's FPGA. Default: the recipe's board.")
@click.option("--try-lanes", default=None, metavar="1,2,4", help="Lane counts. Default: powers of two to 32.")
@click.option(
    "--fill", type=float, default=80.0, show_default=True, metavar="%", help="Of the device, at most."
)
@click.option(
    "--margin", type=float, default=10.0, show_default=True, metavar="%", help="Off the clock of one core."
)
@click.option("--seeds", default="1", show_default=True, metavar="1,2,3", help="The placer's seeds.")
@click.option("--verify", is_flag=True, help="Synthesize, place and route the best plan, all copies of it.")
@with_output
def plan(
    output: Output,
    chosen: Chosen,
    rate: str,
    device: str | None,
    board: str | None,
    try_lanes: str | None,
    fill: float,
    margin: float,
    seeds: str,
    verify: bool,
) -> None:
    """Find the lanes and copies that a rate takes on a device, with the fewest logic cells.

    One core of each lane count is synthesized, placed and routed, or looked up if it was before. Copies are
    multiplied from there; --verify builds them.
    """
    from hadacast import boards
    from hadacast.cli import available, planning, targets
    from hadacast.synth import devices

    if device and board:
        raise click.UsageError("give --device or --board, not both")
    wanted = planning.rate_of(rate)
    for name, value, low in (("fill", fill, 1), ("margin", margin, 0)):
        if not low <= value <= (100 if name == "fill" else 90):
            raise HadacastError(f"{name} is {value:g} %: it must be from {low} to {100 if low else 90}")
    numbers = seed_list(seeds)
    asked = planning.lanes_of(try_lanes) if try_lanes else None
    chip = devices.device(device) if device else targets.device_of(boards.get(board or chosen.recipe.board))
    specs = _specs(chosen, asked)
    available.device(chip)
    title = f"planning {describe(wanted)} of {chosen.pipeline.name} on {chip.name}"
    with output.job(title) as job:
        plans, failures = [], {}
        for number, (lanes, spec) in enumerate(specs.items(), 1):
            what = f"one core of {lanes} lanes, {number} of {len(specs)}"
            try:
                synthesis = measured(spec, chip, numbers, job, what)
                one = planning.Measured.of(spec, synthesis)
            except HadacastError as error:
                failures[lanes] = str(error)  # most often: one core is too large
                continue
            plans.append(planning.plan(one, wanted, fill=fill / 100, margin=margin / 100))
        ranked = planning.ordered(plans)
        best = ranked[0] if ranked and ranked[0].fits else None
        proof = (
            measured(best.spec, chip, numbers, job, f"all {best.copies} copies") if best and verify else None
        )
    largest = max((p.most_rate for p in ranked), default=0.0)
    verified = _verdict(best, proof, wanted) if best and proof else None
    document: dict[str, Any] = {
        "ok": best is not None and (verified is None or verified["ok"]),
        "recipe": chosen.to_dict(),
        "rate": wanted,
        "device": chip.name,
        "title": chip.title,
        "fill": fill / 100,
        "margin": margin / 100,
        "plans": [p.to_dict() for p in ranked],
        "best": best.to_dict() if best else None,
        "largest_rate": largest,
        "failures": {str(lanes): text for lanes, text in failures.items()},
        "verified": verified,
        "caveat": chip.flow.caveat,
    }
    output.emit("plan", document)
    if not output.json:
        _print(output, document, chosen)
    if best is None:
        raise HadacastError(
            f"{describe(wanted)} of {chosen.pipeline.name} don't fit {chip.name}: at most {describe(largest)}"
        )
    if verified and not verified["ok"]:
        raise HadacastError(
            f"{best.copies} copies reach {verified['fmax']:g} MHz on {chip.name}, not the"
            f" {wanted / best.spec.rate / 1e6:.1f} MHz that {describe(wanted)} take: plan with more --margin"
        )


def measured(spec: Any, chip: Any, seeds: tuple[int, ...], job: Job, what: str) -> dict[str, Any]:
    """Area and clock of a core on a device, from the store of measurements or made and kept there."""
    from hadacast.core.top import AxiTop
    from hadacast.core.verilog import module_name, to_verilog
    from hadacast.synth.ooc import synthesize
    from hadacast.synth.store import Store

    job.news(f"{what}: generating Verilog")
    verilog = to_verilog(AxiTop(spec), chip.family)
    with tempfile.TemporaryDirectory(prefix="hadacast-plan-") as scratch:
        found = synthesize(
            verilog,
            top=module_name(spec),
            device=chip,
            seeds=seeds,
            workdir=Path(scratch),
            ports=False,
            progress=lambda text: job.news(f"{what}: {text}"),
            store=Store.of_user(),
        )
    return found.to_dict()


def _specs(chosen: Chosen, asked: tuple[int, ...] | None) -> dict[int, Any]:
    """One copy of the recipe for each lane count to try. Raises HadacastError if one that was asked for, or
    all, are refused."""
    from hadacast.cli import planning

    frame = chosen.pipeline.frame
    found: dict[int, Any] = {}
    for lanes in asked or [
        p for p in range(1, planning.MAX_LANES + 1) if frame % p == 0 and p & (p - 1) == 0
    ]:
        overrides = (*chosen.overrides, f"stream.lanes={lanes}", "stream.copies=1")
        try:
            found[lanes] = recipes.load(chosen.reference, overrides).pipeline
        except HadacastError:
            if asked:
                raise
    if not found:
        raise HadacastError(f"{chosen.pipeline.name} takes no power of two lanes: give --try-lanes")
    return found


def _verdict(best: Any, proof: dict[str, Any], wanted: float) -> dict[str, Any]:
    fmax = proof["median_fmax"]
    return {
        "ok": fmax * 1e6 * best.spec.rate >= wanted,
        "fmax": fmax,
        "rate_at_fmax": fmax * 1e6 * best.spec.rate,
        "logic_cells": proof["logic_cells"],
        "utilization": proof["utilization"],
        "tools": proof["tools"],
    }


def describe(rate: float) -> str:
    """A rate in words."""
    from hadacast.cli.describe import si

    return si(rate, "elements/s")


def _print(output: Output, shown: dict[str, Any], chosen: Chosen) -> None:
    from hadacast.cli.describe import si

    rows = [
        (
            f"{entry['lanes']}",
            f"{entry['copies']:,}",
            f"{entry['clock']:g}",
            f"{entry['logic_cells']:,}",
            si(entry["rate"], "/s"),
            f"{entry['share']:.0%} {entry['tightest']}",
            "yes" if entry["fits"] else "no",
            f"{si(entry['most_rate'], '/s')}, {entry['most_copies']} copies",
        )
        for entry in shown["plans"]
    ]
    heads = ("lanes", "copies", "MHz", "logic cells", "rate", "device used", "fits", "the device's most")
    output.table(f"{describe(shown['rate'])} on {shown['title']}", heads, rows, right=range(5))
    output.note(
        f"Copies are multiplied from one measured core, its clock less {shown['margin']:.0%};"
        f" {shown['fill']:.0%} of each kind of sites at most."
    )
    for lanes, text in shown["failures"].items():
        output.note(f"{lanes} lanes: {text}")
    if shown["caveat"]:
        output.note(f"Note: {shown['caveat']}.")
    best = shown["best"]
    if best:
        kept = [text for text in chosen.overrides if not text.startswith(("stream.lanes", "stream.copies"))]
        words = ["hadacast generate", chosen.reference, *(f"--set {shlex.quote(text)}" for text in kept)]
        words.append(f"--lanes {best['lanes']} --copies {best['copies']}")
        output.command("Build it", " ".join(words))
    if found := shown["verified"]:
        output.facts(
            "All copies, built",
            [
                ("logic cells", f"{found['logic_cells']:,}"),
                ("clock", f"{found['fmax']:g} MHz"),
                ("rate", f"{describe(found['rate_at_fmax'])} at that clock"),
            ],
        )
