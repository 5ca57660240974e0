"""A netlist after place and route, as a simulator takes it.

nextpnr writes what it has placed in cells of its own: pads, global buffers, logic cells with LUT, carry and
flip-flop in one. Here these become cells that have models: a pad or a buffer is a wire, and a pin that is
open has the value that the silicon gives it.
"""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth import netlist
from hadacast.synth.devices import Device
from hadacast.tools import nets, process
from hadacast.tools.nets import Netlist

_WIRES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "SB_GB": (("USER_SIGNAL_TO_GLOBAL_BUFFER", "GLOBAL_BUFFER_OUTPUT"),),
    "SB_IO": (("PACKAGE_PIN", "D_IN_0"), ("D_OUT_0", "PACKAGE_PIN")),
    "IBUF": (("I", "O"),),
    "OBUF": (("I", "O"),),
    "BUFG": (("I", "O"),),
}
"""Cells that are a wire, with the pins that it may join; those are taken that both have a net."""

_CONSTANTS = {"GOWIN_GND": ("G", "0"), "GOWIN_VCC": ("V", "1"), "GSR": ("", "")}
"""Cells that are one, with its pin; a global reset that nobody pulls is none."""

_OPEN: Mapping[str, Mapping[str, str]] = {
    "ICESTORM_LC": {"CEN": "1"},
    "SB_RAM40_4K": {"RCLKE": "1", "WCLKE": "1"},
    # ECP5's fabric pulls up what is open.
    "TRELLIS_COMB": dict.fromkeys("ABCD", "1"),
    "TRELLIS_FF": {"CE": "1"},
}
"""What an open input is, where that isn't 0."""


def place(
    module: Netlist,
    top: str,
    device: Device,
    workdir: Path,
    progress: process.Progress = process.silent,
    seed: int = 1,
) -> Netlist:
    """Place and route a netlist with its ports, and return it in cells that have models.

    Raises HadacastError where nextpnr fails, as for a core with more port bits than the package has pins.
    """
    ready = _with_buffers(module) if device.family == "gowin" else module
    (workdir / "ready.json").write_text(netlist.text(ready, top), encoding="utf-8")
    options = [*device.nextpnr, "--seed", str(seed), "--freq", f"{device.freq:g}", "--timing-allow-fail"]
    if device.family == "ice40":
        options.append("--pcf-allow-unconstrained")
    if device.family == "gowin":
        (workdir / "pins.cst").write_text(_pins(module), encoding="utf-8")
        options += ["--vopt", "cst=pins.cst"]
    progress(f"placing and routing {top} on {device.name}, with its ports")
    process.run(
        device.flow.nextpnr, *options, "--json", "ready.json", "--write", "placed.json",
        cwd=workdir, log=workdir / "place.log",
    )  # fmt: skip
    (found,) = json.loads((workdir / "placed.json").read_text(encoding="utf-8"))["modules"].values()
    result: Netlist = {**found, "cells": {}}
    if device.family == "gowin":
        _join_pads(found)
    for name, cell in found["cells"].items():
        # A net may have the same name, which Yosys refuses.
        result["cells"].update(_converted(f"{name}:cell", cell))
    if set(result["ports"]) != set(module["ports"]):
        raise HadacastError(f"{device.flow.nextpnr} wrote ports {sorted(result['ports'])}")
    return result


GOWIN_PINS = (*range(25, 43), 48, 49, 51, *range(53, 58), 63, *range(68, 78), *range(79, 87), *range(10, 21))
"""Pins of a QN88 package for data; its nextpnr chooses none itself."""


def _pins(module: Netlist) -> str:
    """A pin for each port bit. Raises HadacastError if there are too few."""
    bits = [
        f"{name}[{index}]" if len(port["bits"]) > 1 else name
        for name, port in module["ports"].items()
        for index in range(len(port["bits"]))
    ]
    if len(bits) > len(GOWIN_PINS):
        raise HadacastError(
            f"the core has {len(bits)} port bits: the package has {len(GOWIN_PINS)} pins for them"
        )
    return "".join(f'IO_LOC "{bit}" {pin};\n' for bit, pin in zip(bits, GOWIN_PINS, strict=False))


def _with_buffers(module: Netlist) -> Netlist:
    """A copy with a pad at every port bit, which Gowin's nextpnr wants."""
    result = copy.deepcopy(module)
    free = nets.free(result)
    for name, port in result["ports"].items():
        for index, inner in enumerate(port["bits"]):
            way = port["direction"]
            port["bits"][index] = outer = free
            free += 1
            ends = (outer, inner) if way == "input" else (inner, outer)
            result["cells"][f"pad:{name}[{index}]"] = {
                "hide_name": 0,
                "type": "IBUF" if way == "input" else "OBUF",
                "parameters": {},
                "attributes": {},
                "port_directions": {"I": "input", "O": "output"},
                "connections": {"I": [ends[0]], "O": [ends[1]]},
            }
    # Nets of ports are named by the ports.
    result["netnames"] = {
        name: net for name, net in result["netnames"].items() if name not in result["ports"]
    }
    return result


def _join_pads(module: Netlist) -> None:
    """Put the nets of ports at their pads, which nextpnr leaves apart where a port has one bit."""
    for name, port in module["ports"].items():
        for index, bit in enumerate(port["bits"]):
            pins = module["cells"][f"pad:{name}[{index}]"]["connections"]
            pins["I" if port["direction"] == "input" else "O"] = [bit]


