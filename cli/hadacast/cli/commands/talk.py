"""`hadacast talk`: a board that holds the bitstream, against the exact result."""

import time
from pathlib import Path

import click
import numpy as np

from hadacast.cli import files
from hadacast.cli.commands.simulate import data_text, npy
from hadacast.cli.console import Output
from hadacast.cli.data import load
from hadacast.cli.options import Chosen, with_data, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("talk")
@click.argument("port")
@with_recipe()
@with_data
@click.option("--baud", type=int, default=1_000_000, show_default=True, help="Of the board's UART.")
@click.option("--out", "-o", metavar="FILE", default=None, help="Write the results to this .npy file.")
@with_output
def talk(
    output: Output,
    port: str,
    chosen: Chosen,
    data: str | None,
    tensor: str | None,
    frames: int | None,
    seed: int,
    baud: int,
    out: str | None,
) -> None:
    """Send data through a board on serial PORT and hold the results against the exact ones.

    The board must hold the bitstream of the same recipe, overrides included.
    """
    from hadacast.talk.client import Client

    spec = chosen.pipeline
    path = files.target(out) if out else None
    taken = load(data or chosen.recipe.sample, spec, tensor=tensor, frames=frames, seed=seed)
    right = spec.compute(taken.frames)
    with Client.open(port, spec, baud=baud) as client:
        client.connect()
        began = time.monotonic()
        with output.job(f"sending {len(taken.frames):,} frames to {port}") as job:
            results = client.transform(taken.frames, progress=job.count)
        seconds = time.monotonic() - began
        retries = client.retries
    wrong = results != right
    mismatches = int(wrong.sum())
    written = {}
    if path and not mismatches:
        content = npy(taken.like(results), spec.output)
        written = {"file": str(Path(out or "")), "sha256": files.write(path, content)}
    document = {
        "ok": not mismatches,
        "recipe": chosen.to_dict(),
        "data": taken.to_dict(),
        "port": port,
        "baud": baud,
        "frames": len(results),
        "samples": results.size,
        "mismatches": mismatches,
        "retries": retries,
        "seconds": round(seconds, 3),
        "samples_per_second": round(results.size / seconds, 1) if seconds else 0.0,
        "outputs": written,
    }
    output.emit("talk", document)
    if not output.json:
        output.facts(
            f"{spec.name} on {port}",
            [
                ("verdict", "WRONG" if mismatches else "equal to the exact result"),
                ("mismatches", f"{mismatches:,} in {results.size:,} samples"),
                ("retries", f"{retries:,}"),
                ("rate", f"{document['samples_per_second']:,.0f} samples/s over the UART"),
                ("data", data_text(taken)),
            ],
        )
    if mismatches:
        frame, element = np.argwhere(wrong)[0].tolist()
        raise HadacastError(
            f"board on {port!r}: {mismatches:,} mismatches in {results.size:,} samples; first: frame {frame},"
            f" element {element}: {results[frame, element]} came back, {right[frame, element]} is right"
        )
