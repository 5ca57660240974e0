"""Where the logic cells of a recipe go: its ECP5 netlist by stage and part, without place and route.

    python benchmarks/account.py nvfp4_rht16              # by stage and part
    python benchmarks/account.py int4_token128 --depth 1  # by stage
    python benchmarks/account.py nvfp4_rht16 --depth 4

The sum is that of TRELLIS_COMB after place and route, but for a few cells. Half a minute for a recipe.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.recipe import load
from hadacast.synth import netlist
from hadacast.synth.account import BLOCK_RAM, FLIPFLOP, MULTIPLIER, Part, account
from hadacast.synth.devices import device
from hadacast.tools import mend, yosys

CHIP = device("ecp5-45k")


def synthesized(recipe: str) -> netlist.Netlist:
    """The netlist of a recipe's core, as place and route gets it."""
    spec = load(recipe).pipeline
    with tempfile.TemporaryDirectory(prefix="hadacast-account-") as folder:
        work = Path(folder)
        (work / "core.v").write_text(to_verilog(AxiTop(spec), CHIP.family), encoding="utf-8")
        flow, top = CHIP.flow, module_name(spec)
        yosys.run(f"read_verilog core.v\n{flow.synth} {flow.abc9} -top {top} -json netlist.json", cwd=work)
        core = netlist.load(work / "netlist.json", top)
    mend.MENDS[CHIP.family](core)
    return core


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--depth", type=int, default=2, help="names of a part below the core; default 2")
    arguments = parser.parse_args()
    parts = account(synthesized(arguments.recipe), arguments.depth)
    total = Part(sum((part.kinds for part in parts.values()), Counter()))
    table = Table("part", *("logic cells", "LUT4", "CCU2C", "LUT RAM", "flip-flops", "block RAM", "DSP"))
    for name, part in [*parts.items(), ("all", total)]:
        kinds = ("LUT4", "CCU2C", "TRELLIS_DPR16X4", FLIPFLOP, BLOCK_RAM, MULTIPLIER)
        table.add_row(name, f"{part.logic_cells:,}", *(f"{part.kinds[kind]:,}" for kind in kinds))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
