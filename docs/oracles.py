"""The tables of oracles.md: hadacast's codes beside those of other packages and of the definitions.

    python docs/oracles.py              compare everything again: some twenty minutes
    python docs/oracles.py -n MXFP4     only comparisons with this text in them

What was found goes to oracles.json, and from there into the tables, which a test compares. The comparisons
themselves are those of the tests, tests/sw_ref/oracles; torch, torchao, Transformer Engine, ml_dtypes and
gfloat are needed: pip install -e '.[dev,oracles]'.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
STORE = DOCS / "oracles.json"
PAGE = DOCS / "oracles.md"

sys.path.append(str(DOCS.parent / "tests"))
from sw_ref.oracles import cases, packages  # noqa: E402
from sw_ref.oracles.catalogue import COMPARISONS  # noqa: E402

DISTRIBUTIONS = ("numpy", "ml_dtypes", "gfloat", "torch", "torchao", "transformer_engine")


def compare(wanted: str, store: dict[str, Any]) -> None:
    """Run comparisons at their full size, and keep their sums."""
    for comparison in COMPARISONS:
        if wanted not in str(comparison):
            continue
        start = time.monotonic()
        store["comparisons"][str(comparison)] = {
            oracle: {
                "compared": tally.compared,
                "unexplained": tally.unexplained,
                "explained": {name: count for name, count in tally.explained.items() if count},
            }
            for oracle, tally in comparison.tally(comparison.most).items()
        }
        print(f"{comparison}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        save(store)


def show_cases(store: dict[str, Any]) -> None:
    """Run the single cases."""
    store["cases"] = {name: {case.text: case.run() for case in table} for name, table in cases.TABLES.items()}


def save(store: dict[str, Any]) -> None:
    STORE.write_text(json.dumps(store, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def case_table(rows: dict[str, dict[str, str]]) -> str:
    """A line for each case, a column for each oracle; bold where one isn't hadacast's."""
    columns = list(dict.fromkeys(column for cells in rows.values() for column in cells))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for text, cells in rows.items():
        shown = []
        for column in columns:
            cell, ours = cells.get(column, ""), cells.get(beside(column, columns), "")
            differs = any(
                mine != other != "–" for mine, other in zip(ours.split(), cell.split(), strict=False)
            )
            shown.append(f"**{cell}**" if differs else cell)
        lines.append(f"| {text} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def beside(column: str, columns: list[str]) -> str:
    """The column of hadacast's that one is compared with: its own for a library whose arithmetic it has."""
    if column == "hadacast" or column.startswith("hadacast, "):
        return columns[0]
    named = {"torchao": "hadacast, torchao", "Transformer Engine": "hadacast, transformer_engine"}
    own = named.get(column, columns[0])
    return own if own in columns else columns[0]


def count_table(store: dict[str, Any]) -> str:
    """A line for each format or setting: codes compared, by oracle, and what differs."""
    rows: dict[tuple[str, str], dict[str, list[int]]] = {}
    for comparison in COMPARISONS:
        row = rows.setdefault((comparison.group, comparison.row or comparison.name), {})
        for oracle, found in store["comparisons"][str(comparison)].items():
            sums = row.setdefault(oracle, [0, 0, 0])
            sums[0] += found["compared"]
            sums[1] += found["unexplained"]
            sums[2] += sum(found["explained"].values())
    lines = ["| | | codes compared | differ by a rule | differ otherwise |", "|---" * 5 + "|"]
    for (group, name), row in rows.items():
        compared = ", ".join(f"{oracle} {_millions(sums[0])}" for oracle, sums in row.items())
        explained = ", ".join(f"{oracle} {sums[2]:,}" for oracle, sums in row.items() if sums[2])
        wrong = sum(sums[1] for sums in row.values())
        lines.append(f"| {group} | {name} | {compared} | {explained or '0'} | {wrong:,} |")
    return "\n".join(lines)


def rule_table(store: dict[str, Any]) -> str:
    """A line for each rule: who follows it, where, and how often."""
    rules: dict[str, dict[str, int]] = {}
    for found in store["comparisons"].values():
        for oracle, sums in found.items():
            for name, count in sums["explained"].items():
                row = rules.setdefault(name, {})
                row[oracle] = row.get(oracle, 0) + count
    lines = ["| rule | codes that differ by it |", "|---|---|"]
    for name, row in rules.items():
        lines.append(f"| {name} | {', '.join(f'{oracle} {count:,}' for oracle, count in row.items())} |")
    return "\n".join(lines)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 10**6 else f"{count:,}"


def page(text: str, store: dict[str, Any]) -> str:
    """The page with its tables."""
    for name, rows in store["cases"].items():
        text = place(text, name, case_table(rows))
    text = place(text, "counts", count_table(store))
    text = place(text, "rules", rule_table(store))
    versions = ", ".join(f"{name} {version}" for name, version in store["versions"].items())
    return place(text, "versions", f"({versions})")


def place(text: str, name: str, new: str) -> str:
    """A page with the part between two marks replaced."""
    start, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no marks for {name}")
    return f"{before}{start}{new}{end}{after}"


def main() -> None:
    """Compare, and write the store and the page."""
    missing = [name for name in packages.NEEDS if not packages.installed(name)]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}")
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {"comparisons": {}}
    names = {str(comparison) for comparison in COMPARISONS}
    store["comparisons"] = {name: found for name, found in store["comparisons"].items() if name in names}
    store["versions"] = {name: packages.version(name) for name in DISTRIBUTIONS}
    show_cases(store)
    compare(" ".join(argument for argument in sys.argv[1:] if argument != "-n"), store)
    save(store)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    main()
