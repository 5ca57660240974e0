"""Whether the netlist that goes to place and route is the core: proved, for every input, from power-on, for
ever.

The core's Verilog, as users get it, and the netlist after synthesis and after hadacast.tools.mend, each with
Yosys's models of the family's cells, stand side by side as and-inverter graphs on the same inputs, which are
free, the reset among them. All outputs must be equal in every clock. ABC merges registers and gates of both
that it proves to have the same value (signal correspondence: van Eijk, 2000), and what is left, if anything,
goes to property-directed reachability (Bradley, 2011).

What synthesis leaves undefined, an input of a cell that makes no difference, is a free input here. The
modules that stand for adders of a family (hadacast.tech) are in both; that they add is proved in their own
tests. There is no model of ECP5's block RAM and multiplier, and a memory that reads while it writes is not
the same in RTL and in an iCE40 or Gowin block RAM: configurations here keep what they delay in flip-flops or
LUT RAM."""

import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.prove import abc
from hadacast.prove.aig import Builder, Circuit
from hadacast.prove.cells import CELLS
from hadacast.recipe import load
from hadacast.spec.pipeline import Pipeline
from hadacast.synth import devices, netlist
from hadacast.synth.mapping import map_core
from hadacast.tools import mend, yosys
from hadacast.tools.nets import Netlist

ENGINE = "abc: scorr, bmc3, pdr"

RAW_ALU = resources.files("hadacast.synth") / "models" / "alu_raw.v"
"""A Gowin ALU whose table is given, as hadacast.tools.gowin_alu leaves it."""

GRAPH = """\
proc
flatten
opt
memory
opt
techmap
opt
dffunmap
setundef -anyseq
setundef -zero -init
simplemap
aigmap
opt_merge
opt_clean
write_aiger -ascii -symbols -zinit graph.aag
"""

Fault = Callable[[Netlist], None]
"""Something done to a mended netlist, to see that the proof then fails."""


@dataclass(frozen=True)
class Result:
    """What became of a proof.

    verdict: proved, refuted, or open where the time was not enough. cells: of the netlist, without what only
    describes it. registers: bits of state in the core's Verilog, and in the netlist."""

    name: str
    family: str
    verdict: str
    engine: str
    cells: int
    registers: tuple[int, int]
    seconds: float


@dataclass(frozen=True)
class Configuration:
    """A core on a device: a recipe with overrides."""

    device: str
    recipe: str
    overrides: tuple[str, ...]

    @property
    def family(self) -> str:
        """The device's."""
        return devices.device(self.device).family

    @property
    def name(self) -> str:
        """What it is, in words that are a file name too."""
        short = [text.rpartition(".")[2].replace("=", "-") for text in self.overrides]
        return "_".join([self.family, self.recipe, *short])

    @property
    def pipeline(self) -> Pipeline:
        """The core."""
        return load(self.recipe, self.overrides).pipeline

    def prove(self, timeout: float = 120, fault: Fault | None = None) -> Result:
        """Synthesize, mend, and prove the netlist equal to the core, with `timeout` seconds for ABC.

        Raises HadacastError with what a tool says, and for cells that have no model here.
        """
        began = time.monotonic()
        device = devices.device(self.device)
        spec = self.pipeline
        top = module_name(spec)
        with tempfile.TemporaryDirectory(prefix="hadacast-equivalence-") as folder:
            work = Path(folder)
            text = to_verilog(AxiTop(spec), device.family)
            mapped = map_core(text, top=top, device=device, workdir=work, timeout=1200)
            module = deepcopy(mapped.module)
            mend.MENDS.get(device.family, lambda _: None)(module)
            if fault:
                fault(module)
            core = graph(work, device.family, top, "read_verilog core.v")
            (work / "mended.json").write_text(netlist.text(_readable(module), top))
            (work / "raw_alu.v").write_text(RAW_ALU.read_text(encoding="utf-8"))
            found = graph(work, device.family, top, "read_verilog raw_alu.v\nread_json mended.json")
        verdict = abc.prove(pair(core, found), timeout)
        return Result(
            name=self.name,
            family=device.family,
            verdict=verdict,
            engine=ENGINE,
            cells=sum(count for kind, count in netlist.cells(module).items() if kind != "$scopeinfo"),
            registers=(len(core.latches), len(found.latches)),
            seconds=round(time.monotonic() - began, 1),
        )


