"""Scales by name, as recipes write them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import Scale
from hadacast.scale.static import Static

SCALES: Mapping[str, type[Scale]] = {cls.kind: cls for cls in (Maximum, Range, Exponent, Floating, Static)}


def scale(name: str, value: Any) -> Scale:
    """The scale that a recipe's `value` describes: a kind, or a table with `kind` and its fields.

    Raises HadacastError, which says `name`, for what is neither.
    """
    if isinstance(value, Scale):
        return value
    table = {"kind": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        raise HadacastError(
            f"{name} is {checks.quote(value)}: it must be one of {', '.join(SCALES)}, or a table"
        )
    cls = SCALES[checks.choice(f"{name} kind", table.get("kind"), SCALES)]
    known = [field.name for field in fields(cls)]
    for key in table:
        if key not in ("kind", *known):
            raise HadacastError(
                f"{name} has no field {checks.quote(key)}: it must be one of {', '.join(known)}"
            )
    return cls(**{key: _frozen(item) for key, item in table.items() if key != "kind"})


def _frozen(value: Any) -> Any:
    """TOML's lists as tuples: a spec must hash."""
    return tuple(value) if isinstance(value, list) else value
