"""Area and clock of dense matrices on one device, each alone between AXI4-Stream ports.

    python benchmarks/rotations.py                       # those of CASES
    python benchmarks/rotations.py left64 --seeds 1      # some
    python benchmarks/rotations.py --json rotations.json

The matrices are random orthogonal ones, from a fixed seed; which one it is changes tables of coefficients and
nothing else. Each core has the frame buffer of a pipeline without a transform.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.format import Format
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.rotate import Rotate
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize

SEEDS = (1, 2, 3)
# n, stride, frame, lanes, loadable.
CASES = {
    "left64": (64, 64, 4096, 1, False),
    "right64": (64, 1, 4096, 1, False),
    "loadable64": (64, 1, 4096, 1, True),
    "right16": (16, 1, 256, 4, False),
    "left16": (16, 16, 256, 4, False),
    "right128": (128, 1, 128, 1, False),
}


def pipeline(name: str) -> Pipeline:
    """A case as a pipeline: 16-bit elements, 12-bit coefficients, results rounded to 16 bits."""
    n, stride, frame, lanes, loadable = CASES[name]
    matrix, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(n, n)))
    stage = Rotate(
        frame=frame,
        lanes=lanes,
        input=Format(width=16, fraction=10),
        matrix=matrix.tolist(),
        stride=stride,
        coefficient_width=12,
        width=16,
        fraction=10,
        loadable=loadable,
    )
    return Pipeline(name=name, stages=(stage,))


def measure(name: str, chip: str, seeds: tuple[int, ...], workdir: Path) -> dict[str, object]:
    """A case's figures."""
    spec = pipeline(name)
    part = device(chip)
    result = synthesize(
        to_verilog(AxiTop(spec), part.family),
        top=module_name(spec),
        device=part,
        seeds=seeds,
        workdir=workdir,
        progress=lambda text: print(text, file=sys.stderr, flush=True),
    )
    return {
        "case": name,
        "device": part.name,
        "frame": spec.frame,
        "lanes": spec.lanes,
        "latency": spec.stages[0].latency,
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
    parser.add_argument("case", nargs="*", default=list(CASES))
    parser.add_argument("-d", "--device", default="ecp5-85k")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--json", type=Path, help="where figures go")
    options = parser.parse_args()
    rows = []
    for name in options.case:
        with tempfile.TemporaryDirectory(prefix="hadacast-rotations-") as folder:
            rows.append(measure(name, options.device, tuple(options.seeds), Path(folder)))
    columns = ("case", "frame", "lanes", "latency", "logic_cells", "ff", "block_ram", "multiplier")
    table = Table(title=options.device)
    for column in (*columns, "MHz"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for row in rows:
        clocks = ", ".join(f"{fmax:.0f}" for fmax in row["fmax"].values())  # type: ignore[attr-defined]
        table.add_row(*(f"{row[column]}" for column in columns), f"{row['median_fmax']:.0f} ({clocks})")
    Console(width=140).print(table)
    for row in rows:
        print(row["case"], row["critical_path"])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
