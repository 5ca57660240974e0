"""Conditions on a table's rows, "cells < 5000" or "stream.lanes = 4": read, never evaluated."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_CONDITION = re.compile(r"\s*([A-Za-z0-9_.-]+?)\s*(<=|>=|==|!=|<|>|=)\s*(\S.*?)\s*")
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Condition:
    """A column, a comparison, and a number, text or another column."""

    text: str
    column: str
    operator: str
    value: Any
    other: bool = False

    def __str__(self) -> str:
        """As its writer had it."""
        return self.text

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether a row meets it; a figure that is missing meets nothing."""
        left, right = row.get(self.column), row.get(self.value) if self.other else self.value
        if left is None or right is None:
            return False
        if isinstance(left, str) != isinstance(right, str):
            left, right = _text(left), _text(right)
            if self.operator not in ("=", "==", "!="):
                return False
        return bool(OPERATORS[self.operator](left, right))


def parse(text: str, columns: Iterable[str]) -> Condition:
    """A condition in words. Raises HadacastError for anything else, and for a column that there isn't."""
    columns = list(columns)
    found = _CONDITION.fullmatch(text)
    if not found:
        raise HadacastError(
            f'condition {checks.quote(text)}: it must be a comparison, such as "cells < 5000"'
        )
    name, sign, right = found.groups()
    known(name, columns, f"condition {checks.quote(text)}")
    if right in columns:
        return Condition(text.strip(), name, sign, right, True)
    value: Any = right.strip("\"'")
    if _NUMBER.fullmatch(right):
        value = float(right.replace("_", "")) if re.search("[.eE]", right) else int(right.replace("_", ""))
    elif sign not in ("=", "==", "!="):
        raise HadacastError(f"condition {checks.quote(text)}: {sign} wants a number or a column on its right")
    return Condition(text.strip(), name, sign, value)


def known(name: str, columns: Iterable[str], where: str) -> str:
    """`name` if it is a column; raise HadacastError otherwise."""
    columns = list(columns)
    if name not in columns:
        raise HadacastError(f"{where}: no column {checks.quote(name)}: one of {', '.join(columns)}")
    return name


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
