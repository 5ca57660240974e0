"""Where a core's cells go: those of a synthesized netlist, by the part of the core that they belong to.

Synthesis flattens a core and names each cell after a net that it drives, whose name has the path of its
module. A cell that serves two parts counts for one of them, and logic before a register may have the name of
what comes before or behind it: sums of a stage are sharper than those of its smallest parts.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from hadacast.synth.devices import FLOWS
from hadacast.synth.netlist import Netlist

FLIPFLOP, BLOCK_RAM, MULTIPLIER = "TRELLIS_FF", "DP16KD", "MULT18X18D"

# Lanes, rows and the like stand for each other.
_NUMBER = re.compile(r"(?<=[_$\[])\d+|(?<=[_$])24_\d+")


@dataclass
class Part:
    """Cells of a part by their kinds."""

    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def logic_cells(self) -> int:
        """LUT sites."""
        return sum(count * self.kinds[kind] for kind, count in FLOWS["ecp5"].estimate.items())


def account(module: Netlist, depth: int = 2) -> dict[str, Part]:
    """The parts of a mended ECP5 netlist, the largest first, by path: `depth` names below the core, numbers
    from the second name on left out. Carries that come from logic, or go there, are a part of their own,
    "carry ends": place and route spends two cells on each."""
    parts: dict[str, Part] = {}
    for name, cell in module["cells"].items():
        if cell["type"].startswith("$"):
            continue
        path = name.split(".")[:-1]
        inside = path[1:] if path[:1] == ["core"] else []
        names = [part if level == 0 else _NUMBER.sub("*", part) for level, part in enumerate(inside)]
        part = ".".join(names[:depth]) or "top"
        parts.setdefault(part, Part()).kinds[cell["type"]] += 1
    parts["carry ends"] = Part(Counter({"CCU2C": carry_ends(module)}))
    return dict(sorted(parts.items(), key=lambda item: -item[1].logic_cells))


def carry_ends(module: Netlist) -> int:
    """Carries into a chain that come from elsewhere, and carries out of one that go elsewhere."""
    read_by_logic, carries = set(), set()
    for cell in module["cells"].values():
        for pin, bits in cell["connections"].items():
            if cell["type"] == "CCU2C" and pin == "COUT":
                carries.update(bits)
            elif pin != "CIN" and cell["port_directions"].get(pin) != "output":
                read_by_logic.update(bits)
    chains = [cell["connections"].get("CIN", ["x"])[0] for cell in module["cells"].values()]
    return sum(carry not in carries | {"x"} for carry in chains) + len(carries & read_by_logic - {"x"})
