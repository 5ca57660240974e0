"""Area and clock of dense matrices on one device, each alone between AXI4-Stream ports.

    python benchmarks/rotations.py                       # those of CASES
    python benchmarks/rotations.py left64 --seeds 1      # some
    python benchmarks/rotations.py --json rotations.json

The matrices are random orthogonal ones, from a fixed seed; which one it is changes tables of coefficients and
nothing else. A core is the stage alone, without the frame buffer that a pipeline without a transform has.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Cat, ClockDomain, Module, Value
from amaranth.lib.wiring import Component
from rich.console import Console
from rich.table import Table

from hadacast.core.pipeline import COMPONENTS
from hadacast.core.top import lane_bits, ports
from hadacast.core.verilog import module_name, to_verilog
from hadacast.format import Format
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.rotate import Rotate
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize

SEEDS = (1, 2, 3)


class StageTop(Component):
    """The component of a pipeline's only stage between the ports of an AxiTop."""

    def __init__(self, spec: Pipeline):
        self.spec = spec
        super().__init__(ports(spec))

    def elaborate(self, platform: Any) -> Module:
        """One stage; frames are taken to be whole."""
        m = Module()
        m.domains.sync = domain = ClockDomain(local=True)
        stage = m.submodules.stage = COMPONENTS[self.spec.stages[0].kind](self.spec.stages[0])
        m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(~self.aresetn)]
        bits = lane_bits(self.spec.input), lane_bits(self.spec.output)
        for lane in range(self.spec.lanes):
            m.d.comb += [
                stage.i.p.data[lane].eq(self.s_axis_tdata.word_select(lane, bits[0])),
                self.m_axis_tdata.word_select(lane, bits[1]).eq(stage.o.p.data[lane]),
            ]
        m.d.comb += [
            stage.i.valid.eq(self.s_axis_tvalid),
            stage.i.p.last.eq(self.s_axis_tlast),
            self.s_axis_tready.eq(stage.i.ready),
            self.m_axis_tvalid.eq(stage.o.valid),
            self.m_axis_tlast.eq(stage.o.p.last),
            self.m_axis_tuser.eq(stage.o.p.mark),
            stage.o.ready.eq(self.m_axis_tready),
        ]
        if self.spec.stages[0].loadable:  # type: ignore[attr-defined]
            # A pretended register map, so that the write port stays.
            word = Cat(self.s_axis_tdata, self.s_axis_tdata)
            m.d.sync += [stage.write.eq(self.s_axis_tlast), Value.cast(stage.coefficient).eq(word)]
        return m


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
        to_verilog(StageTop(spec), part.family),  # type: ignore[arg-type]
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
