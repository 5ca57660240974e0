"""The first step of a measurement: a core mapped to a device's cells by Yosys, and counted.

Yosys does the same each time, so these figures are deterministic; a clock wants place and route.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth import netlist
from hadacast.synth.devices import Device
from hadacast.synth.store import Store, kept
from hadacast.tools import process, yosys


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """A core in cells of a device, not placed.

    Attributes:
        top, device: the module and the device's name.
        module: the netlist, as Yosys wrote it.
        cells: cells by kind, such as LUT4, CCU2C, TRELLIS_FF.
        roles: the same by role (lut, carry, ff, lut_ram, block_ram, …), alike for every family.
        logic_cells: LUT sites that place and route will about take; see `netlist.estimate`.
        tools: versions.
    """

    top: str
    device: str
    module: netlist.Netlist
    cells: dict[str, int]
    roles: dict[str, int]
    logic_cells: int
    tools: dict[str, str]


def map_core(
    verilog: str,
    *,
    top: str,
    device: Device,
    workdir: Path,
    progress: process.Progress = process.silent,
    abc9: bool = True,
    timeout: float | None = None,
    store: Store | None = None,
) -> Mapped:
    """Map a core to a device's cells.

    Args:
        verilog: the core's text; its clock is the input `aclk`.
        top: the module.
        device: from `hadacast.synth.devices`.
        workdir: made if missing; keeps the core, and the netlist and the log if Yosys ran.
        progress: told one line.
        abc9: delay-aware mapping (on Gowin Yosys decides).
        timeout: seconds allowed to Yosys.
        store: where to look for the netlist first, and to keep it.

    Raises:
        HadacastError: a bad argument, missing pyosys, Yosys's error, or no time left.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", top):
        raise HadacastError(f"top {top!r} must be a Verilog module's name: letters, digits and _")
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "core.v").write_text(verilog, encoding="utf-8")
    except OSError as error:
        raise HadacastError(f"can't write in workdir {str(workdir)!r}: {error.strerror}") from None
    flow = device.flow
    options = [flow.synth, device.synth, flow.abc9 if abc9 else ""]
    script = f"read_verilog core.v\n{' '.join(filter(None, options))} -top {top} -json netlist.json"

    def make() -> Any:
        progress(f"synthesizing {top} for {device.name}")
        yosys.run(script, cwd=workdir, log=workdir / "yosys.log", timeout=timeout)
        return netlist.load(workdir / "netlist.json", top)

    tools = {"yosys": yosys.version()}
    module = kept(store, "netlist", {"verilog": verilog, "script": script, "tools": tools}, make)
    counts = netlist.cells(module)
    return Mapped(
        top=top,
        device=device.name,
        module=module,
        cells=counts,
        roles=netlist.roles(counts),
        logic_cells=netlist.estimate(module, flow),
        tools=tools,
    )
