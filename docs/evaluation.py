"""The tables of evaluate.md, and one of quantize.md: what benchmarks/minilm.py measured.

python docs/evaluation.py        the pages from what is stored; benchmarks/minilm.py measures again
"""

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
STORE = DOCS / "minilm.json"

KINDS = {
    "qkv": "Q, K, V",
    "attn_out": "attention output",
    "mlp_up": "MLP up",
    "mlp_down": "MLP down",
}
CONTROL = "INT16 per token"
FEW = ("none", "full", "full, random signs")
# The blocks in which a quantizer's own groups lie: what a rotation next to it would take.
NEAREST = {
    "INT8 per token": "full, random signs",
    "INT4 per token": "full, random signs",
    "INT4 g=32": "blocks of 32",
    "MXFP4": "blocks of 32",
    "NVFP4": "blocks of 16",
}


def lines(heads: list[str], rows: list[list[str]]) -> str:
    """A table."""
    head, *others = ("| " + " | ".join(cells) + " |" for cells in [heads, *rows])
    return "\n".join([head, "|---" * len(heads) + "|", *others])


def cosines(store: dict[str, Any]) -> str:
    """A line for each quantizer, a column for each rotation: the mean cosine, the best of a line in bold."""
    results = store["results"]
    names = list(results[CONTROL])
    rows = []
    for code, row in results.items():
        texts = [f"{row[name]['cosine_mean']:.4f}" for name in names]
        if len(set(texts)) > 1:
            texts = [f"**{text}**" if text == max(texts) else text for text in texts]
        rows.append([code, *texts])
    return lines(["", *names], rows)


def details(store: dict[str, Any]) -> str:
    """Worst cosine, neighbours kept, and SQNR of each kind of input, for some rotations."""
    rows = []
    for code, results in store["results"].items():
        for name in FEW if code != CONTROL else ():
            shown = results[name]
            cells = [f"{shown['cosine_worst']:.4f}", f"{100 * shown['neighbours_kept']:.0f}"]
            rows.append([code, name, *cells, *(f"{shown['sqnr_db'][kind]:.1f}" for kind in KINDS)])
    heads = ["", "rotation", "worst cosine", "same neighbour, %", *KINDS.values()]
    versions = ", ".join(f"{name} {text}" for name, text in store["packages"].items())
    counts = f"({store['sentences']:,} sentences, {store['tokens']:,} tokens; {versions})"
    return "\n".join([lines(heads, rows), "", counts])


def when(store: dict[str, Any]) -> str:
    """What rotating in the nearest blocks is worth: SQNR of MLP inputs and hidden values, and the cosine."""
    rows = []
    for code, name in NEAREST.items():
        plain, turned = (store["results"][code][which] for which in ("none", name))
        sqnr = [
            f"{plain['sqnr_db'][kind]:.1f} → {turned['sqnr_db'][kind]:.1f}" for kind in ("mlp_up", "mlp_down")
        ]
        helps = "yes" if turned["cosine_mean"] > plain["cosine_mean"] else "no"
        cosine = f"{plain['cosine_mean']:.4f} → {turned['cosine_mean']:.4f}"
        rows.append([code, name, *sqnr, cosine, helps])
    return lines(["", "rotation", "MLP inputs, dB", "MLP hidden values, dB", "cosine", "helps"], rows)


PAGES = {
    "evaluate.md": {"cosines": cosines, "details": details},
    "quantize.md": {"when to rotate": when},
}


def place(text: str, name: str, new: str) -> str:
    """A page with the part between the marks of this name replaced."""
    start, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no marks {name!r}")
    return f"{before}{start}{new}{end}{after}"


def page(name: str, text: str, store: dict[str, Any]) -> str:
    """A page with its tables."""
    for part, table in PAGES[name].items():
        text = place(text, part, table(store))
    return text


def write(store: dict[str, Any] | None = None) -> None:
    """Keep what was measured, and bring the pages up to date."""
    if store is None:
        store = json.loads(STORE.read_text(encoding="utf-8"))
    STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    for name in PAGES:
        path = DOCS / name
        path.write_text(page(name, path.read_text(encoding="utf-8"), store), encoding="utf-8")


if __name__ == "__main__":
    write()
