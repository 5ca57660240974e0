"""Gowin's adders as they are in silicon, which no mode of the ALU primitive tells.

An ALU's first half is a LUT: with its input I2 at 1, as nextpnr ties it, S is any function of I0, I1 and I3,
and C any of I0 and I1 (SUM = S ^ CIN, COUT = S ? CIN : C). Project Apicula's doc/alu.md describes it; nextpnr
and gowin_pack take the table as the parameter RAW_ALU_LUT, bit 8·I3 + 4 + 2·I1 + I0 for S, 2·I1 + I0 for C.
"""

from collections import Counter
from itertools import product
from typing import Any

from hadacast.tools import nets
from hadacast.tools.nets import Netlist

_ADD, _ADDSUB, _MULT = 0, 2, 9


def absorb_luts(module: Netlist) -> None:
    """Put the LUT of two inputs before an adder's I0 into the adder, where the inputs suffice.

    So the choice before a butterfly's subtraction costs nothing, see hadacast_butterfly_gowin.v.
    """
    cells, loads, constants = module["cells"], _loads(module), _constants(module)
    luts = {cell["connections"]["F"][0]: name for name, cell in cells.items() if cell["type"] in _LUTS}
    for alu in [cell for cell in cells.values() if cell["type"] == "ALU" and _mode(cell) == _ADDSUB]:
        pins = {pin: alu["connections"][pin][0] for pin in ("I0", "I1", "I3")}
        lut = luts.get(pins["I0"])
        if lut is None or loads[pins["I0"]] > 1 or cells[lut]["type"] != "LUT2":
            continue
        known = [cells[lut]["connections"][pin][0] for pin in ("I0", "I1")]
        inverter = luts.get(pins["I3"])
        inverted = inverter is not None and cells[inverter]["type"] == "LUT1"
        select = cells[inverter]["connections"]["I0"][0] if inverted else pins["I3"]
        inputs = [*known, *({pins["I1"], select} - {*known, *constants})]
        if len(inputs) > 3 or len(set(known) - set(constants)) < 2:
            continue
        entries = 0
        for values in product((0, 1), repeat=len(inputs)):
            value = constants | dict(zip(inputs, values, strict=True))
            first = _look_up(cells[lut], value)
            chosen = _look_up(cells[inverter], value) if inverted else value[select]
            index = values[0] + 2 * values[1]
            entries |= first << index
            for third in (values[2],) if len(values) > 2 else (0, 1):
                entries |= (first ^ value[pins["I1"]] ^ chosen ^ 1) << (8 * third + 4 + index)
        for pin, net in zip(("I0", "I1", "I3"), [*inputs, "0"], strict=False):
            alu["connections"][pin] = [net]
        # Of ADDSUB nextpnr would make a table of its own.
        alu["parameters"] |= {"ALU_MODE": format(_MULT, "032b"), "RAW_ALU_LUT": format(entries, "016b")}
        del cells[lut], luts[pins["I0"]]
        loads[pins["I3"]] -= 1
        if inverted and not loads[pins["I3"]]:
            del cells[inverter], luts[pins["I3"]]


def start_carries(module: Netlist) -> None:
    """Let an ALU of the netlist hand a signal to a carry chain: of the signal and itself, the carry is it.

    nextpnr-himbaechel-gowin 0.11 makes such an ALU too, but one whose carry out is the signal or its carry
    in, and that comes from whatever chain is placed before it.
    """
    cells, loads, constants = module["cells"], _loads(module), _constants(module)
    carries = {cell["connections"]["COUT"][0] for cell in cells.values() if _carries(cell)}
    free = nets.free(module)
    for name, alu in [item for item in cells.items() if item[1]["type"] == "ALU"]:
        net = alu["connections"]["CIN"][0]
        if net in constants or (net in carries and loads[net] == 1):
            continue
        directions = {"I0": "input", "I1": "input", "I3": "input", "CIN": "input"}
        cells[f"{name}_start"] = {
            "hide_name": 0,
            "type": "ALU",
            "parameters": {"ALU_MODE": format(_ADD, "032b")},
            "attributes": {},
            "port_directions": directions | {"COUT": "output", "SUM": "output"},
            "connections": {"I0": [net], "I1": [net], "I3": ["0"], "CIN": ["0"], "COUT": [free], "SUM": []},
        }
        alu["connections"]["CIN"] = [free]
        free += 1


_LUTS = ("LUT1", "LUT2", "LUT3", "LUT4")


def _mode(alu: dict[str, Any]) -> int:
    return int(alu["parameters"]["ALU_MODE"], 2)


def _carries(cell: dict[str, Any]) -> bool:
    return cell["type"] == "ALU" and bool(cell["connections"].get("COUT"))


def _constants(module: Netlist) -> dict[Any, int]:
    """The nets of constant value."""
    sources = {"GND": ("G", 0), "VCC": ("V", 1)}
    found: dict[Any, int] = {"0": 0, "1": 1, "x": 0}
    for cell in module["cells"].values():
        if cell["type"] in sources:
            pin, value = sources[cell["type"]]
            found[cell["connections"][pin][0]] = value
    return found


def _look_up(lut: dict[str, Any], value: dict[Any, int]) -> int:
    """What a LUT of one or two inputs makes of its nets' values."""
    pins = [f"I{pin}" for pin in range(int(lut["type"][3]))]
    index = sum(value[lut["connections"][pin][0]] << bit for bit, pin in enumerate(pins))
    return int(lut["parameters"]["INIT"], 2) >> index & 1


def _loads(module: Netlist) -> Counter[Any]:
    """How many inputs and ports each net goes to."""
    return Counter({net: len(sinks) for net, sinks in nets.users(module).items()})
