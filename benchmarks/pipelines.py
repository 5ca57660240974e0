"""Area and clock of whole quantizing pipelines, each a recipe, on one device.

    python benchmarks/pipelines.py                          # those of RECIPES; a quarter of an hour
    python benchmarks/pipelines.py nvfp4_rht16 -d ecp5-85k  # any recipes
    python benchmarks/pipelines.py --json pipelines.json

Cells are TRELLIS_COMB (or the family's like) after place and route, LUT RAM included; clocks are of paths
between registers, out of context, the median over the placer's seeds.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.recipe import load
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize

RECIPES = ("nvfp4_rht16", "mxfp4_32", "mxfp4_128", "int4_token128")
SEEDS = (1, 2, 3)


def measure(name: str, chip: str, seeds: tuple[int, ...]) -> dict[str, object]:
    """A recipe's figures."""
    spec = load(name).pipeline
    part = device(chip)
    with tempfile.TemporaryDirectory(prefix="hadacast-pipelines-") as folder:
        result = synthesize(
            to_verilog(AxiTop(spec), part.family),
            top=module_name(spec),
            device=part,
            seeds=seeds,
            workdir=Path(folder),
            progress=lambda text: print(text, file=sys.stderr, flush=True),
        )
    return {
        "recipe": spec.name,
        "device": part.name,
        "frame": spec.frame,
        "lanes": spec.lanes,
        "latency": spec.latency,
        "logic_cells": result.logic_cells,
        "ff": result.roles["ff"],
        "block_ram": result.roles["block_ram"],
        "multiplier": result.roles["multiplier"],
        "fmax": result.fmax,
        "median_fmax": result.median_fmax,
        "critical_path": str(result.critical_path),
        "tools": result.tools,
    }


def main() -> None:
    """Measure, and show a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", nargs="*", default=RECIPES)
    parser.add_argument("-d", "--device", default="ecp5-45k")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--json", type=Path, help="where figures go")
    options = parser.parse_args()
    rows = [measure(name, options.device, tuple(options.seeds)) for name in options.recipe]
    columns = ("recipe", "frame", "lanes", "latency", "logic_cells", "ff", "block_ram", "multiplier")
    table = Table(title=options.device)
    for column in (*columns, "MHz"):
        table.add_column(column, justify="left" if column == "recipe" else "right")
    for row in rows:
        clocks = ", ".join(f"{fmax:.0f}" for fmax in row["fmax"].values())  # type: ignore[attr-defined]
        table.add_row(*(f"{row[column]}" for column in columns), f"{row['median_fmax']:.0f} ({clocks})")
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
