"""The tables of cells.md: what `hadacast cells` says of some recipes in osu018, and beside a published ASIC.

    python docs/cells.py              measure everything again: a quarter of an hour
    python docs/cells.py --storage    only commands with this text in them

What was measured goes to cells.json, and from there into the page, which a test compares.
"""

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marks import place

DOCS = Path(__file__).parent
STORE = DOCS / "cells.json"
PAGE = DOCS / "cells.md"


@dataclass(frozen=True)
class Row:
    """A line of a table: its first cell, and the command that measures it."""

    text: str
    command: str


CORE = "hadacast cells rotate128 -n 64"
RECIPES = (
    Row("`rotate128 -n 64`", CORE),
    Row("… delays as shift registers, `--storage ff`", f"{CORE} --storage ff"),
    Row("`rotate128`", "hadacast cells rotate128"),
    Row("`rht16`", "hadacast cells rht16"),
    Row("`nvfp4_rht16`", "hadacast cells nvfp4_rht16"),
    Row("`int4_token128`", "hadacast cells int4_token128"),
    Row("`imaging4096 -n 256`", "hadacast cells imaging4096 -n 256"),
)

# 64 samples of 8 bits in each 25 ns, as the ASIC takes; random codes, which toggle more than any signal's.
NARROW = f"{CORE} --width 8 --fraction 4 --data random"
BESIDE = (
    Row("4 lanes", f"{NARROW} -p 4"),
    Row("16 lanes", f"{NARROW} -p 16 --clock 160"),
    Row("64 lanes, no registers inside", f"{NARROW} -p 64 --registers 0 --clock 40"),
)

# Di Guglielmo et al., arXiv:2105.01683: 2.4 nJ for an inference, 95 mW, 3.6 mm², 65 nm.
ASIC_JOULES, ASIC_NM = 2.4e-9, 65
# C·V²: capacitance with the feature size, from osu018 to the nominal supply of a 65 nm low-power process.
FROM_NM, TO_VOLTS = 180, 1.2


def measure(row: Row) -> dict[str, Any]:
    """Run a row's command. Raises CalledProcessError if it fails; its own words are on stderr."""
    program, *arguments = shlex.split(row.command)
    tool = Path(sys.executable).with_name(program)
    done = subprocess.run([tool, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)["cells"]
    return found


def scaled(joules: float, volts: float) -> float:
    """Energy at 65 nm by C·V²."""
    return joules * ASIC_NM / FROM_NM * (TO_VOLTS / volts) ** 2


def recipes(store: dict[str, Any]) -> str:
    """A line for each recipe."""
    heads = ("recipe", "mm²", "of it delays", "flip-flops", "MHz, up to", "mW at 100 MHz", "pJ an element")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in RECIPES:
        found = store[row.command]
        total, storage, power = found["area"]["total"], found["area"]["storage"], found["power"]
        cells = (
            row.text,
            f"{total['area'] / 1e6:.3f}",
            f"{storage['area'] / total['area']:.0%}",
            f"{total['flops']:,}",
            f"{found['timing']['fmax']:.0f}",
            f"{1000 * power['watts']:.0f}",
            f"{1e12 * power['joules_per_element']:.0f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", tools(store, RECIPES)])


def stages(store: dict[str, Any]) -> str:
    """Area and power of each stage of the quantizing recipes."""
    heads = ("recipe", "stage", "mm²", "share", "mW at 100 MHz")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in RECIPES:
        found = store[row.command]
        if len(found["area"]["stages"]) < 4:
            continue
        for name, entry in sorted(found["area"]["stages"].items(), key=lambda item: _index(item[0])):
            share = entry["area"] / found["area"]["total"]["area"]
            if share < 0.001:
                continue
            watts = f"{1000 * found['power']['stages'][name]:.1f}"
            cells = (row.text, f"`{name}`", f"{entry['area'] / 1e6:.3f}", f"{share:.1%}", watts)
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _index(stage: str) -> int:
    """A stage's place in the pipeline; what is before all stages comes first."""
    number = stage.rpartition("_")[2]
    return int(number) if number.isdigit() else -1


def beside(store: dict[str, Any]) -> str:
    """The 64-point core beside the ASIC."""
    heads = ("64 points of 8 bits", "clock, MHz", "mm²", "0.18 µm, 1.8 V: nJ a frame", "C·V² to 65 nm, 1.2 V",
             "of 2.4 nJ")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in BESIDE:
        found = store[row.command]
        power = found["power"]
        joules = power["joules_per_frame"]
        other = scaled(joules, power["voltage"])
        cells = (
            row.text,
            f"{found['clock']:g}",
            f"{found['area']['total']['area'] / 1e6:.3f}",
            f"{1e9 * joules:.2f}",
            f"{1e9 * other:.2f}",
            f"{other / ASIC_JOULES:.0%}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tools(store: dict[str, Any], rows: tuple[Row, ...]) -> str:
    """What measured them."""
    found = {f"{name} {text}" for row in rows for name, text in store[row.command]["tools"].items()}
    return f"({', '.join(sorted(found))})"


TABLES = {"recipes": recipes, "stages": stages, "beside": beside}


def page(text: str, store: dict[str, Any]) -> str:
    """The page with all its tables."""
    for name, table in TABLES.items():
        text = place(text, name, table(store))
    return text


def main() -> None:
    """Measure, and write the store and the page."""
    wanted = " ".join(sys.argv[1:])
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for row in (*RECIPES, *BESIDE):
        if wanted in row.command:
            print(row.command, file=sys.stderr, flush=True)
            store[row.command] = measure(row)
            STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
