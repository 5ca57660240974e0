"""The tables of gate_level.md: netlists after synthesis and after place and route, in the bench, against the
exact result.

    python docs/gates.py            run everything again: half an hour
    python docs/gates.py gowin      only rows with this text in them
    python docs/gates.py --new      only what is not in gates.json yet

What was seen goes to gates.json, and from there into the page, which a test compares.
"""

import json
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marks import place

from hadacast.core.top import AxiTop
from hadacast.recipe import load
from hadacast.sim import compare, run_gates, soak
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.netlist import roles
from hadacast.tools import yosys

DOCS = Path(__file__).parent
STORE = DOCS / "gates.json"
PAGE = DOCS / "gate_level.md"

FAMILIES = {"ice40": "iCE40", "ecp5": "ECP5", "gowin": "Gowin"}
ELEMENTS = 10_000
"""Sent to each netlist, about."""

OPTIONS = {"-n": "stream.frame", "-p": "stream.lanes", "-w": "input.width"} | {
    f"--{name}": f"stage.fwht.{name}" for name in ("storage", "registers")
}


@dataclass(frozen=True)
class Row:
    """A configuration, as one would write it behind `hadacast simulate`, and what is in it for people."""

    command: str
    what: str
    placed: tuple[str, ...] = ()
    """Families for which it is placed, too: pads are needed, and Gowin's package has few."""
    families: tuple[str, ...] = ("ice40", "ecp5", "gowin")

    @property
    def pipeline(self) -> Pipeline:
        """Its spec."""
        recipe, *rest = shlex.split(self.command)
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return load(recipe, [f"{OPTIONS[option]}={value}" for option, value in pairs]).pipeline


ROWS = (
    Row("rotate128 -n 16 -p 1 -w 8", "one lane", ("ice40", "ecp5", "gowin")),
    Row("rotate128 -n 64 -p 2 -w 8", "two lanes", ("ice40", "ecp5")),
    Row("rotate128 -n 64 -p 4", "holding butterflies, 16 bits"),
    Row("rotate128 -n 32 -p 8 -w 8 --registers 2", "eight lanes, two registers a stage"),
    Row("rotate128 -n 64 -p 1 -w 8 --storage bram", "delays in block RAM", ("ice40", "ecp5", "gowin")),
    Row("nvfp4_rht16 -p 2 -w 8", "folded signs, NVFP4"),
    Row("int4_token128 -n 32 -p 2 -w 8", "INT4, frames in block RAM"),
    Row("mxfp4_32 -p 1 -w 8", "MXFP4"),
    Row("svdquant_int4 -p 1 -w 8", "gain: a multiplier", families=("ecp5",)),
)

RAMS = ("lut_ram", "block_ram", "multiplier")


def measure(row: Row, family: str, placed: bool) -> dict[str, Any]:
    """Run a configuration's netlist under gaps, stalls, resets and broken frames."""
    spec = row.pipeline
    top = AxiTop(spec)
    began = time.monotonic()
    made = run_gates.netlist(top, family, placed=placed)
    sent = soak.stimulus(spec, soak.Plan(batch=ELEMENTS), 0)
    trace = run_gates.run(made, top, sent)
    result = compare(spec, sent, trace)
    counted = roles(dict(made.cells))
    return {
        "cells": sum(made.cells.values()),
        **{name: counted[name] for name in RAMS},
        "samples": result.samples,
        "frames": result.frames,
        "dropped": result.dropped,
        "resets": len(sent.resets),
        "cycles": trace.cycles,
        "cycles_per_second": round(trace.cycles_per_second),
        "mismatches": result.mismatches,
        "problems": list(result.problems),
        "seconds": round(time.monotonic() - began),
        "tools": {"Yosys": yosys.version(), "simulator": soak.simulator()},
    }


def key(row: Row, family: str, placed: bool = False) -> str:
    """The name of a run in the store."""
    return f"{family}{' placed' if placed else ''}: {row.command}"


def runs() -> list[tuple[Row, str, bool]]:
    """All that is to be run."""
    levels = [(row, family, False) for row in ROWS for family in row.families]
    return levels + [(row, family, True) for row in ROWS for family in row.placed]


def table(store: dict[str, Any], family: str) -> str:
    """A line for each configuration of a family."""
    heads = ("recipe", "what", "cells", "LUT RAM", "block RAM", "multipliers", "samples", "dropped",
             "synthesized", "placed")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---|---" + "|---:" * 6 + "|---|---|"]
    for row in ROWS:
        found = store.get(key(row, family))
        if found is None:
            continue
        cells = (
            f"`{row.command}`",
            row.what,
            f"{found['cells']:,}",
            *(f"{found[name]:,}" for name in RAMS),
            f"{found['samples']:,}",
            f"{found['dropped']:,}",
            verdict(found),
            verdict(store.get(key(row, family, True))),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(found: dict[str, Any] | None) -> str:
    """One word on a run."""
    return "" if found is None else "**wrong**" if found["problems"] else "equal"


def page(text: str, store: dict[str, Any]) -> str:
    """The page with all its tables."""
    for family in FAMILIES:
        text = place(text, family, table(store, family))
    return text


def main() -> None:
    """Run, and write the store and the page."""
    new = "--new" in sys.argv
    wanted = " ".join(word for word in sys.argv[1:] if word != "--new")
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for run in runs():
        name = key(*run)
        if wanted in name and not (new and name in store):
            print(name, file=sys.stderr, flush=True)
            store[name] = measure(*run)
            STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    if PAGE.exists():
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
