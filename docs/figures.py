"""The measured tables of transform.md, quantize.md, sparse.md and boards.md.

    python docs/figures.py              measure everything again: an hour or more
    python docs/figures.py -n 8         only commands with this text in them

Each row is one `hadacast synth` command. What it measured goes to figures.json, and from there into the
tables, which a test compares.
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
STORE = DOCS / "figures.json"

CORE = "hadacast synth rotate128 -n 64 -p 4 -d ecp5-85k"


@dataclass(frozen=True)
class Row:
    """A line of a table: its first cell, and the command that measures it."""

    text: str
    command: str


ROWS = {
    "transform.md": (
        Row("defaults: N = 64, P = 4, 16-bit", CORE),
        Row("`registers = 0`", f"{CORE} --registers 0"),
        Row("`registers = 2`", f"{CORE} --registers 2"),
        Row("`stall_span = 2`", f"{CORE} --set stage.fwht.stall_span=2"),
        Row('`storage = "ff"`', f"{CORE} --storage ff"),
        Row('`storage = "bram"`', f"{CORE} --storage bram"),
        Row("P = 1", "hadacast synth rotate128 -n 64 -p 1 -d ecp5-85k"),
        Row("P = 8", "hadacast synth rotate128 -n 64 -p 8 -d ecp5-85k"),
    ),
    "quantize.md": tuple(
        Row(f"`{name}`", f"hadacast synth {name} -d ecp5-45k")
        for name in (
            "nvfp4_rht16",
            "mxfp4_32",
            "int4_token128",
        )
    ),
    "sparse.md": (Row("`sparse65536`", "hadacast synth sparse65536 -d ecp5-45k"),),
    "boards.md": (
        Row("`decoder128`", "hadacast synth decoder128 --board icebreaker"),
        Row("`imaging4096`", "hadacast synth imaging4096 --board ulx3s_85f"),
        Row("`rotate4096`", "hadacast synth rotate4096 --board ulx3s_85f"),
        Row("`rht16`", "hadacast synth rht16 --board ulx3s_85f"),
        Row("`head128`", "hadacast synth head128 --board ulx3s_85f"),
        Row("`rotate32`", "hadacast synth rotate32 --board ulx3s_85f"),
    ),
}

LOGIC = ("TRELLIS_COMB", "ICESTORM_LC", "LUT4")
FLIPFLOPS = ("TRELLIS_FF", "DFF")
BLOCK_RAM = ("DP16KD", "ICESTORM_RAM", "BSRAM")


def measure(row: Row) -> dict[str, Any]:
    """Run a row's command. Raises CalledProcessError if it fails; its own words are on stderr."""
    program, *arguments = shlex.split(row.command)
    tool = Path(sys.executable).with_name(program)
    out = ["--out", "build/docs"] if "--board" in arguments else []
    done = subprocess.run([tool, *arguments, *out, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    document = json.loads(done.stdout)
    keys = ("utilization", "median_fmax", "fmax", "port_fmax", "clock", "board", "tools")
    found = document.get("synthesis") or document["bitstream"]
    return {key: found[key] for key in keys if key in found}


def used(figures: dict[str, Any], kinds: Sequence[str]) -> str:
    """How many sites of the first of these kinds are used."""
    counts = [figures["utilization"][kind]["used"] for kind in kinds if kind in figures["utilization"]]
    return f"{counts[0]:,}" if counts else "0"


def table(page: str, store: dict[str, Any]) -> str:
    """A page's table, from what was measured."""
    core = page != "boards.md"
    heads = (
        ("", "logic cells", "flip-flops", "block RAMs", "clock, MHz")
        if core
        else ("recipe", "board", "logic cells", "block RAMs", "clock, MHz", "timing allows, MHz")
    )
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in ROWS[page]:
        figures = store[row.command]
        logic, ram = used(figures, LOGIC), used(figures, BLOCK_RAM)
        if core:
            cells = [row.text, logic, used(figures, FLIPFLOPS), ram, f"{figures['median_fmax']:.0f}"]
        else:
            board, clock = f"`{figures['board']}`", f"{figures['clock']:g}"
            cells = [row.text, board, logic, ram, clock, f"{figures['fmax']:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    tools = {f"{name} {text}" for row in ROWS[page] for name, text in store[row.command]["tools"].items()}
    words = sorted(text.replace("nextpnr-0", "0") for text in tools)
    return "\n".join([*lines, "", f"({', '.join(words)})"])


def place(text: str, new: str) -> str:
    """A page with the part between its two marks replaced."""
    start, end = "<!-- figures -->\n", "\n<!-- end of figures -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError("the page has no marks")
    return f"{before}{start}{new}{end}{after}"


def main() -> None:
    """Measure, and write the store and the pages."""
    wanted = " ".join(sys.argv[1:])
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for rows in ROWS.values():
        for row in rows:
            if wanted in row.command:
                print(row.command, file=sys.stderr, flush=True)
                store[row.command] = measure(row)
                STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    for page in ROWS:
        path = DOCS / page
        path.write_text(place(path.read_text(encoding="utf-8"), table(page, store)), encoding="utf-8")


if __name__ == "__main__":
    main()
