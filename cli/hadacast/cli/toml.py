"""A recipe as TOML: what `load` reads back to the same recipe."""

import json
from typing import Any

from hadacast.cli import describe
from hadacast.recipe import Recipe


def text(recipe: Recipe) -> str:
    """The whole recipe, overrides and defaults written out."""
    spec = recipe.pipeline
    lines = [f"{key} = {_value(getattr(spec, key))}" for key in ("name", "title", "source")]
    lines += ["", "[stream]", f"frame = {spec.frame}", f"lanes = {spec.lanes}", "", "[input]"]
    lines += [f"{key} = {_value(getattr(spec.input, key))}" for key in ("width", "fraction", "signed")]
    for stage in spec.stages:
        lines += ["", "[[stage]]", f"kind = {_value(stage.kind)}"]
        lines += [f"{key} = {_value(value)}" for key, value in describe.settings(stage).items()]
    lines += ["", "[build]", f"sample = {_value(recipe.sample)}", f"board = {_value(recipe.board)}"]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    # A JSON string, number or boolean is a TOML one, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
