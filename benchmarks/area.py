"""Area and clock of the transform beside SGen's, on the same devices with the same tools and options.

`sgen.csv` holds figures measured of SGen's streaming WHT cores (its last Scala 2 commit, November 2020;
`-hw signed <w_in + n> -dualport`, so that its result is full precision too): n = log2 N, k = log2 lanes,
logic cells after place and route, clocks as medians over the placer's seeds. SGen has no stall and needs
frames whole; the figures of hadacast include its stream handshake and its check of TLAST.

    python benchmarks/area.py                  # all; an hour or so
    python benchmarks/area.py --only ecp5,6,2  # one: family, log2 N, log2 lanes
    python benchmarks/area.py --json figures.json
"""

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.format import Format
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize

DEVICES = {"ecp5": "ecp5-85k", "ice40": "ice40-hx8k"}
SEEDS = {"ecp5": (1, 2, 3), "ice40": (1, 2)}


def measure(peer: dict[str, str]) -> dict[str, object]:
    """Our core of the same size, lanes and input width, beside the peer's figures."""
    family, n, k, width = peer["family"], int(peer["n"]), int(peer["k"]), int(peer["w_in"])
    fwht = Fwht(frame=1 << n, lanes=1 << k, input=Format(width=width))
    spec = Pipeline(name="area", stages=(fwht,))
    chip = device(DEVICES[family])
    with tempfile.TemporaryDirectory(prefix="hadacast-area-") as folder:
        result = synthesize(
            to_verilog(AxiTop(spec), family),
            top=module_name(spec),
            device=chip,
            seeds=SEEDS[family],
            workdir=Path(folder),
            progress=lambda text: print(text, file=sys.stderr, flush=True),
        )
    return {
        "device": chip.name,
        "frame": spec.frame,
        "lanes": spec.lanes,
        "width": width,
        "latency": spec.latency,
        "logic_cells": result.logic_cells,
        "ff": result.roles["ff"],
        "block_ram": result.roles["block_ram"],
        "fmax": result.fmax,
        "median_fmax": result.median_fmax,
        "tools": result.tools,
        "sgen": peer,
    }


def table(rows: list[dict[str, object]]) -> Table:
    """The figures, ours beside theirs."""
    result = Table(title="hadacast / SGen")
    for column in ("device", "N", "P", "bits", "logic cells", "ratio", "MHz", "latency", "block RAMs"):
        result.add_column(column, justify="left" if column == "device" else "right")
    for row in rows:
        peer = row["sgen"]
        assert isinstance(peer, dict)
        result.add_row(
            str(row["device"]),
            *(str(row[key]) for key in ("frame", "lanes", "width")),
            f"{row['logic_cells']} / {peer['logic_cells']}",
            f"{row['logic_cells'] / float(peer['logic_cells']):.2f}",  # type: ignore[operator]
            f"{row['median_fmax']:.0f} / {float(peer['fmax_mhz_median']):.0f}",
            f"{row['latency']} / {peer['latency_cycles']}",
            f"{row['block_ram']} / {peer['bram']}",
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", metavar="FAMILY,N,K", help="one configuration, its logarithms")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, as they come")
    arguments = parser.parse_args()
    with Path(__file__).with_name("sgen.csv").open() as file:
        peers = list(csv.DictReader(file))
    if arguments.only:
        peers = [p for p in peers if [p["family"], p["n"], p["k"]] == arguments.only.split(",")]
        if not peers:
            parser.error(f"--only {arguments.only}: no such line in sgen.csv")
    rows: list[dict[str, object]] = []
    for peer in peers:
        rows.append(measure(peer))
        if arguments.json:
            arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    Console().print(table(rows))


if __name__ == "__main__":
    main()
