"""Argument checks that every spec shares: one wording for one kind of mistake."""

from collections.abc import Iterable
from typing import Any

from hadacast.errors import HadacastError


def integer(name: str, value: Any, low: int, high: int, note: str = "") -> int:
    """Return `value` if it is an integer in [low, high] (bool is not); raise HadacastError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise HadacastError(f"{name} is {value!r}: it must be an integer from {low:,} to {high:,}{note}")
    return value


def power_of_two(name: str, value: Any, low: int, high: int, note: str = "") -> int:
    """Return `value` if it is a power of two in [low, high]; raise HadacastError otherwise."""
    good = isinstance(value, int) and not isinstance(value, bool)
    if not good or not low <= value <= high or value & (value - 1):
        raise HadacastError(f"{name} is {value!r}: it must be a power of two from {low:,} to {high:,}{note}")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is a bool; raise HadacastError otherwise."""
    if not isinstance(value, bool):
        raise HadacastError(f"{name} is {value!r}: it must be true or false")
    return value


def choice(name: str, value: Any, allowed: Iterable[Any]) -> Any:
    """Return `value` if it is one of `allowed`; raise HadacastError otherwise."""
    allowed = tuple(allowed)
    if isinstance(value, bool) or value not in allowed:
        raise HadacastError(f"{name} is {value!r}: it must be one of {', '.join(map(str, allowed))}")
    return value


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string; raise HadacastError otherwise."""
    if not isinstance(value, str):
        raise HadacastError(f"{name} is {value!r}: it must be text")
    return value
