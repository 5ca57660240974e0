"""A synthesized core as Yosys's JSON netlist: counting its cells, and its ports on and off."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth.devices import Flow
from hadacast.tools.nets import Netlist

CLOCK = "aclk"
INPUT_CLOCK = "hadacast_input_clock"
OUTPUT_CLOCK = "hadacast_output_clock"
_PORT_CELL = "hadacast_port:"

# What each cell kind is, for a table that reads alike for every family.
_ROLES = {
    "lut": ("LUT1", "LUT2", "LUT3", "LUT4", "SB_LUT4"),
    "carry": ("CCU2C", "SB_CARRY", "ALU"),
    "lut_mux": ("PFUMX", "L6MUX21", "MUX2_LUT5", "MUX2_LUT6", "MUX2_LUT7", "MUX2_LUT8"),
    "lut_ram": ("TRELLIS_DPR16X4", "RAM16SDP4", "RAM16SDP2", "RAM16SDP1", "RAM16S4", "RAM16S2", "RAM16S1"),
    "block_ram": ("DP16KD", "PDPW16KD", "SB_RAM40_4K", "SB_SPRAM256KA", "SDPB", "SDPX9B", "DPB", "DPX9B",
                  "SPX9", "SP", "PROM", "PROMX9"),
    "multiplier": ("MULT18X18D", "SB_MAC16", "MULT9X9", "MULT18X18", "MULT36X36"),
}  # fmt: skip
_ROLE_OF = {kind: role for role, kinds in _ROLES.items() for kind in kinds}


def load(path: Path, top: str) -> Netlist:
    """Read module `top` of a netlist that Yosys wrote.

    Raises:
        HadacastError: no such module, or no input named `aclk`.
    """
    modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
    if top not in modules:
        raise HadacastError(f"no module {top!r} after synthesis")
    module: Netlist = modules[top]
    if module["ports"].get(CLOCK, {}).get("direction") != "input":
        raise HadacastError(
            f"module {top!r} has no input {CLOCK!r}, the clock; ports: {list(module['ports'])}"
        )
    return module


def text(module: Netlist, top: str) -> str:
    """One module as a netlist nextpnr reads."""
    return json.dumps({"creator": "hadacast", "modules": {top: module}})


def cells(module: Netlist) -> dict[str, int]:
    """Count the cells of each kind, the most frequent first."""
    counts = Counter(cell["type"] for cell in module["cells"].values())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def roles(counts: dict[str, int]) -> dict[str, int]:
    """Sum cell counts by role, the same names for every family.

    Roles: lut, carry (cells, 2 bits each on ECP5), lut_mux, ff, lut_ram, block_ram, multiplier.
    """
    result = dict.fromkeys([*_ROLES, "ff"], 0)
    for kind, count in counts.items():
        if kind.startswith(("TRELLIS_FF", "SB_DFF", "DFF")):
            result["ff"] += count
        elif kind in _ROLE_OF:
            result[_ROLE_OF[kind]] += count
    return result


def estimate(module: Netlist, flow: Flow) -> int:
    """LUT sites that a netlist will about take on the device: its LUTs, carries and LUT RAMs, and where a
    flip-flop is reached through a LUT only, those that share a site with none. Place and route adds what ends
    chains and passes signals through."""
    counts = cells(module)
    total = sum(n * counts.get(kind, 0) for kind, n in flow.estimate.items())
    return total + _alone(module, flow) if flow.drivers else total


def _alone(module: Netlist, flow: Flow) -> int:
    """How many flip-flops and iCE40 carries no LUT shares a site with: a flip-flop shares that of the cell
    that drives it and nothing else, a carry that of the LUT with its operands and its carry in."""
    users: Counter[Any] = Counter(bit for port in module["ports"].values() for bit in port["bits"])
    outputs, operands = set(), set()
    for cell in module["cells"].values():
        pins = cell["connections"]
        for pin, bits in pins.items():
            if cell["port_directions"].get(pin) == "input":
                users.update(bits)
            elif cell["type"] in flow.drivers:
                outputs.update(bits)
        if cell["type"] == "SB_LUT4":
            operands.add(_bits(pins, "I1", "I2", "I3"))
    found = 0
    for cell in module["cells"].values():
        pins = cell["connections"]
        if cell["type"].startswith(flow.flipflop):
            (data,) = pins["D"]
            found += not (data in outputs and users[data] == 1)
        elif cell["type"] == "SB_CARRY":
            found += _bits(pins, "I0", "I1", "CI") not in operands
    return found


def _bits(pins: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(bit for name in names for bit in pins.get(name, ["x"]))


def without_ports(module: Netlist) -> Netlist:
    """Return the core with no ports, so that no pin is needed and no pad's delay is counted.

    What came in has no driver and what goes out no user: place and route neither times such nets nor
    removes a cell for them, so the core's own area and clock stay as they are.
    """
    clock = module["ports"][CLOCK]["bits"]
    # The clock keeps one name, by which the report is read.
    names = {name: net for name, net in module["netnames"].items() if name == CLOCK or net["bits"] != clock}
    return {**module, "ports": {}, "netnames": names}


def with_registered_ports(module: Netlist, flow: Flow) -> Netlist:
    """Return the core with a flip-flop at every port bit except the clock, and no ports.

    The flip-flops are added after synthesis, so the core is the same gates. Those at the inputs and
    at the outputs have clocks of their own, by which a timing report tells the paths apart.
    """
    result = copy.deepcopy(without_ports(module))
    free = 1 + max(
        (bit for net in result["netnames"].values() for bit in net["bits"] if isinstance(bit, int)), default=1
    )
    clocks = {"input": (INPUT_CLOCK, free), "output": (OUTPUT_CLOCK, free + 1)}
    free += 2
    for name, bit in clocks.values():
        result["netnames"][name] = {"hide_name": 0, "bits": [bit], "attributes": {}}
    for label, bit, direction in _port_bits(module):
        outer, free = free, free + 1
        result["netnames"][_PORT_CELL + label] = {"hide_name": 0, "bits": [outer], "attributes": {}}
        data, out = (outer, bit) if direction == "input" else (bit, outer)
        result["cells"][_PORT_CELL + label] = {
            "hide_name": 0,
            "type": flow.flipflop,
            "parameters": dict(flow.parameters),
            "attributes": {},
            "port_directions": {flow.clock: "input", flow.data: "input", "Q": "output"},
            "connections": {flow.clock: [clocks[direction][1]], flow.data: [data], "Q": [out]},
        }
    return result


def port_cells(module: Netlist) -> dict[str, str]:
    """Return the port bit that each cell of `with_registered_ports` stands for, by nextpnr's names.

    iCE40 puts a flip-flop and the LUT before it into one cell, named after the LUT with `_LC`, or
    after a lone flip-flop with `_DFFLC`.
    """
    drivers = {
        bit: name
        for name, cell in module["cells"].items()
        for pin, bits in cell["connections"].items()
        if cell["port_directions"].get(pin) == "output"
        for bit in bits
    }
    result: dict[str, str] = {}
    for label, bit, direction in _port_bits(module):
        if direction == "output" and bit in drivers:
            result.setdefault(f"{drivers[bit]}_LC", label)
        result[_PORT_CELL + label] = result[f"{_PORT_CELL}{label}_DFFLC"] = label
    return result


def _port_bits(module: Netlist) -> Iterator[tuple[str, int, str]]:
    """Yield name, net and direction of every port bit that isn't the clock or a constant."""
    for name, port in module["ports"].items():
        if name == CLOCK or port["direction"] not in ("input", "output"):
            continue
        for index, bit in enumerate(port["bits"]):
            if isinstance(bit, int):
                yield (f"{name}[{index}]" if len(port["bits"]) > 1 else name), bit, port["direction"]
