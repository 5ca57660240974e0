"""Axes of a sweep: fields of a recipe, and the values that each takes.

An axis in words is "key=value,value,…": the key dotted as for --set, a value as in TOML, or a range of
integers, "1..4" or "8..24:4", its ends included. Several keys that go together, "input.width=8,12;
input.fraction=4,8", are one axis: the first value of each, then the second. They make points valid that a
grid of both would not.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from hadacast import checks
from hadacast.cli import toml
from hadacast.errors import HadacastError

MAX_VALUES = 1 << 12
MAX_POINTS = 100_000

_RANGE = re.compile(r"(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})(?::([0-9]{1,9}))?")
_OPEN, _CLOSE, _QUOTES = "[{(", "]})", "\"'"


@dataclass(frozen=True)
class Axis:
    """One or more fields of a recipe, and the values that they take together.

    Members
    -------
    keys: dotted, each once. rows: for each place along the axis the value of each key, as text.

    Raises HadacastError for a key that is there twice or isn't one, and where there is no value.
    """

    keys: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for key in self.keys:
            if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", key):
                raise HadacastError(
                    f"axis {checks.quote(key)}: it must be a field of a recipe, such as stream.lanes"
                )
        if len(set(self.keys)) < len(self.keys):
            raise HadacastError(f"axis {checks.quote(', '.join(self.keys))} has a field twice")
        if not 1 <= len(self.rows) <= MAX_VALUES:
            shown = f"axis {', '.join(self.keys)} has {len(self.rows):,} values"
            raise HadacastError(f"{shown}: it must have 1 to {MAX_VALUES:,}")

    def __str__(self) -> str:
        """As `parse` reads it."""
        return "; ".join(f"{key}={','.join(row[k] for row in self.rows)}" for k, key in enumerate(self.keys))


def parse(text: str) -> Axis:
    """An axis from its words. Raises HadacastError for anything else."""
    keys, columns = [], []
    for part in _split(text, ";"):
        key, equals, values = part.partition("=")
        if not equals or not values.strip():
            raise HadacastError(
                f"axis {checks.quote(text)}: it must be a field and its values, such as stream.lanes=2,4,8"
            )
        keys.append(key.strip())
        columns.append([value for word in _split(values, ",") for value in _values(word, text)])
    return _linked(keys, columns)


def from_table(table: dict[str, Any], what: str) -> list[Axis]:
    """Axes of a TOML table: a list of values, or words as on the command line, for each field.

    Raises HadacastError as `parse` does.
    """
    return [
        Axis((key,), tuple((value,) for value in _listed(key, item, what))) for key, item in table.items()
    ]


def linked_from_table(table: dict[str, Any], what: str) -> Axis:
    """One axis of a TOML table whose fields go together. Raises HadacastError as `parse` does."""
    return _linked(list(table), [_listed(key, item, what) for key, item in table.items()])


def grid(axes: Sequence[Axis]) -> int:
    """How many points the grid of all axes has. Raises HadacastError where a field is on two axes."""
    keys = [key for axis in axes for key in axis.keys]
    for key in keys:
        if keys.count(key) > 1:
            raise HadacastError(f"field {checks.quote(key)} is on two axes: it must be on one")
    return prod(len(axis.rows) for axis in axes)


def numbers(axes: Sequence[Axis], points: int | None, seed: int) -> Sequence[int]:
    """Places in the grid, in order: all, or `points` of them chosen at random.

    Raises HadacastError for more than 100,000.
    """
    total = grid(axes)
    count = total if points is None else min(points, total)
    if count > MAX_POINTS:
        raise HadacastError(
            f"the sweep has {count:,} points: {MAX_POINTS:,} are the most; --points takes some at random"
        )
    if count == total:
        return range(total)
    chooser = random.Random(seed)
    if total < 1 << 62:
        return sorted(chooser.sample(range(total), count))
    found: set[int] = set()  # a range of that length has no len()
    while len(found) < count:
        found.add(chooser.randrange(total))
    return sorted(found)


def place(axes: Sequence[Axis], number: int) -> dict[str, str]:
    """The value of each field at a place of the grid; the last axis goes fastest."""
    rows = []
    for axis in reversed(axes):
        number, index = divmod(number, len(axis.rows))
        rows.append(dict(zip(axis.keys, axis.rows[index], strict=True)))
    return {key: value for row in reversed(rows) for key, value in row.items()}


def _linked(keys: list[str], columns: list[list[str]]) -> Axis:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        shown = ", ".join(f"{key} {n:,}" for key, n in zip(keys, lengths, strict=True))
        raise HadacastError(f"linked fields have different numbers of values ({shown}): they go in pairs")
    return Axis(tuple(keys), tuple(zip(*columns, strict=True)))


def _listed(key: str, item: Any, what: str) -> list[str]:
    if isinstance(item, str):
        return [value for word in _split(item, ",") for value in _values(word, f"{key}={item}")]
    if isinstance(item, list):
        return [entry if isinstance(entry, str) else toml.value(entry) for entry in item]
    raise HadacastError(
        f'{what}: {checks.quote(key)} is {checks.quote(item)}: it must be a list, or a text such as "1..4"'
    )


def _values(word: str, text: str) -> Iterator[str]:
    """A word, or the numbers of a range."""
    found = _RANGE.fullmatch(word)
    if not found:
        if not word:
            raise HadacastError(f"axis {checks.quote(text)}: a value between two commas is missing")
        yield word
        return
    low, high, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if low > high or step < 1 or (high - low) // step >= MAX_VALUES:
        raise HadacastError(
            f"axis {checks.quote(text)}: range {word} must go up, in steps of 1 or more, through at most"
            f" {MAX_VALUES:,} values"
        )
    yield from map(str, range(low, high + 1, step))


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators, but for those in brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        else:
            depth += (char in _OPEN) - (char in _CLOSE)
            if char == separator and depth <= 0:
                parts.append("")
                continue
        parts[-1] += char
    return [part.strip() for part in parts]