def graph(work: Path, family: str, top: str, read: str) -> Circuit:
    """A design as an and-inverter graph; `read` is the command that reads it."""
    yosys.run(f"{CELLS[family]}\n{read}\nhierarchy -check -top {top}\n{GRAPH}", cwd=work, timeout=1200)
    return Circuit.read((work / "graph.aag").read_text())


def pair(core: Circuit, found: Circuit) -> bytes:
    """AIGER whose output is 1 where the two differ in any output."""
    if core.outputs.keys() != found.outputs.keys():
        raise HadacastError("the netlist's outputs are not those of the core")
    new = Builder()
    shared = {name: new.input() for name in core.inputs}
    sides = []
    for circuit in (core, found):
        first = len(new.latches)
        inputs = {literal: shared.get(name) or new.input() for name, literal in circuit.inputs.items()}
        place = new.copy(circuit, inputs | {literal: new.latch() for literal, _ in circuit.latches})
        for index, (_, after) in enumerate(circuit.latches, first):
            new.close(index, place[after & ~1] ^ (after & 1))
        sides.append({name: place[literal & ~1] ^ (literal & 1) for name, literal in circuit.outputs.items()})
    return new.write(new.any([new.differ(sides[0][name], sides[1][name]) for name in sides[0]]))


def _readable(module: Netlist) -> Netlist:
    """The netlist without outputs that go nowhere, and with a name of their own for ALUs with a table."""
    module = deepcopy(module)
    for cell in module["cells"].values():
        pins: dict[str, Any] = cell["connections"]
        for pin, direction in cell["port_directions"].items():
            if direction == "output" and any(isinstance(bit, str) for bit in pins.get(pin, ())):
                pins[pin] = []
        if "RAW_ALU_LUT" in cell["parameters"]:
            cell["type"] = "ALU_RAW"
    return module


_DEVICES = {"ecp5": "ecp5-25k", "ice40": "ice40-hx8k", "gowin": "gw1nr-9c"}

_FF = "stage.fwht.storage=ff"


def _small(frame: int, lanes: int, width: int, *more: str) -> tuple[str, tuple[str, ...]]:
    sizes = (f"stream.frame={frame}", f"stream.lanes={lanes}", f"input.width={width}", "input.fraction=0")
    return "rotate128", (*sizes, *(more or (_FF,)))


# Small ones in each family; on ECP5 some as large as users have them too.
_CORES = (
    _small(4, 1, 4),
    _small(8, 8, 6),
    _small(16, 2, 8),
    _small(16, 4, 6),
    _small(32, 4, 4, _FF, "stage.fwht.registers=2"),
    ("rht16", ("stream.lanes=4", "input.width=6", "input.fraction=0", _FF)),
)
_LARGER = (
    ("rotate128", ("stream.frame=16", "stream.lanes=4", _FF)),
    ("rotate128", ("stream.frame=16", "stream.lanes=16", _FF)),
    ("rotate128", ("stream.frame=32", "stream.lanes=4", _FF, "stage.fwht.registers=2")),
    ("rht16", ("stream.lanes=4", _FF)),
)
_MORE = {"ecp5": _LARGER, "ice40": (), "gowin": ()}


def equivalences() -> list[Configuration]:
    """The configurations that are proved, by family, the smallest first."""
    return [
        Configuration(device, recipe, overrides)
        for family, device in _DEVICES.items()
        for recipe, overrides in (*_CORES, *_MORE[family])
    ]
