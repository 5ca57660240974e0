"""A sweep in a TOML file: what `hadacast explore` takes as options, to be kept and run again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hadacast import checks, reading
from hadacast.cli.data import RANDOM
from hadacast.errors import HadacastError
from hadacast.explore import axes
from hadacast.samples import SAMPLES


def _text(name: str, value: Any) -> str:
    return checks.text(name, value)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise HadacastError(f"{name} is {checks.quote(value)}: it must be a text or a list of texts")
    return tuple(checks.text(name, item) for item in items)


def _count(name: str, value: Any) -> int:
    return checks.integer(name, value, 1, 1 << 31)


def _seed(name: str, value: Any) -> int:
    return checks.integer(name, value, 0, 1 << 31)


def _seeds(name: str, value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    return ",".join(str(checks.integer("seed", item, 0, 1 << 31)) for item in items)


# Each field's check; `settings` is called `set` as on the command line.
FIELDS: Mapping[str, Callable[[str, Any], Any]] = {
    "recipe": _text,
    "set": _texts,
    "device": _text,
    "board": _text,
    "seeds": _seeds,
    "place": checks.flag,
    "synth": checks.flag,
    "points": _count,
    "seed": _seed,
    "data": _text,
    "tensor": _text,
    "rows": _count,
    "where": _texts,
    "minimize": _texts,
    "maximize": _texts,
}


def load(text: str) -> dict[str, Any]:
    """The options in the file at a path, those that are there, and `axes`, a list of `axes.Axis`.

    Paths in it start from its folder. Raises HadacastError, in one line, for whatever is wrong with it.
    """
    path, shown = Path(text), f"sweep {checks.quote(text)}"
    try:
        document = reading.toml(reading.content(path).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise HadacastError(f"{shown}: {reading.reason(error)}") from None
    try:
        return _checked(document, path.parent)
    except HadacastError as error:
        raise HadacastError(f"{shown}: {error}") from None


def _checked(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    for name in document:
        if name not in FIELDS and name not in ("axes", "linked"):
            allowed = ", ".join((*FIELDS, "axes", "linked"))
            raise HadacastError(f"no field {checks.quote(name)}: it must be one of {allowed}")
    found = {name: check(name, document[name]) for name, check in FIELDS.items() if name in document}
    table, linked = document.get("axes", {}), document.get("linked", [])
    if not isinstance(table, dict) or not isinstance(linked, list):
        raise HadacastError("axes must be one [axes] table, and linked ones a [[linked]] table each")
    found["axes"] = axes.from_table(table, "[axes]")
    for entry in linked:
        if not isinstance(entry, dict) or not entry:
            raise HadacastError(f"linked is {checks.quote(entry)}: it must be a table of fields")
        found["axes"].append(axes.linked_from_table(entry, "[[linked]]"))
    if found.get("recipe", "").endswith(".toml"):
        found["recipe"] = str(folder / found["recipe"])
    if "data" in found and found["data"] not in (*SAMPLES, RANDOM):
        found["data"] = str(folder / found["data"])
    return found
