"""The tables of prove.md: what `hadacast prove` said of every kind of stage, of their parts and of cores.

    python docs/prove.py              prove everything again, kind after kind: some hours
    python docs/prove.py fwht queue   only these kinds
    python docs/prove.py pvq --only flip-flops --timeout 600   only these of their configurations, for longer
    python docs/prove.py --missing    only the kinds of which a configuration isn't known yet
    python docs/prove.py --page       nothing: only write the page again

What was found goes to prove.json after each kind, so it can be stopped and go on; and from there into the
page, which a test compares.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from marks import place

DOCS = Path(__file__).parent
STORE = DOCS / "prove.json"
PAGE = DOCS / "prove.md"

COMMAND = ("hadacast", "prove", "--timeout", "200", "--jobs", "1", "--json")


def prove(kind: str, *options: str) -> list[dict[str, Any]]:
    """Run the command; its words are on stderr. A property that fails is in the document too."""
    program, *arguments = COMMAND
    tool = Path(sys.executable).with_name(program)
    done = subprocess.run([tool, *arguments, *options, kind], stdout=subprocess.PIPE, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)["properties"]
    return found


def merged(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The old properties, but for the configurations that are new."""
    known = {(record["kind"], record["text"]) for record in new}
    return [record for record in old if (record["kind"], record["text"]) not in known] + new


def _table(records: list[dict[str, Any]]) -> str:
    from hadacast.prove import campaign
    from hadacast.prove.subject import Record

    rows = campaign.rows(Record(**record) for record in records)
    lines = ["| " + " | ".join(campaign.HEADS[:-1]) + " |", "|---" * (len(campaign.HEADS) - 1) + "|"]
    before = None
    for kind, text, properties, verdict, engine, depth, _ in rows:
        shown = (f"`{kind}`", text or "–") if (kind, text) != before else ("", "")
        before = kind, text
        lines.append("| " + " | ".join((*shown, properties, verdict, engine, depth)) + " |")
    return "\n".join(lines)


def proved(store: list[dict[str, Any]]) -> str:
    """What holds for any number of clocks."""
    return _table([record for record in _ordered(store) if record["verdict"] == "proved"])


def unproved(store: list[dict[str, Any]]) -> str:
    """What doesn't hold, or isn't known to."""
    return _table([record for record in _ordered(store) if record["verdict"] != "proved"])


def kinds(store: list[dict[str, Any]]) -> str:
    """A line for each kind: how many properties of how many configurations."""
    lines = ["| component | configurations | all proved | properties | proved |", "|---|---|---|---|---|"]
    for kind in dict.fromkeys(record["kind"] for record in _ordered(store)):
        mine = [record for record in store if record["kind"] == kind]
        texts = {record["text"] for record in mine}
        left = {record["text"] for record in mine if record["verdict"] != "proved"}
        good = sum(record["verdict"] == "proved" for record in mine)
        lines.append(f"| `{kind}` | {len(texts)} | {len(texts - left)} | {len(mine)} | {good} |")
    return "\n".join(lines)


def _ordered(store: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of the list of subjects, stages first."""
    from hadacast.prove import catalogue

    kinds = {kind: number for number, kind in enumerate(catalogue.kinds())}
    texts = {(found.kind, found.text): number for number, found in enumerate(catalogue.subjects())}
    return sorted(
        (record for record in store if (record["kind"], record["text"]) in texts),
        key=lambda record: (kinds[record["kind"]], texts[record["kind"], record["text"]]),
    )


TABLES = {"kinds": kinds, "proved": proved, "unproved": unproved}


def page(text: str, store: list[dict[str, Any]]) -> str:
    """The page with all its tables."""
    for name, table in TABLES.items():
        text = place(text, name, table(store))
    return text


def dumps(store: list[dict[str, Any]]) -> str:
    """The store's text, a line for each property."""
    return "[\n" + ",\n".join(json.dumps(record, ensure_ascii=False) for record in store) + "\n]\n"


def missing(store: list[dict[str, Any]]) -> list[str]:
    """Kinds of which a configuration isn't in the store, or one is that there is no more."""
    from hadacast.prove import catalogue

    known = {(record["kind"], record["text"]) for record in store}
    listed = {(subject.kind, subject.text) for subject in catalogue.subjects()}
    return [kind for kind in catalogue.kinds() if kind in {kind for kind, _ in known ^ listed}]


def main() -> None:
    """Prove, and write the store and the page after each kind."""
    from hadacast.prove import catalogue

    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else []
    at = next((n for n, word in enumerate(sys.argv) if word in ("--only", "--timeout")), len(sys.argv))
    names, options = sys.argv[1:at] or list(catalogue.kinds()), sys.argv[at:]
    if names == ["--missing"]:
        names = missing(store)
    for name in names:
        if name != "--page":
            store = _ordered(merged(store, prove(name, *options)))
            STORE.write_text(dumps(store), encoding="utf-8")
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
