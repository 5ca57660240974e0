"""The table of plan.md: what `hadacast plan` said of one core.

python docs/plan.py        plan again, some minutes; the answer goes to plan.json, then to the page
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from marks import place

DOCS = Path(__file__).parent
STORE = DOCS / "plan.json"
PAGE = DOCS / "plan.md"

COMMAND = "hadacast plan rotate128 --frame 16 --rate 2.5G --device ecp5-25k --try-lanes 1,2,4 --verify"


def table(found: dict[str, Any]) -> str:
    """A line for each lane count, and what was built."""
    heads = ("lanes", "copies", "clock, MHz", "logic cells", "rate, G/s", "of the device", "at most, G/s")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for entry in found["plans"]:
        cells = (
            f"{entry['lanes']}",
            f"{entry['copies']}",
            f"{entry['clock']:g}",
            f"{entry['logic_cells']:,}",
            f"{entry['rate'] / 1e9:.2f}",
            f"{entry['share']:.0%} of {entry['tightest']}",
            f"{entry['most_rate'] / 1e9:.1f} in {entry['most_copies']} copies",
        )
        lines.append("| " + " | ".join(cells) + " |")
    built, best = found["verified"], found["best"]
    needed = found["rate"] / 1e6 / best["lanes"] / best["copies"]
    tools = ", ".join(f"{name} {text.replace('nextpnr-0', '0')}" for name, text in built["tools"].items())
    return "\n".join(
        [
            *lines,
            "",
            f"Built, the best of them takes {built['logic_cells']:,} logic cells, where"
            f" {best['logic_cells']:,} were foreseen, and",
            f"reaches {built['fmax']:.0f} MHz, where {needed:.0f} are needed ({tools}).",
        ]
    )


def page(text: str, found: dict[str, Any]) -> str:
    """The page with its table."""
    return place(text, "plan", table(found))


def main() -> None:
    """Plan, and write the store and the page."""
    program, *arguments = shlex.split(COMMAND)
    tool = Path(sys.executable).with_name(program)
    done = subprocess.run([tool, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    STORE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
