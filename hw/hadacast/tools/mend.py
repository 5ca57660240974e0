"""What a synthesized netlist needs before place and route takes it well, by family."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Netlist = dict[str, Any]
"""One module of a Yosys JSON netlist."""


def trim_carries(module: Netlist) -> None:
    """Open the ends of ECP5 carry chains: each unused COUT, each constant CIN that makes no difference.

    Synthesis ties an open CIN to 0 and gives an open COUT a net; nextpnr then spends a pair of cells
    at each end, four for every adder. CIN makes no difference where the first half never propagates:
    its LUT4 is 0 for D = 1, and D is 1.
    """
    used = {bit for port in module["ports"].values() for bit in port["bits"]}
    for cell in module["cells"].values():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"].get(pin) != "output":
                used.update(bits)
    for cell in module["cells"].values():
        if cell["type"] != "CCU2C":
            continue
        pins = cell["connections"]
        if pins.get("COUT") and pins["COUT"][0] not in used:
            pins["COUT"] = ["x"]
        never_propagates = pins.get("D0") == ["1"] and cell["parameters"]["INIT0"][-16:-8] == "0" * 8
        if pins.get("CIN") in (["0"], ["1"]) and never_propagates:
            pins["CIN"] = ["x"]


def widen_luts(module: Netlist) -> None:
    """Turn each Gowin LUT1, LUT2 and LUT3 into the LUT4 of the same function.

    nextpnr-himbaechel-gowin 0.11.1 has delays for LUT4 only: a path through another isn't timed at
    all, and the clock it states can be far too high. The table is repeated and the added inputs stay
    open, so that their value makes no difference.
    """
    for cell in module["cells"].values():
        if cell["type"] in ("LUT1", "LUT2", "LUT3"):
            entries = 1 << int(cell["type"][3])
            table = cell["parameters"]["INIT"].zfill(entries)[-entries:]
            cell["type"] = "LUT4"
            cell["parameters"]["INIT"] = table * (16 // entries)


MENDS: dict[str, Callable[[Netlist], None]] = {"ecp5": trim_carries, "gowin": widen_luts}
"""The mend of each family that wants one."""


def mend_file(path: Path, family: str) -> None:
    """Mend every module of a netlist file in place."""
    if family in MENDS:
        design = json.loads(path.read_text(encoding="utf-8"))
        for module in design["modules"].values():
            MENDS[family](module)
        path.write_text(json.dumps(design), encoding="utf-8")
