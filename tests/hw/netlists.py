"""Netlists that Yosys wrote, as Yosys wants them to read."""

import json
from pathlib import Path


def for_models(path: Path, top: str) -> None:
    """Make a JSON netlist ready for models of its cells, in place.

    It loses the black boxes that the models take the place of, and what block RAMs hold at first, which
    nothing reads; an output that is open gets a net.
    """
    module = json.loads(path.read_text())["modules"][top]
    for net, cell in enumerate(module["cells"].values(), 1_000_000):
        if cell["connections"].get("COUT") == ["x"]:
            cell["connections"]["COUT"] = [net]
        if cell["type"] == "DP16KD":
            parameters = cell["parameters"].items()
            cell["parameters"] = {name: value for name, value in parameters if not name.startswith("INITVAL")}
    path.write_text(json.dumps({"modules": {top: module}}))
