"""The tables of mutation.md: what `hadacast mutate` says of some recipes.

    python docs/mutation.py             run everything again: half an hour
    python docs/mutation.py nvfp4       only commands with this text in them
    python docs/mutation.py --page      only write the page from what is stored

What was found goes to mutation.json, and from there into the page, which a test compares. Survivors that the
command couldn't prove equal are explained in REASONS, by hand.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from marks import place

DOCS = Path(__file__).parent
STORE = DOCS / "mutation.json"
PAGE = DOCS / "mutation.md"

# Small enough for a proof about each survivor.
COMMANDS = (
    "hadacast mutate rotate128 -n 32 --storage lutram --mutants 530 --prove 60",
    "hadacast mutate int4_token128 -n 8 -p 4 -w 8 --set input.fraction=4 --set stage.quantize.storage=ff"
    " --mutants 580 --prove 60",
    "hadacast mutate mxfp4_32_bf16 -n 8 -p 2 --set stage.quantize.group=4 --set stage.align.guard=4"
    " --mutants 560 --prove 60",
    "hadacast mutate nvfp4_rht16 -p 4 -w 8 --set input.fraction=4 --mutants 535 --prove 60",
)

_THERE = (
    "Equal: a beat is popped only with its group's scale, which comes long after it. So the queue's valid "
    "is 1 whenever it matters."
)
_TWICE = (
    "Equal: the next beat of the frame inverts the bit back. A group has two beats here, and its exponent is "
    "taken with the second."
)
REASONS: dict[tuple[str, int], str] = {
    ("mxfp4_32_bf16", 185): (
        "No fault in simulation: two choices of a multiplexer are on at a time, for a shift by 3, and the "
        "last one counts. In gates, where both would, it is one."
    ),
    ("mxfp4_32_bf16", 364): _THERE,
    ("mxfp4_32_bf16", 384): _THERE,
    ("mxfp4_32_bf16", 443): (
        "Equal: words also move in gaps within a frame, and there are none: it comes from the queue in which "
        "it has waited to be whole."
    ),
    ("mxfp4_32_bf16", 457): _TWICE,
    ("mxfp4_32_bf16", 469): (
        "Equal: the distance counts where the scale's code would be above 254. There it is 5, 6 or 7, and "
        "its bit 2 is 1."
    ),
    ("mxfp4_32_bf16", 530): _TWICE,
    ("int4_token128", 103): (
        "Equal: the sign bit counts for a magnitude of 1,024 only, which no frame reaches in another lane "
        "than the first."
    ),
    ("int4_token128", 474): (
        "Equal: where the magnitude in lane 0 is 1,024, all others are 0. 1 instead of it rounds to the same "
        "code."
    ),
    ("int4_token128", 504): (
        "Equal: behind a dropped frame nothing waits at the output. So the two beats of the next frame leave "
        "in two clocks, and its mark lasts until the second."
    ),
    ("rotate128", 445): (
        "Equal: between beats it writes to the place of the next one. What was there has been read ahead by "
        "then, and the next beat overwrites it."
    ),
    ("nvfp4_rht16", 154): (
        "Equal: a magnitude with the top bit is above the steps that choose the comparison, and then the "
        "other one counts."
    ),
    ("nvfp4_rht16", 191): (
        "Equal: the row is that of significand 15/8, which E4M3 hasn't at its highest exponent. So it is "
        "shifted right by 1 or more, and 259 and 258 become one."
    ),
    ("nvfp4_rht16", 195): (
        "No fault: while the receiver stalls, the core takes a beat less before it stalls too. No rate or "
        "result depends on it."
    ),
    ("nvfp4_rht16", 248): _THERE,
    ("nvfp4_rht16", 430): (
        "Equal: the mark of a frame's last beat can end early, while that beat is waited for; its word has "
        "the mark of the beat before too."
    ),
    ("nvfp4_rht16", 432): _THERE,
    ("nvfp4_rht16", 471): (
        "Equal: wrong for shifts by 8 and 12 only. A shift by 8 comes with a largest magnitude of 1, whose "
        "row has thresholds below 256: zeros, as by 9 and by 12."
    ),
}
"""By recipe and number of the mutant: why it survives, for those that aren't proved equal."""

