"""A synthesized core as a simulator takes it: the netlist for place and route, with models of its cells.

The models are Yosys's own where there are any, else those of the folder `models`, written after the makers'
documents. Registers and memories wake in any state.
"""

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth.devices import device
from hadacast.synth.mapping import map_core
from hadacast.synth.store import Store
from hadacast.tools import mend, nets, process, yosys
from hadacast.tools.nets import Netlist

DEVICES: Mapping[str, str] = {"ice40": "ice40-hx8k", "ecp5": "ecp5-85k", "gowin": "gw1nr-9c"}
"""The device that a family's netlists are made for."""

MODELS: Mapping[str, str] = {
    "ice40": "read_verilog -defer -D NO_ICE40_DEFAULT_ASSIGNMENTS -D ICE40_HX +/ice40/cells_sim.v",
    # Where a file and the next have a module both, the first is taken.
    "ecp5": "read_verilog -defer -D NO_INCLUDES +/lattice/common_sim.vh +/lattice/ccu2c_sim.vh\n"
    "read_verilog -defer -D NO_INCLUDES -nooverwrite +/lattice/cells_sim_ecp5.v",
    "gowin": "read_verilog -defer -nooverwrite +/gowin/cells_sim.v",
}

_TWO_PORTS = ("BIT_WIDTH_0", "BIT_WIDTH_1", "READ_MODE0", "READ_MODE1", "WRITE_MODE0", "WRITE_MODE1")

OWN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ice40": {
        "ICESTORM_LC": ("LUT_INIT", "CARRY_ENABLE", "DFF_ENABLE", "SET_NORESET", "CIN_CONST", "CIN_SET"),
    },
    "ecp5": {
        "DP16KD": ("DATA_WIDTH_A", "DATA_WIDTH_B", "REGMODE_A", "REGMODE_B", "WRITEMODE_A", "WRITEMODE_B"),
        "TRELLIS_COMB": ("MODE", "CCU2_INJECT1", "WREMUX", "IS_Z1", "INITVAL"),
        "TRELLIS_RAMW": (),
        "MULT18X18D": ("REG_INPUTA_CLK", "REG_INPUTB_CLK", "REG_PIPELINE_CLK", "REG_OUTPUT_CLK"),
    },
    "gowin": {
        "ALU_RAW": ("RAW_ALU_LUT",),
        "SDPB": ("BIT_WIDTH_0", "BIT_WIDTH_1", "READ_MODE"),
        "SDPX9B": ("BIT_WIDTH_0", "BIT_WIDTH_1", "READ_MODE"),
        "DPB": _TWO_PORTS,
        "DPX9B": _TWO_PORTS,
    },
}
"""Cells of which the models are ours, and the parameters that those know."""

FILES: Mapping[str, tuple[str, ...]] = {
    "ice40": ("icestorm_lc.v",),
    "ecp5": ("dp16kd.v", "mult18x18d.v", "trellis_comb.v"),
    "gowin": ("alu_raw.v", "gowin_ram.v"),
}


@dataclass(frozen=True, kw_only=True)
class Gates:
    """A netlist with models of its cells.

    Members
    -------
    family: ice40, ecp5 or gowin. cells: how many of each kind, before the models.
    rtlil: all of it in one module, `top`. verilog: the same.
    """

    family: str
    cells: Mapping[str, int]
    rtlil: str
    verilog: str


def synthesized(
    verilog: str,
    *,
    top: str,
    family: str,
    workdir: Path,
    progress: process.Progress = process.silent,
    store: Store | None = None,
) -> Netlist:
    """The netlist of a core that place and route gets: Yosys's, mended.

    Raises HadacastError as map_core does, and for an unknown family.
    """
    if family not in DEVICES:
        raise HadacastError(f"no gates of {family!r}: it must be one of {', '.join(DEVICES)}")
    core = map_core(
        verilog, top=top, device=device(DEVICES[family]), workdir=workdir, progress=progress, store=store
    )
    if family in mend.MENDS:
        mend.MENDS[family](core.module)
    return core.module


def modelled(module: Netlist, family: str, workdir: Path) -> Gates:
    """A netlist with models of its cells. Raises HadacastError for a cell that has none, and for a block RAM
    that doesn't begin empty."""
    known = OWN.get(family, {})
    prepared = _prepared(module, known)
    kinds = sorted({cell["type"] for cell in prepared["cells"].values()} & set(known))
    files = []
    for name in FILES.get(family, ()):
        text = resources.files("hadacast.synth").joinpath("models", name).read_text(encoding="utf-8")
        (workdir / name).write_text(text, encoding="utf-8")
        files.append(f"read_verilog -defer -overwrite {name}")
    (workdir / "gates.json").write_text(json.dumps({"modules": {"top": prepared}}), encoding="utf-8")
    script = f"""
        read_json gates.json
        {MODELS[family]}
        {chr(10).join(files) if kinds else ""}
        hierarchy -check -top top
        proc
        flatten
        setattr -unset init w:*
        opt -full
        memory_collect
        opt_mem
        opt_clean -purge
        write_rtlil gates.il
        write_verilog -noattr gates.v
    """
    yosys.run(script, cwd=workdir)
    counts: dict[str, int] = {}
    for cell in module["cells"].values():
        if not cell["type"].startswith("$"):
            counts[cell["type"]] = counts.get(cell["type"], 0) + 1
    return Gates(
        family=family,
        cells=dict(sorted(counts.items())),
        rtlil=(workdir / "gates.il").read_text(encoding="utf-8"),
        verilog=(workdir / "gates.v").read_text(encoding="utf-8"),
    )


def _prepared(module: Netlist, known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """A copy that models fit: their kinds and parameters, a net for an output that is open, and for an
    input that is, a constant at random: its value makes no difference."""
    result: dict[str, Any] = copy.deepcopy(dict(module))
    free, chance = nets.free(result), random.Random(0)
    for name, cell in result["cells"].items():
        if "RAW_ALU_LUT" in cell["parameters"]:
            cell["type"] = "ALU_RAW"
        for pin, bits in cell["connections"].items():
            for index, bit in enumerate(bits):
                if bit == "x" and cell["port_directions"].get(pin) == "output":
                    bits[index] = free
                    free += 1
                elif bit == "x":
                    bits[index] = chance.choice("01")
        if cell["type"] in known:
            for parameter, value in cell["parameters"].items():
                if parameter.startswith(("INITVAL_", "INIT_RAM")) and "1" in str(value):
                    raise HadacastError(f"{cell['type']} {name} doesn't begin empty: its model does")
            kept = known[cell["type"]]
            cell["parameters"] = {key: value for key, value in cell["parameters"].items() if key in kept}
    return result
