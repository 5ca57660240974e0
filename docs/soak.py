"""The table of soak.md: 10^9 samples of each of four recipes through Verilator.

    python docs/soak.py                    run what isn't done yet: an hour; ended, it goes on
    python docs/soak.py --folder FOLDER    the same with what is done in this folder
    python docs/soak.py int4_token128      only this recipe

What was seen goes to soak.json, and from there into the page, which a test compares.
"""

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from marks import place

DOCS = Path(__file__).parent
STORE = DOCS / "soak.json"
PAGE = DOCS / "soak.md"

SAMPLES = 10**9
RECIPES = {
    "rotate128": "transform of 128 points",
    "nvfp4_rht16": "signs, transform, NVFP4",
    "int4_token128": "transform, INT4 with a scale for each frame, block RAM",
    "mxfp8_32": "MXFP8, frames held at the entrance",
}


def measure(recipe: str, more: list[str]) -> dict[str, Any]:
    """Soak a recipe, from where it was ended. Raises CalledProcessError if anything is wrong."""
    tool = Path(sys.executable).with_name("hadacast")
    command = [tool, "soak", recipe, "--samples", str(SAMPLES), "--json", *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)["soak"]
    return {**kept(found), "per_core": per_core(recipe)}


def per_core(recipe: str) -> int:
    """Samples compared in a second of a processor's time, whatever else the machine does."""
    tool = Path(sys.executable).with_name("hadacast")
    with tempfile.TemporaryDirectory() as folder:
        command = [tool, "soak", recipe, "--jobs", "1", "--folder", folder, "--json"]
        used, samples = [], []
        for wanted in (1, 20_000_000):  # the first compiles the simulator
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [*command, "--samples", str(wanted)], stdout=subprocess.PIPE, text=True, check=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            samples.append(json.loads(done.stdout)["soak"]["samples"])
    return round((samples[1] - samples[0]) / used[1])


def kept(found: dict[str, Any]) -> dict[str, Any]:
    """What of a run's figures the store keeps: all but where its state is on this machine."""
    return {name: value for name, value in found.items() if name not in ("state", "wanted")}


def table(store: dict[str, Any]) -> str:
    """A line for each recipe."""
    heads = ("recipe", "what", "samples", "mismatches", "frames", "broken frames", "resets", "clocks",
             "samples/s", "for each core")  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---|---" + "|---:" * 8 + "|"]
    for recipe, what in RECIPES.items():
        found = store[recipe]
        cells = (
            f"`{recipe}`",
            what,
            f"{found['samples']:,}",
            f"{found['mismatches']:,}",
            f"{found['frames']:,}",
            f"{found['dropped']:,}",
            f"{found['resets']:,}",
            f"{found['cycles']:,}",
            f"{found['samples_per_second']:,}",
            f"{found['per_core']:,}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    simulators = sorted({found["simulator"] for found in store.values()})
    return "\n".join([*lines, "", f"({', '.join(simulators)})"])


def page(text: str, store: dict[str, Any]) -> str:
    """The page with its table."""
    return place(text, "soak", table(store))


def main() -> None:
    """Run, and write the store and the page."""
    words = sys.argv[1:]
    more = []
    if "--folder" in words:
        at = words.index("--folder")
        more = words[at : at + 2]
        del words[at : at + 2]
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for recipe in RECIPES:
        if not words or recipe in words:
            print(recipe, file=sys.stderr, flush=True)
            store[recipe] = measure(recipe, more)
            STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
