"""`hadacast generate`: Verilog."""

import sys
from pathlib import Path
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("generate")
@with_recipe()
@click.option(
    "--out", "-o", metavar="FILE", default=None, help="The Verilog file; - is stdout. Default: MODULE.v"
)
@click.option(
    "--family",
    default="generic",
    show_default=True,
    help="Primitives: generic, ecp5, ice40, gowin, xilinx7.",
)
@click.option(
    "--header", metavar="FILE", default=None, help="Write the register map as a C header too, for settings."
)
@with_output
def generate(output: Output, chosen: Chosen, out: str | None, family: str, header: str | None) -> None:
    """Write the core as Verilog. The same recipe gives the same bytes."""
    from hadacast.c_header import c_header
    from hadacast.core.top import AxiTop
    from hadacast.core.verilog import module_name, to_verilog
    from hadacast.tech import family as families

    spec = chosen.pipeline
    families.get(family)
    if out == "-" and output.json:
        raise HadacastError("out is '-': with --json, stdout carries the JSON document; name a file")
    if header is not None and not spec.registers.places:
        raise HadacastError(f"header is {header!r}: {spec.name} has no settings; loadable = true makes them")
    header_path = None if header is None else files.target(header)
    path = None if out == "-" else files.target(out or f"{module_name(spec)}.v")
    with output.job(f"generating Verilog of {spec.name}"):
        text = to_verilog(AxiTop(spec), family)
    if header_path is not None:
        files.write(header_path, c_header(spec.name, spec.registers))
    if path is None:
        sys.stdout.write(text)
        return
    sha256 = files.write(path, text)
    document: dict[str, Any] = {
        "recipe": chosen.to_dict(),
        "file": str(Path(out) if out else path.name),
        "bytes": len(text.encode()),
        "sha256": sha256,
        "module": module_name(spec),
        "family": family,
        "latency_cycles": spec.latency,
        "header": header,
        "settings": {place.name: place.address for place in spec.registers.places},
    }
    output.emit("generate", document)
    if not output.json:
        output.facts(
            spec.name,
            [
                ("file", document["file"]),
                ("module", document["module"]),
                ("family", family),
                ("size", f"{text.count(chr(10)):,} lines, {document['bytes']:,} bytes"),
                ("sha256", sha256),
                *([("header", header)] if header else []),
                *((place.name, f"settings at {place.address:#x}") for place in spec.registers.places),
            ],
        )
