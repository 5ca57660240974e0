"""A recipe as TOML: what `load` reads back to the same recipe."""

import json
import math
from typing import Any

from hadacast.cli import describe
from hadacast.format import Codes, Format
from hadacast.frames import Block
from hadacast.packed import Packed
from hadacast.recipe import Recipe


def text(recipe: Recipe) -> str:
    """The whole recipe, overrides and defaults written out."""
    spec = recipe.pipeline
    lines = [f"{key} = {value(getattr(spec, key))}" for key in ("name", "title", "source")]
    if recipe.method is not None:
        lines += ["", "[method]", *_pairs(vars(recipe.method))]
    lines += ["", "[stream]", f"frame = {spec.frame}", f"lanes = {spec.lanes}"]
    lines += [*([f"copies = {spec.copies}"] if spec.copies > 1 else []), "", "[input]"]
    lines += _pairs(_input(spec.input))
    for stage in spec.stages:
        shown = describe.settings(stage)
        # A table of its own must follow the plain keys.
        tables = {key: item for key, item in shown.items() if isinstance(item, dict) and "kind" in item}
        plain = {key: item for key, item in shown.items() if key not in tables}
        lines += ["", "[[stage]]", f"kind = {value(stage.kind)}", *_pairs(plain)]
        for key, table in tables.items():
            lines += ["", f"[stage.{key}]", *_pairs(table)]
    build = {"sample": recipe.sample, "board": recipe.board, "image": list(recipe.image)}
    lines += ["", "[build]", *_pairs(build)]
    return "\n".join(lines) + "\n"


def _input(item: Codes) -> dict[str, Any]:
    if isinstance(item, Format):
        return {key: getattr(item, key) for key in ("width", "fraction", "signed")}
    if not isinstance(item, Packed):
        return {"format": describe.spelled(item)}
    bus = {"layout": item.layout, "bus": item.bus}
    if not isinstance(item.content, Block):
        return {"element": describe.spelled(item.content), **bus}
    return {**describe.spelled(item.content), **bus}


def value(item: Any) -> str:
    """A spelled value in one line of TOML."""
    if isinstance(item, dict):
        return "{" + ", ".join(_pairs(item)) + "}"
    if isinstance(item, list):
        return "[" + ", ".join(map(value, item)) + "]"
    if isinstance(item, float) and not math.isfinite(item):
        return str(item)
    # A JSON string, number or boolean is a TOML one, but for DEL, which TOML wants escaped.
    return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007f")


def _pairs(table: dict[str, Any]) -> list[str]:
    # TOML has no null: what isn't there is left out. So is an empty list, which says the same.
    return [f"{key} = {value(item)}" for key, item in table.items() if item is not None and item != []]
