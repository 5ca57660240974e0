"""Nets of a module of a Yosys JSON netlist."""

from collections import defaultdict
from typing import Any

Netlist = dict[str, Any]
"""One flat module: `ports`, `cells` and `netnames` as Yosys writes them."""

Sink = tuple[str, str]
"""An input of a cell: its names. That of no cell is a port."""


def users(module: Netlist) -> dict[Any, list[Sink]]:
    """Which cells' inputs, by name and pin, each net goes to; a port of the module is one with no name."""
    found: dict[Any, list[Sink]] = defaultdict(list)
    for port, figures in module["ports"].items():
        for bit in figures["bits"]:
            found[bit].append(("", port))
    for name, cell in module["cells"].items():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"].get(pin) != "output":
                for bit in bits:
                    found[bit].append((name, pin))
    return found


def free(module: Netlist) -> int:
    """A number that no net of a cell has, nor any above it."""
    pins = (bits for cell in module["cells"].values() for bits in cell["connections"].values())
    return 1 + max((bit for bits in pins for bit in bits if isinstance(bit, int)), default=1)