def _converted(name: str, cell: dict[str, Any]) -> dict[str, Any]:
    """The cells that one of nextpnr's becomes, by name."""
    if cell["type"] in _WIRES:
        pins = cell["connections"]
        joined = [(a, b) for a, b in _WIRES[cell["type"]] if pins.get(a) and pins.get(b)]
        return {f"{name}:{a}": _wire(pins[a], pins[b]) for a, b in joined}
    if cell["type"] in _CONSTANTS:
        pin, value = _CONSTANTS[cell["type"]]
        bits = cell["connections"].get(pin)
        return {name: _wire([value], bits)} if bits else {}
    parameters = cell["parameters"]
    if "1" in (parameters.get("NEG_CLK", "0"), parameters.get("ASYNC_SR", "0")):
        raise HadacastError(
            f"cell {name} has a falling clock or a reset without one: there is no model of it"
        )
    cell = _KINDS.get(cell["type"], lambda same: same)(cell)
    values = _OPEN.get(cell["type"], {})
    for pin, bits in cell["connections"].items():
        if not bits and cell["port_directions"][pin] == "input":
            cell["connections"][pin] = [values.get(pin, "0")]
        elif not bits:
            cell["connections"][pin] = ["x"]
    return {name: cell}


def _wire(source: list[Any], end: list[Any]) -> dict[str, Any]:
    return {
        "hide_name": 0,
        "type": "$_BUF_",
        "parameters": {},
        "attributes": {},
        "port_directions": {"A": "input", "Y": "output"},
        "connections": {"A": source, "Y": end},
    }


def _ice40_ram(cell: dict[str, Any]) -> dict[str, Any]:
    """An ICESTORM_RAM as the SB_RAM40_4K that it was, its pins in words."""
    values = _OPEN["SB_RAM40_4K"]
    pins: dict[str, list[Any]] = {}
    ways: dict[str, str] = {}
    by_place = sorted(cell["connections"].items(), key=lambda item: _index(item[0]))
    for pin, bits in by_place:
        word = pin.rpartition("_")[0] if pin[-1].isdigit() else pin
        ways[word] = cell["port_directions"][pin]
        pins.setdefault(word, []).extend(bits or [values.get(word, "0") if ways[word] == "input" else "x"])
    parameters = {name: text for name, text in cell["parameters"].items() if not name.startswith("NEG_CLK")}
    return {
        **cell,
        "type": "SB_RAM40_4K",
        "connections": pins,
        "port_directions": ways,
        "parameters": parameters,
    }


def _index(pin: str) -> int:
    number = pin.rpartition("_")[2]
    return int(number) if number.isdigit() else -1


def _ecp5_flipflop(cell: dict[str, Any]) -> dict[str, Any]:
    """A TRELLIS_FF takes its data from the LUT beside it, pin DI, or from the fabric, pin M, by SD."""
    pins = dict(cell["connections"])
    data = pins.pop("DI", []) if cell["parameters"].get("SD", "").strip() == "1" else pins.get("M", [])
    pins.pop("M", None)
    ways = {**cell["port_directions"], "DI": "input"}
    parameters = {name: text for name, text in cell["parameters"].items() if name != "SD"}
    return {**cell, "connections": {**pins, "DI": data}, "port_directions": ways, "parameters": parameters}


def _ecp5_half(cell: dict[str, Any]) -> dict[str, Any]:
    """Whether a TRELLIS_COMB has a multiplexer of LUT5s is decided by its place, and not written."""
    joins = bool(cell["connections"].get("FXA") or cell["connections"].get("FXB"))
    return {**cell, "parameters": {**cell["parameters"], "IS_Z1": str(int(joins))}}


_CARRIES = {"C2L": "0" * 16, "ONE2C": "0" * 12 + "1" * 4}
"""Tables of the ALUs at the ends of carry chains, as Project Apicula's chip database has them."""


def _gowin_alu(cell: dict[str, Any]) -> dict[str, Any]:
    """An ALU without its input I2, which is 1."""
    pins = {"CIN": [], "I0": [], "I1": [], "I3": [], "SUM": [], "COUT": [], **cell["connections"]}
    pins.pop("I2", None)
    ways = {pin: "output" if pin in ("SUM", "COUT") else "input" for pin in pins}
    parameters = dict(cell["parameters"])
    mode = parameters.get("ALU_MODE", "").strip()
    if mode in _CARRIES:
        parameters = {"RAW_ALU_LUT": _CARRIES[mode]}
    elif set(mode) - {"0", "1"}:
        raise HadacastError(f"an ALU has mode {mode!r}: there is no model of it")
    return {**cell, "connections": pins, "port_directions": ways, "parameters": parameters}


def _gowin_ram(cell: dict[str, Any]) -> dict[str, Any]:
    """A RAM16SDP4 without the enable of its slice, which is 1."""
    pins = {pin: bits for pin, bits in cell["connections"].items() if pin != "CE"}
    return {**cell, "connections": pins}


_KINDS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ICESTORM_RAM": _ice40_ram,
    "TRELLIS_FF": _ecp5_flipflop,
    "TRELLIS_COMB": _ecp5_half,
    "ALU": _gowin_alu,
    "RAM16SDP4": _gowin_ram,
}
