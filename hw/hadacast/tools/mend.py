"""What a synthesized netlist needs before place and route takes it well, by family."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from hadacast.tech.lut import SUFFIX
from hadacast.tools import gowin_alu, nets
from hadacast.tools.nets import Netlist, Sink

Placed = tuple[str, Sink]
"""A name that says where in the hierarchy an input is, and the input."""

LUT_PINS = "ABCD"
MAX_FAN_OUT = 48
"""Inputs that one flip-flop drives before it is copied."""


def mend_ecp5(module: Netlist) -> None:
    """Open the ends of carry chains, fill the LUTs that the core names, use block RAMs' output registers, and
    bound the fan-out of others."""
    trim_carries(module)
    fill_luts(module)
    use_output_registers(module)
    bound_fan_out(module)


def trim_carries(module: Netlist) -> None:
    """Open the ends of ECP5 carry chains: each unused COUT, each constant CIN that makes no difference.

    Synthesis ties an open CIN to 0 and gives an open COUT a net; nextpnr then spends a pair of cells
    at each end, four for every adder. CIN makes no difference where the first half never propagates:
    its LUT4 is 0 for D = 1, and D is 1.
    """
    used = nets.users(module)
    for cell in module["cells"].values():
        if cell["type"] != "CCU2C":
            continue
        pins = cell["connections"]
        if pins.get("COUT") and pins["COUT"][0] not in used:
            pins["COUT"] = ["x"]
        never_propagates = pins.get("D0") == ["1"] and cell["parameters"]["INIT0"][-16:-8] == "0" * 8
        if pins.get("CIN") in (["0"], ["1"]) and never_propagates:
            pins["CIN"] = ["x"]


def fill_luts(module: Netlist) -> None:
    """Put the LUT before an ECP5 LUT that the core names (hadacast.tech.lut) into its spare inputs.

    Synthesis takes a named one as it is, and so leaves two in a row where one would do.
    """
    cells = module["cells"]
    makers = {cell["connections"]["Z"][0]: name for name, cell in cells.items() if cell["type"] == "LUT4"}
    for name, cell in cells.items():
        if cell["type"] != "LUT4" or not name.endswith(SUFFIX):
            continue
        for net in _inputs(cell):
            before = cells.get(makers.get(net, ""))
            if before is None:
                continue
            nets_behind = [bit for bit in _inputs(cell) if bit != net]
            merged = list(dict.fromkeys([*nets_behind, *_inputs(before)]))
            if len(merged) > len(LUT_PINS):
                continue
            table = 0
            for row in range(1 << len(LUT_PINS)):
                values = {bit: row >> place & 1 for place, bit in enumerate(merged)}
                values[net] = _lookup(before, values)
                table |= _lookup(cell, values) << row
            cell["parameters"]["INIT"] = f"{table:016b}"
            bits = [*merged, *["0"] * (len(LUT_PINS) - len(merged))]
            cell["connections"].update({pin: [bit] for pin, bit in zip(LUT_PINS, bits, strict=True)})
    used = nets.users(module)
    for net, name in makers.items():
        if net not in used:
            del cells[name]


def _inputs(lut: dict[str, Any]) -> list[int]:
    """The nets that a LUT4 looks at."""
    bits = (lut["connections"].get(pin, ["x"])[0] for pin in LUT_PINS)
    return list(dict.fromkeys(bit for bit in bits if isinstance(bit, int)))


def _lookup(lut: dict[str, Any], values: Mapping[int, int]) -> int:
    """What a LUT4 makes of its nets' values."""
    bits = [lut["connections"].get(pin, ["x"])[0] for pin in LUT_PINS]
    levels = [values[bit] if isinstance(bit, int) else int(bit == "1") for bit in bits]
    row = sum(level << place for place, level in enumerate(levels))
    return int(lut["parameters"]["INIT"][-16:][15 - row])


def use_output_registers(module: Netlist) -> None:
    """Move the flip-flops behind an ECP5 block RAM into it, where they all have one enable and no reset.

    Without its output register a DP16KD takes 5.8 ns from clock to output, with it 1 ns. Yosys infers none
    (its issue 5814); nextpnr takes a REGMODE for each port, and in the mode of 36 bits one enable, OCEB, for
    both halves of the output, as Lattice's PDPW16KD has it (FPGA-TN-02204, output registers).
    """
    users = nets.users(module)
    cells = module["cells"]
    for memory in [cell for cell in cells.values() if cell["type"] == "DP16KD"]:
        wide = int(memory["parameters"]["DATA_WIDTH_A"], 2) == 36
        ports = {"B": ("DOA", "DOB")} if wide else {"A": ("DOA",), "B": ("DOB",)}
        for port, outputs in ports.items():
            pins = [pin for pin in memory["connections"] if pin.startswith(outputs)]
            read = [pin for pin in pins if users.get(memory["connections"][pin][0])]
            registers = _registers(module, [users[memory["connections"][pin][0]] for pin in read])
            if not registers:
                continue
            enables = {tuple(cells[name]["connections"].get("CE", ["1"])) for name in registers}
            clocks = {tuple(cells[name]["connections"]["CLK"]) for name in registers}
            if len(enables) > 1 or clocks != {tuple(memory["connections"][f"CLK{port}"])}:
                continue
            for pin, name in zip(read, registers, strict=True):
                memory["connections"][pin] = cells.pop(name)["connections"]["Q"]
            for side in "AB" if wide else port:
                memory["parameters"][f"REGMODE_{side}"] = "OUTREG"
            memory["connections"][f"OCE{port}"] = list(enables.pop())