CHECKS = {
    "data": "a wrong value",
    "tlast": "TLAST",
    "tuser": "TUSER",
    "missing": "beats that don't come out",
    "surplus": "beats too many",
    "refused": "beats never taken",
    "hung": "a core that hangs",
    "late": "a beat offered too late",
    "frame_error": "pulses of frame_error",
    "rule": "a stream rule broken",
    "latency": "another latency",
    "rate": "less than a beat in each clock",
}


def recipes(store: dict[str, Any]) -> str:
    """A line for each command."""
    heads = ("command", "mutants", "found", "proved equal", "neither", "found, of those not equal")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    total = dict.fromkeys(("mutants", "killed", "equal", "left"), 0)
    for command in COMMANDS:
        found = store[command]
        total = {name: count + found[name] for name, count in total.items()}
        lines.append(_line(f"`{command}`", found))
    return "\n".join([*lines, _line("together", total)])


def _line(text: str, found: dict[str, Any]) -> str:
    score = found["killed"] / (found["mutants"] - found["equal"])
    counts = (f"{found[name]:,}" for name in ("mutants", "killed", "equal", "left"))
    return f"| {text} | {' | '.join(counts)} | {score:.2%} |"


def checks(store: dict[str, Any]) -> str:
    """Which check found how many."""
    counts = {name: sum(store[c]["checks"].get(name, 0) for c in COMMANDS) for name in CHECKS}
    lines = ["| found by | mutants |", "|---|---|"]
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        if count:
            lines.append(f"| {CHECKS[name]} | {count:,} |")
    return "\n".join(lines)


def survivors(store: dict[str, Any]) -> str:
    """Those that are neither found nor proved equal, and why."""
    lines = ["| recipe | fault | where | why it survives |", "|---|---|---|---|"]
    for command in COMMANDS:
        for found in store[command]["survivors"]:
            if found["proof"] == "equal":
                continue
            recipe = store[command]["recipe"]["name"]
            where = f"{found['kind']} {found['port']}[{found['bit']}]" if found["port"] else found["kind"]
            cells = (
                f"`{recipe}`",
                f"`{found['place']}`, {where}: {found['what']}",
                f"`{found['source']}`",
                REASONS.get((recipe, found["number"]), "(not explained yet)"),
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) if len(lines) > 2 else "(There are none.)"


def equal(store: dict[str, Any]) -> str:
    """Those proved equal, by fault."""
    counts: dict[tuple[str, str], int] = {}
    for command in COMMANDS:
        for found in store[command]["survivors"]:
            if found["proof"] == "equal":
                key = (found["source"] or "(made by Yosys)", f"{found['kind']} {found['what']}")
                counts[key] = counts.get(key, 0) + 1
    lines = ["| source | fault | mutants |", "|---|---|---|"]
    lines += [f"| `{source}` | {what} | {count} |" for (source, what), count in sorted(counts.items())]
    return "\n".join(lines)


TABLES = {"recipes": recipes, "checks": checks, "survivors": survivors, "equal": equal}


def page(text: str, store: dict[str, Any]) -> str:
    """The page with all its tables."""
    for name, table in TABLES.items():
        text = place(text, name, table(store))
    return text


def main() -> None:
    """Run, and write the store and the page."""
    words = sys.argv[1:]
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    for command in COMMANDS:
        if "--page" not in words and all(word in command for word in words):
            print(command, file=sys.stderr, flush=True)
            program, *arguments = shlex.split(command)
            tool = Path(sys.executable).with_name(program)
            done = subprocess.run([tool, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=True)
            # Another may have run meanwhile.
            store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
            store[command] = json.loads(done.stdout)
            STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    if all(command in store for command in COMMANDS):
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
