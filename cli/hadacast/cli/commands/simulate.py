"""`hadacast simulate`: the core against the exact result."""

import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import numpy as np

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.data import Data, load, narrow
from hadacast.cli.options import Chosen, with_data, with_output, with_recipe
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints

SOME = 8  # frames of which figures are printed


@click.command("simulate")
@with_recipe()
@with_data
@click.option("--simulator", default=None, help="See hadacast list. Default: amaranth; of gates, verilator.")
@click.option(
    "--gates",
    type=click.Choice(["ice40", "ecp5", "gowin"]),
    default=None,
    help="Simulate the netlist after synthesis for this family.",
)
@click.option("--placed", is_flag=True, help="With --gates: the netlist after place and route.")
@click.option("--out", "-o", metavar="FILE", default=None, help="Write the results to this .npy file.")
@click.option("--gaps", type=float, default=0.0, help="Share of cycles in which the sender idles.")
@click.option("--stalls", type=float, default=0.0, help="Share of cycles in which the receiver stalls.")
@click.option("--waves", metavar="FILE", default=None, help="Write waveforms: .vcd, or .fst from icarus.")
@with_output
def simulate(
    output: Output,
    chosen: Chosen,
    data: str | None,
    tensor: str | None,
    frames: int | None,
    seed: int,
    simulator: str | None,
    gates: str | None,
    placed: bool,
    out: str | None,
    gaps: float,
    stalls: float,
    waves: str | None,
) -> None:
    """Send data through the simulated core and hold the results against the exact ones.

    Integers in a .npy file are codes of the input format; real numbers are encoded, saturating. The
    last axis is cut into frames. Any difference from the exact result is a failure.
    """
    from hadacast.cli import available, simulation
    from hadacast.core.top import AxiTop
    from hadacast.report import pictures, quantization

    spec = chosen.pipeline
    for name, rate in (("gaps", gaps), ("stalls", stalls)):
        if not 0 <= rate < 1:
            raise HadacastError(f"{name} is {rate}: it must be from 0 up to, but not including, 1")
    if placed and not gates:
        raise HadacastError("--placed wants --gates FAMILY")
    if gates:
        if waves:
            raise HadacastError(f"waves is {waves!r}: a simulation of gates writes none")
        from hadacast.sim import run_gates

        name = run_gates.available(simulator)
    else:
        name = simulator or "amaranth"
        available.simulator(name)
    path = files.target(out) if out else None
    picture = files.target(waves) if waves else None
    if picture and picture.suffix != simulation.waves_suffix(name):
        raise HadacastError(f"waves is {waves!r}: {name} writes {simulation.waves_suffix(name)} files")
    taken = load(data or chosen.recipe.sample, spec, tensor=tensor, frames=frames, seed=seed)
    with (
        output.job(f"simulating {len(taken.frames):,} frames of {spec.name} on {name}") as job,
        files.pending(picture, keep=True) if picture else nullcontext() as part,
    ):
        netlist = None
        if gates:
            simulation.refuse(spec)
            netlist = run_gates.netlist(AxiTop(spec), gates, job.news, placed=placed)
            job.news(f"simulating {len(taken.frames):,} frames on {sum(netlist.cells.values()):,} cells")
        result = simulation.run(
            spec,
            taken.frames,
            simulator=name,
            gaps=gaps,
            stalls=stalls,
            seed=seed,
            waves=part,
            progress=job.count,
            netlist=netlist,
        )
    written = {}
    if path and result.ok and result.outputs is not None:
        content = npy(taken.like(result.outputs), spec.output)
        written = {"file": str(Path(out or "")), "sha256": files.write(path, content)}
    document = {
        "ok": result.ok,
        "recipe": chosen.to_dict(),
        "data": taken.to_dict(),
        "simulation": result.to_dict(),
        "gates": {"family": gates, "placed": placed, "cells": dict(netlist.cells)} if netlist else None,
        "quantization": quantization.report(spec, taken.frames),
        "pictures": pictures.figures(spec, chosen.recipe.image, taken.frames),
        "outputs": written,
        "waves": waves or "",
    }
    output.emit("simulate", document)
    if not output.json:
        rows = [*facts(document["simulation"]), ("data", data_text(taken))]
        if netlist:
            when = "place and route" if placed else "synthesis"
            rows.append(("gates", f"{sum(netlist.cells.values()):,} cells of {gates}, after {when}"))
        if written:
            rows.append(("results", written["file"]))
        output.facts(spec.name, rows)
        print_pictures(output, document["pictures"])
        print_quantization(output, document["quantization"])
    if not result.ok:
        raise HadacastError(f"simulation of {spec.name}: {result.verdict}")


def print_pictures(output: Output, shown: Any) -> None:
    """How far pictures that left differ from those that entered, from `hadacast.report.pictures.figures`."""
    if shown is None or not shown["compared"]:
        return
    values = ["equal" if value is None else f"{value:.2f}" for value in shown["psnr_db_by_frame"][:SOME]]
    more = ", …" if shown["frames"] > SOME else ""
    whole = "equal" if shown["psnr_db"] is None else f"{shown['psnr_db']:.2f} dB"
    title = f"Pictures, {shown['rows']} × {shown['columns']}"
    output.facts(title, [("PSNR over all", whole), ("of each frame", ", ".join(values) + more)])


def print_quantization(output: Output, shown: Any) -> None:
    """A table for each quantizer, from `hadacast.report.quantization.report`."""
    from hadacast.report import distribution, quantization

    for stage in shown:
        both = stage["unrotated"] is not None
        rows = quantization.rows(stage)
        largest = distribution.number(stage["largest"], 4)
        rows.append(("largest magnitude at the quantizer", *([""] if both else []), largest))
        heads = ("", "un-rotated", "rotated") if both else ("", "")
        output.table(
            f"Quantizer, stage {stage['stage']}: {stage['code']}",
            heads,
            rows,
            right=(1, 2),
        )


def npy(codes: Ints, format_: Codes) -> bytes:
    """The bytes of a .npy file of codes."""
    buffer = io.BytesIO()
    np.save(buffer, narrow(codes, format_), allow_pickle=False)
    return buffer.getvalue()


def data_text(data: Data) -> str:
    """Where the data came from, in words."""
    shape = " × ".join(map(str, data.shape))
    text = f"{data.source}: {shape} {data.dtype}, {len(data.frames):,} of {data.available:,} frames"
    text += ", cut across its rows" if data.joined else ""
    return f"{text}; {data.saturated:,} values saturated" if data.saturated else text


def facts(shown: Any) -> list[tuple[str, str]]:
    """The figures of a run as names and values, from `Simulation.to_dict`."""
    free = not shown["gaps"] and not shown["stalls"]
    latency = f"{shown['latency_cycles']} clocks, {shown['latency_stated']} stated"
    return [
        ("verdict", "equal to the exact result" if shown["ok"] else "WRONG"),
        ("mismatches", f"{shown['mismatches']:,} in {shown['samples']:,} samples"),
        ("cycles", f"{shown['cycles']:,}"),
        ("latency", latency if free else f"{latency} without gaps and stalls"),
        ("beats per cycle", f"{shown['beats_per_cycle']:.4g}"),
        ("simulator", f"{shown['simulator']}, {shown['samples_per_second']:,.0f} samples/s"),
    ]