def bound_fan_out(module: Netlist, limit: int = MAX_FAN_OUT) -> None:
    """Copy each ECP5 flip-flop that drives more than `limit` inputs, one copy for each part of the circuit.

    Wires from one end of a core to the other take a third of a cycle. The parts are those of the hierarchy
    that cells' names still tell.
    """
    cells, users, free = module["cells"], nets.users(module), nets.free(module)
    adders = {
        bit: name
        for name, cell in cells.items()
        if cell["type"] == "CCU2C"
        for pin in ("S0", "S1")
        for bit in cell["connections"].get(pin, ())
    }
    for name, register in [item for item in cells.items() if item[1]["type"] == "TRELLIS_FF"]:
        old = register["connections"]["Q"][0]
        # Two flip-flops behind one carry cell have one enable, or they couldn't be in its slice.
        sinks = sorted((_place_of(sink, cells, adders), sink) for sink in users.get(old, ()))
        if len(sinks) <= limit:
            continue
        # Ports stay with the first part.
        _, *parts = _parts(sinks, limit, 0)
        for number, part in enumerate(parts):
            copy = deepcopy(register)
            copy["connections"]["Q"] = [free]
            cells[f"{name}_copy_{number}"] = copy
            for _, (cell, pin) in part:
                bits = cells[cell]["connections"][pin]
                cells[cell]["connections"][pin] = [free if bit == old else bit for bit in bits]
            free += 1


def _place_of(sink: Sink, cells: dict[str, Any], adders: dict[Any, str]) -> str:
    """The name of an input's cell, or of the carry cell that a flip-flop is behind; empty for a port."""
    name, _ = sink
    data = cells[name]["connections"].get("DI", ["x"]) if name else ["x"]
    return adders.get(data[0], name)


def _parts(sinks: list[Placed], limit: int, depth: int) -> list[list[Placed]]:
    """Sinks in lists of up to `limit`, near ones in the hierarchy together; what has no name comes first."""
    if len(sinks) <= limit:
        return [sinks]
    branches: dict[str, list[Placed]] = defaultdict(list)
    for sink in sinks:
        path = sink[0].split(".")
        branches[path[depth] if depth < len(path) else ""].append(sink)
    if len(branches) == 1 and depth > max(sink[0].count(".") for sink in sinks):
        return [sinks[start : start + limit] for start in range(0, len(sinks), limit)]
    parts: list[list[Placed]] = [[]]
    for _, branch in sorted(branches.items()):
        for part in _parts(branch, limit, depth + 1):
            if len(parts[-1]) + len(part) > limit:
                parts.append([])
            parts[-1].extend(part)
    return [part for part in parts if part]


def _registers(module: Netlist, users: list[list[Sink]]) -> list[str]:
    """The flip-flops without reset that nets go to, each net to one of its own; [] if they don't."""
    found = []
    for one in users:
        cell = module["cells"].get(one[0][0], {})
        if len(one) > 1 or cell.get("type") != "TRELLIS_FF" or one[0][1] != "DI":
            return []
        parameters = cell["parameters"]
        enabled = parameters.get("CEMUX") == ("CE" if "CE" in cell["connections"] else "1 ")
        never_reset = cell["connections"].get("LSR", ["0"]) == ["0"] and parameters.get("LSRMUX") == "LSR"
        if not (enabled and never_reset and parameters.get("CLKMUX") == "CLK"):
            return []
        found.append(one[0][0])
    return found


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


def mend_gowin(module: Netlist) -> None:
    """Put LUTs into adders, start carry chains that a signal starts, and make all LUTs of one kind."""
    gowin_alu.absorb_luts(module)
    gowin_alu.start_carries(module)
    widen_luts(module)


MENDS: dict[str, Callable[[Netlist], None]] = {"ecp5": mend_ecp5, "gowin": mend_gowin}
"""The mend of each family that wants one."""


def mend_file(path: Path, family: str) -> None:
    """Mend every module of a netlist file in place."""
    if family in MENDS:
        design = json.loads(path.read_text(encoding="utf-8"))
        for module in design["modules"].values():
            MENDS[family](module)
        path.write_text(json.dumps(design), encoding="utf-8")
