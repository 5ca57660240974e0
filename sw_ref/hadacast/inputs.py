"""What enters a pipeline, as a recipe's [input] says it: fixed point, a format by name, or packed bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

from hadacast import checks, elements
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format
from hadacast.frames import SIDES, Block
from hadacast.packed import Packed

FIXED = tuple(field.name for field in fields(Format))
# Of a Block and of the bytes that hold it.
PACKED = (*(field.name for field in fields(Block)), "layout", "bus")


def load(table: Any, frame: int, lanes: int) -> Codes:
    """The format of a table [input].

    With `format` it is that one by name, with `element` packed bytes of such elements, of which a `group`
    has the sides that are there (`scale`, `zero`, `offset`, `wide`), else fixed point.

    Raises HadacastError for what is wrong with the table.
    """
    if not isinstance(table, Mapping):
        raise HadacastError(f"[input] is {checks.quote(table)}: it must be a table")
    sorts: dict[str, Iterable[str]] = {"format": ("format",), "element": PACKED}
    sort = next((key for key in sorts if key in table), "")
    known = tuple(sorts.get(sort, ("format", "element", *FIXED)))
    for key in table:
        if key not in known:
            also = f" beside {sort}" if sort else ""
            allowed = ", ".join(sorted(known))
            raise HadacastError(
                f"[input] has no field {checks.quote(key)}{also}: it must be one of {allowed}"
            )
    if sort == "format":
        return elements.element("format", table["format"])
    return _packed(table, frame, lanes) if sort else Format(**table)


def _packed(table: Mapping[str, Any], frame: int, lanes: int) -> Packed:
    own = dict(table)
    bus = {key: own.pop(key) for key in ("layout", "bus") if key in own}
    element = elements.element("element", own.pop("element"))
    content: Codes | Block = element
    if own:
        if "group" not in own:
            raise HadacastError(f"[input] has {', '.join(sorted(own))}, and no group to have it")
        for name in SIDES:
            if name in own:
                own[name] = elements.element(name, own[name])
        for name in ("gain", "wide_gain"):
            if name in own:
                own[name] = tuple(_gain(name, number) for number in _list(own[name]))
        if "zero_point" in own:
            own["zero_point"] = tuple(
                checks.integer("zero_point", z, -(1 << 24), 1 << 24) for z in _list(own["zero_point"])
            )
        content = Block(element=element, **own)
    return Packed(content=content, frame=frame, lanes=lanes, **bus)


def _gain(name: str, number: Any) -> Fraction:
    found = checks.fraction(name, number, 0, 1 << 128, 64)
    if not found:
        raise HadacastError(f"{name} is {checks.quote(number)}: it must be more than 0")
    return found


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
