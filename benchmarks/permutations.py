"""Area and clock of single permuting stages, out of context, without framer and frame buffer.

python benchmarks/permutations.py               # all of STAGES; ten minutes
python benchmarks/permutations.py 0 2 --seeds 1 # some, by their number, quickly
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import ClockDomain, Module
from rich.console import Console
from rich.table import Table

from hadacast.core.pipeline import COMPONENTS
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.spec.order import Order
from hadacast.spec.permute import Permute
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.scatter import Scatter
from hadacast.spec.stage import Stage
from hadacast.synth.devices import device
from hadacast.synth.ooc import synthesize

_RANDOM = np.random.default_rng(1)

STAGES: tuple[tuple[str, Stage], ...] = (
    ("order, natural to dyadic", Order(frame=1024, lanes=4, after="dyadic")),
    ("order, natural to sequency", Order(frame=4096, lanes=8)),
    ("order, dyadic to sequency", Order(frame=1024, lanes=4, before="dyadic")),
    ("permute, XOR-address", Permute(frame=1024, lanes=8, rule="xor", mask=0x2A5)),
    ("permute, reversed", Permute(frame=1024, lanes=4, rule="reverse")),
    ("permute, transposed 32 × 32", Permute(frame=1024, lanes=4, rule="transpose", rows=32)),
    ("permute, any", Permute(frame=1024, lanes=8, table=tuple(_RANDOM.permutation(1024).tolist()))),
    ("permute, any 40 × 128", Permute(frame=5120, lanes=8, rule="transpose", rows=40)),
    (
        "permute, any whole beats",
        Permute(frame=512, lanes=8, unit=8, table=tuple(_RANDOM.permutation(64).tolist())),
    ),
    (
        "scatter, 256 of 4,096",
        Scatter(frame=4096, lanes=8, places=tuple(_RANDOM.permutation(4096)[:256].tolist())),
    ),
)


class StageTop(AxiTop):
    """One stage between the ports of an AxiTop."""

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        (stage,) = self.spec.stages
        m.domains.sync = domain = ClockDomain(local=True)
        core = m.submodules.core = COMPONENTS[stage.kind](stage)
        m.d.comb += [
            domain.clk.eq(self.aclk),
            domain.rst.eq(~self.aresetn),
            core.i.p.data.eq(self.s_axis_tdata),
            core.i.p.last.eq(self.s_axis_tlast),
            core.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(core.i.ready),
            self.m_axis_tdata.eq(core.o.p.data),
            self.m_axis_tlast.eq(core.o.p.last),
            self.m_axis_tuser.eq(core.o.p.mark),
            self.m_axis_tvalid.eq(core.o.valid),
            core.o.ready.eq(self.m_axis_tready),
        ]
        return m


def main() -> None:
    """Measure, and show a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", nargs="*", type=int, default=range(len(STAGES)))
    parser.add_argument("-d", "--device", default="ecp5-45k")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    options = parser.parse_args()
    part = device(options.device)
    columns = ("stage", "N", "P", "words", "latency", "TRELLIS_COMB", "ff", "block_ram", "MHz")
    table = Table(title=part.name)
    for column in columns:
        table.add_column(column, justify="left" if column == "stage" else "right")
    for number in options.stage:
        name, stage = STAGES[number]
        spec = Pipeline(name="stage", stages=(stage,))
        with tempfile.TemporaryDirectory(prefix="hadacast-permutations-") as folder:
            result = synthesize(
                to_verilog(StageTop(spec), part.family),
                top=module_name(spec),
                device=part,
                seeds=tuple(options.seeds),
                workdir=Path(folder),
                progress=lambda text: print(text, file=sys.stderr, flush=True),
            )
        figures: list[Any] = [stage.frame, stage.lanes, stage.memory, stage.latency, result.logic_cells]
        figures += [result.roles["ff"], result.roles["block_ram"], f"{result.median_fmax:.0f}"]
        table.add_row(name, *map(str, figures))
        print(name, *figures, result.critical_path, file=sys.stderr, flush=True)
    Console().print(table)


if __name__ == "__main__":
    main()
