"""The table of equivalence.md: cores whose netlists are proved equal to their Verilog.

    python docs/equivalence.py            prove everything again: a quarter of an hour
    python docs/equivalence.py ice40 16   only what has all these texts in its name

What was found goes to equivalence.json, and from there into the page, which a test compares.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from marks import place

from hadacast.prove.equivalence import Configuration, equivalences
from hadacast.synth.devices import device
from hadacast.tools import yosys

DOCS = Path(__file__).parent
STORE = DOCS / "equivalence.json"
PAGE = DOCS / "equivalence.md"


def table(store: dict[str, Any]) -> str:
    """A line for each configuration."""
    heads = ("device", "recipe", "netlist cells", "bits of state: Verilog, netlist", "verdict", "seconds")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for configuration in equivalences():
        found = store[configuration.name]
        cells = (
            device(configuration.device).title,
            f"`{command(configuration)}`",
            f"{found['cells']:,}",
            "{:,}, {:,}".format(*found["registers"]),
            found["verdict"],
            f"{found['seconds']:.0f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    engines = {entry["engine"] for entry in store.values()} | {entry["tools"] for entry in store.values()}
    return "\n".join([*lines, "", f"({'; '.join(sorted(engines))})"])


def command(configuration: Configuration) -> str:
    """The recipe and its overrides, as on the command line."""
    short = {"stream.frame": "-n", "stream.lanes": "-p", "input.width": "-w"}
    words = [configuration.recipe]
    for text in configuration.overrides:
        key, _, value = text.partition("=")
        words += [short[key], value] if key in short else ["--set", text]
    return " ".join(words)


def page(text: str, store: dict[str, Any]) -> str:
    """The page with its table replaced."""
    return place(text, "proofs", table(store))


def main() -> None:
    """Prove, and write the store and the page."""
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for configuration in equivalences():
        if all(word in configuration.name for word in sys.argv[1:]):
            print(configuration.name, file=sys.stderr, flush=True)
            result = asdict(configuration.prove())
            print(" ", result["verdict"], result["seconds"], file=sys.stderr, flush=True)
            store[configuration.name] = result | {"tools": f"yosys {yosys.version()}"}
            STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    if all(configuration.name in store for configuration in equivalences()):
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
