"""The table of methods.md: every published method, held to its definition and its hardware, and measured.

    python docs/catalogue.py            everything again: hours, most of them place and route
    python docs/catalogue.py -n quarot    only recipes with this text in their names
    python docs/catalogue.py --missing    only those that have changed since, or never were
    python docs/catalogue.py --table      only the page, from what is stored

What was found goes to sw_ref/hadacast/recipes/methods.json, which `hadacast list --methods` shows, and from
there into the page, which a test compares. Definitions are those of the tests, tests/methods.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from hadacast import recipe as recipes
from hadacast.cli import methods as shipped
from hadacast.method import RESULTS
from hadacast.packed import Packed

DOCS = Path(__file__).parent
STORE = DOCS.parent / "sw_ref/hadacast/recipes" / RESULTS
PAGE = DOCS / "methods.md"
VALUES, ELEMENTS = 1_000_000, 20_000
DEVICE, SEEDS = "ecp5-85k", "1"
WORKERS = 2
BEGIN, END = "<!-- methods -->", "<!-- end -->"

sys.path.append(str(DOCS.parent / "tests"))


def digest(name: str) -> str:
    """Of a recipe's text: whether what is stored is about it."""
    return hashlib.sha256(recipes.catalogue()[name].read_bytes()).hexdigest()[:16]


def checked(name: str) -> dict[str, Any]:
    """A recipe beside its definition and its hardware, and what its quantizer does to activations."""
    import methods.definitions  # noqa: F401, it registers them
    from methods import bench, hardware

    spec = recipes.load(name).pipeline
    outcome = bench.compare(name, VALUES, seed=2)
    runs = hardware.check(spec, ELEMENTS, "cxxrtl")
    found: dict[str, Any] = {
        "recipe_digest": digest(name),
        "definition": {"compared": outcome.compared, "mismatches": outcome.mismatches},
        "hardware": {
            "samples": sum(run.samples for run in runs),
            "mismatches": sum(max(run.mismatches, len(run.problems)) for run in runs),
        },
    }
    return found | ratios(name)


def ratios(name: str) -> dict[str, Any]:
    """Signal over noise of a recipe's last quantizer on the whole sample, rotated and not; {} without one."""
    from methods import bench

    from hadacast.report import quantization

    spec = recipes.load(name).pipeline
    if isinstance(spec.input, Packed):
        return {}
    figures = quantization.report(spec, bench.sample(spec))
    if not figures:
        return {}
    rotated, plain = figures[-1]["rotated"], figures[-1]["unrotated"]
    return {"sqnr_db": rotated["sqnr_db"], "unrotated_sqnr_db": plain["sqnr_db"] if plain else None}


def synthesized(name: str) -> dict[str, Any]:
    """Area and clock of the core alone."""
    command = [Path(sys.executable).with_name("hadacast"), "synth", name, "-d", DEVICE, "--seeds", SEEDS]
    done = subprocess.run([*command, "--no-ports", "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr}")
    result = json.loads(done.stdout)["synthesis"]
    return {
        "recipe_digest": digest(name),
        "device": DEVICE,
        "seeds": SEEDS,
        "logic_cells": result["logic_cells"],
        "block_rams": result["roles"].get("block_ram", 0),
        "multipliers": result["roles"].get("multiplier", 0),
        "median_fmax": result["median_fmax"],
        "tools": result["tools"],
    }


def table(store: dict[str, Any]) -> str:
    """A line for each recipe."""
    heads = ("method", "recipe", "status", "transform", "codes", "scale", "rounding", "definition")
    heads += ("hardware", "cells", "MHz", "SQNR, dB")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, chosen in shipped.catalogue().items():
        shown, found = shipped.row(name, chosen), store.get(name) or {}
        area = found.get("area") or {}
        plain, sqnr = found.get("unrotated_sqnr_db"), found.get("sqnr_db")
        cells = [
            shown["system"],
            f"`{name}`",
            *(shown[key] for key in ("status", "transform", "format", "scale", "rounding")),
            verdict(found.get("definition"), "compared"),
            verdict(found.get("hardware"), "samples"),
            f"{area['logic_cells']:,}" if area else "",
            f"{area['median_fmax']:.0f}" if area else "",
            "" if sqnr is None else f"{sqnr:.1f}" if plain is None else f"{plain:.1f} → {sqnr:.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(found: dict[str, int] | None, count: str) -> str:
    """Mismatches of numbers compared."""
    return f"{found['mismatches']:,} of {found[count]:,}" if found else ""


def notes() -> str:
    """What runs online and what is left out, a line for each recipe."""
    lines = ["| recipe | runs online, in the core | held to | elsewhere, or missing |", "|---|---|---|---|"]
    for name, chosen in shipped.catalogue().items():
        shown = shipped.row(name, chosen)
        part = "**In part.** " if shown["status"] == "part" else ""
        lines.append(f"| `{name}` | {shown['online']} | {shown['oracle']} | {part}{shown['left_out']} |")
    return "\n".join(lines)


def place(text: str, store: dict[str, Any]) -> str:
    """The page with its tables."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"no marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(store)}\n\n{notes()}\n{END}{after}"


def save(store: dict[str, Any]) -> None:
    """The store, without recipes that are gone, and the page."""
    ordered = {name: store[name] for name in sorted(store) if name in shipped.catalogue()}
    STORE.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(place(PAGE.read_text(encoding="utf-8"), ordered), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-n", "--name", default="")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--no-area", action="store_true")
    options = parser.parse_args()
    store = json.loads(STORE.read_text(encoding="utf-8"))
    wanted = [] if options.table else [name for name in shipped.catalogue() if options.name in name]

    def fresh(name: str, found: dict[str, Any] | None) -> bool:
        return bool(options.missing and found and found.get("recipe_digest") == digest(name))

    for name in wanted:
        kept = store.get(name)
        if not fresh(name, kept):
            start = time.monotonic()
            store[name] = checked(name) | {"area": (kept or {}).get("area")}
            save(store)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    todo = [name for name in wanted if not fresh(name, store[name].get("area"))]
    # Place and route takes one core of a machine.
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = {pool.submit(synthesized, name): name for name in ([] if options.no_area else todo)}
        for done in as_completed(jobs):
            store[jobs[done]]["area"] = area = done.result()
            save(store)
            print(f"{jobs[done]}: {area['logic_cells']:,} cells", file=sys.stderr, flush=True)
    save(store)


if __name__ == "__main__":
    main()
