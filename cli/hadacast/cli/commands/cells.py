"""`hadacast cells`: a core in standard cells, before layout."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, with_output, with_recipe, with_source


@click.command("cells")
@with_recipe()
@click.option(
    "--liberty",
    "-l",
    metavar="LIBRARY",
    default="osu018",
    show_default=True,
    help="A Liberty file of your process, or a free library: osu018, osu035.",
)
@click.option(
    "--clock", type=float, default=100.0, show_default=True, metavar="MHZ", help="Aimed at, and of the power."
)
@with_source
@click.option("--out", "-o", metavar="FOLDER", default=None, help="Keep netlists and logs here.")
@with_output
def cells(
    output: Output,
    chosen: Chosen,
    liberty: str,
    clock: float,
    data: str | None,
    tensor: str | None,
    seed: int,
    out: str | None,
) -> None:
    """Map the core to standard cells and estimate its area, timing and power before layout.

    The mapped netlist runs on the recipe's sample, or on --data, from random first states: its results are
    held against the exact ones, and how often each net toggles goes into the power.
    """
    from hadacast.cli import standard_cells
    from hadacast.cli.data import load
    from hadacast.synth.cells import libraries
    from hadacast.tools import yosys

    spec = chosen.pipeline
    standard_cells.check_clock(clock)
    file = libraries.find(liberty)
    yosys.version()
    taken = load(data or chosen.recipe.sample, spec, tensor=tensor, seed=seed)
    with files.Staging(out) if out else nullcontext() as staging:
        with (
            tempfile.TemporaryDirectory(prefix="hadacast-cells-") as scratch,
            output.job(f"mapping {spec.name} to {liberty}") as job,
        ):
            work = staging.part if staging else Path(scratch)
            result = standard_cells.measure(
                spec, taken, file=file, clock=clock, seed=seed, work=work, job=job
            )
        if staging:
            staging.publish()
    result["library"]["file"] = liberty
    output.emit("cells", {"recipe": chosen.to_dict(), "data": taken.to_dict(), "cells": result})
    if not output.json:
        output.facts(f"{spec.name} in {result['library']['name']}", facts(result))
        _stages(output, result)
        output.note(f"This is {result['note']}.")


def facts(shown: Any) -> list[tuple[str, str]]:
    """The figures as names and values, from `standard_cells.measure`."""
    library, total, storage = shown["library"], shown["area"]["total"], shown["area"]["storage"]
    conditions = [f"{library['voltage']:g} V" if library["voltage"] else ""]
    conditions.append(f"{library['temperature']:g} °C" if library["temperature"] is not None else "")
    share = storage["area"] / total["area"] if total["area"] else 0
    rows = [
        ("library", ", ".join(filter(None, [library["name"], *conditions]))),
        ("area", f"{total['area']:,.0f} (µm² in most libraries)"),
        ("cells", f"{total['cells']:,}, {total['flops']:,} of them flip-flops"),
        ("delay storage", f"{shown['storage_bits']:,} bits in flip-flops, {share:.0%} of the area"),
        (
            "netlist",
            f"equal to the exact result, {shown['run']['samples']:,} samples from random first states",
        ),
    ]
    timing = shown["timing"]
    met = "met" if timing["met"] else "NOT met"
    fmax = "no path" if timing["fmax"] is None else f"{timing['fmax']:g} MHz"
    rows.append(("clock", f"{shown['clock']:g} MHz {met}; between registers up to {fmax}"))
    if timing["port_fmax"] is not None:
        rows.append(("with ports", f"{timing['port_fmax']:g} MHz"))
    if power := shown["power"]:
        parts = ", ".join(f"{name.replace('_', ' ')} {_si(w, 'W')}" for name, w in power["parts"].items())
        rows += [
            ("power", f"{_si(power['watts'], 'W')} at {power['clock']:g} MHz: {parts}"),
            ("activity", f"{shown['run']['toggles']:.2f} transitions a net a clock, counted in the netlist"),
            ("energy", f"{_si(power['joules_per_element'], 'J')} an element, "
             f"{_si(power['joules_per_frame'], 'J')} a frame"),
        ]  # fmt: skip
    return rows


def _stages(output: Output, shown: Any) -> None:
    power = shown["power"]
    whole = shown["area"]["total"]["area"] or 1
    rows = []
    for name, entry in shown["area"]["stages"].items():
        watts = f"{1000 * power['stages'][name]:,.2f}" if power else "–"
        share = f"{entry['area'] / whole:.1%}"
        rows.append(
            (name, f"{entry['area']:,.0f}", share, f"{entry['cells']:,}", f"{entry['flops']:,}", watts)
        )
    heads = ("stage", "area", "share", "cells", "flip-flops", "mW")
    output.table("By stage", heads, rows, right=range(1, 6))


def _si(value: float, unit: str) -> str:
    for factor, prefix in ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value / 1e-15:.3g} f{unit}"
