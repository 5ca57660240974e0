"""Mapping a core to standard cells with Yosys and ABC.

Stages keep their boundaries, so that area and power can be told apart by stage; within a stage all is one.
Memories become flip-flops, for there is no RAM compiler, in modules of their own. Registers lose their
initial values: a chip wakes up in any state, and its reset has to do.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hadacast.errors import HadacastError
from hadacast.synth.cells.analysis import LOAD_PINS
from hadacast.synth.cells.flat import STORAGE, Flat, flatten
from hadacast.synth.cells.liberty import Library, text_of
from hadacast.tools import process, yosys

LIBERTY = "cells.lib"
"""What the library's file is called in the working folder."""

MAX_STORAGE_BITS = 1 << 15
"""More bits of memory in flip-flops than anyone would build; mapping them takes minutes."""


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """A core in standard cells.

    Members
    -------
    flat: the netlist. storage_bits: bits of memories, now flip-flops.
    abc_ns: ABC's own delay of the slowest stage's logic between registers, in ns, without the registers.
    """

    flat: Flat
    storage_bits: int
    abc_ns: float


def map_cells(
    verilog: str,
    *,
    top: str,
    liberty: Path,
    library: Library,
    period: float,
    workdir: Path,
    progress: Callable[[str], None] = process.silent,
    timeout: float | None = None,
) -> Mapped:
    """Map a core to the cells of a Liberty file.

    Args:
        verilog: the core's text of the generic family; its stages are the modules `<top>.core.<stage>`.
        top: the module.
        liberty, library: the file, and what `liberty.read` found in it.
        period: the clock period in ns that mapping aims at.
        workdir: made if missing; keeps the netlists and logs.
        progress: told one line at each step.
        timeout: seconds for each run of Yosys.

    Raises:
        HadacastError: Yosys failed, or the core holds more than MAX_STORAGE_BITS of memory.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "core.v").write_text(verilog, encoding="utf-8")
        (workdir / "constraints.sdc").write_text(constraints(library), encoding="utf-8")
        # A copy: no path of a user's gets into a script, and none of the tools reads gzip.
        (workdir / LIBERTY).write_text(text_of(liberty), encoding="utf-8")
    except OSError as error:
        raise HadacastError(f"can't write in {str(workdir)!r}: {error.strerror}") from None
    stages = stage_modules(verilog, top)
    progress(f"synthesizing {top}")
    keep = [f"setattr -mod -set keep_hierarchy 1 {name}" for name in stages]
    yosys.run(
        "\n".join(
            [
                "read_verilog core.v",
                *keep,
                f"synth -flatten -top {top} -run begin:fine",
                "write_json coarse.json",
                "write_rtlil coarse.il",
            ]
        ),
        cwd=workdir,
        log=workdir / "synth.log",
        timeout=timeout,
    )
    memories = _memories(workdir / "coarse.json")
    bits = sum(memories.values())
    if bits > MAX_STORAGE_BITS:
        raise HadacastError(
            f"{top} holds {bits:,} bits of memory, which become flip-flops here: at most {MAX_STORAGE_BITS:,}"
        )
    progress(f"mapping {top}, {bits:,} bits of memory in flip-flops")
    unwanted = " ".join(f"-dont_use {c.name}" for c in library.cells.values() if c.dont_use)
    script = ["read_rtlil coarse.il"]
    for module in memories:
        script += [
            f"cd {module}",
            f"submod -name {module}.{STORAGE} t:$mem_v2 r:WR_PORTS>0 %i",
            "cd",
            f"setattr -mod -set keep_hierarchy 1 {module}.{STORAGE}",
        ]
    script += [
        f"synth -noabc -top {top} -run fine:check",
        "setattr -unset init w:*",
        "setundef -zero",
        f"dfflibmap -liberty cells.lib {unwanted}",
        "opt",
        f"abc -liberty cells.lib -constr constraints.sdc -D {round(1000 * period)} {unwanted}",
        "opt_clean -purge",
        "write_json netlist.json",
    ]
    log = yosys.run("\n".join(script), cwd=workdir, log=workdir / "map.log", timeout=timeout)
    modules = json.loads((workdir / "netlist.json").read_text(encoding="utf-8"))["modules"]
    delays = [float(text) for text in re.findall(r"ABC:.*Delay\s*=\s*([\d.]+)\s*ps", log)]
    return Mapped(
        flat=flatten(modules, top, library), storage_bits=bits, abc_ns=round(max(delays, default=0) / 1000, 3)
    )


def constraints(library: Library) -> str:
    """What ABC is told of the world outside: without it, it neither buffers nor sizes anything."""
    driver = library.driver
    load = LOAD_PINS * next(iter(driver.inputs.values())) * 1e15
    return f"set_driving_cell {driver.name}\nset_load {load:.3f} [all_outputs]\n"


def stage_modules(verilog: str, top: str) -> list[str]:
    """The modules directly under `<top>.core`: the framer, buffers and stages."""
    names = re.findall(r"^module \\?(\S+)", verilog, re.MULTILINE)
    return [
        name
        for name in names
        if re.fullmatch(rf"{re.escape(top)}\.core\.(?:copy_\d+\.)?(?!copy_\d+$)[^.]+", name)
    ]


def _memories(path: Path) -> dict[str, int]:
    """Bits of writable memory in each module that has some."""
    result: dict[str, int] = {}
    for name, module in json.loads(path.read_text(encoding="utf-8"))["modules"].items():
        for cell in module["cells"].values():
            if cell["type"] == "$mem_v2" and int(cell["parameters"]["WR_PORTS"], 2):
                size = int(cell["parameters"]["SIZE"], 2) * int(cell["parameters"]["WIDTH"], 2)
                result[name] = result.get(name, 0) + size
    return result
