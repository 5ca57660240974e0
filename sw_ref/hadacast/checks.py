"""Argument checks that every spec shares: one wording for one kind of mistake."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from fractions import Fraction
from numbers import Integral
from reprlib import Repr
from typing import Any

from hadacast.errors import HadacastError

# Elements in a frame.
MAX_FRAME = 1 << 16
# Characters of a title, a path or an axis of a sweep.
MAX_TEXT = 1 << 12

_short = Repr()
_short.maxstring = _short.maxother = 100
_short.maxlong = 40


def quote(value: Any) -> str:
    """`value` as an error may show it: its repr, on one line and shortened where it is long or deep."""
    try:
        shown = " ".join(_short.repr(value).split())
    except ValueError:  # Python refuses to print integers of thousands of digits
        return f"<{type(value).__name__} too large to print>"
    return shown if len(shown) <= 200 else f"{shown[:200]}…"


def integer(name: str, value: Any, low: int, high: int, note: str = "") -> int:
    """Return `value` if it is an int in [low, high] (bool is not); raise HadacastError otherwise.

    NumPy integers are refused: a spec must hash, print and serialise the same on every path.
    """
    if not _is_int(value) or not low <= value <= high:
        allowed = f"an integer from {low:,} to {high:,}{note}"
        raise HadacastError(f"{name} is {quote(value)}: it must be {allowed}{_hint(value)}")
    return value


def power_of_two(name: str, value: Any, low: int, high: int, note: str = "") -> int:
    """Return `value` if it is an int, a power of two in [low, high]; raise HadacastError otherwise."""
    if not _is_int(value) or not low <= value <= high or value & (value - 1):
        allowed = f"a power of two from {low:,} to {high:,}{note}"
        raise HadacastError(f"{name} is {quote(value)}: it must be {allowed}{_hint(value)}")
    return value


def divisor(name: str, value: Any, of: int, what: str) -> int:
    """Return `value` if it is an int above 0 that divides `of`, which is `what`; raise HadacastError
    otherwise."""
    if not _is_int(value) or value < 1 or of % value:
        raise HadacastError(f"{name} is {quote(value)}: it must divide {what}, {of:,}{_hint(value)}")
    return value


def geometry(frame: Any, lanes: Any) -> None:
    """Raise HadacastError unless frames of `frame` elements come on `lanes` lanes in whole beats."""
    integer("frame", frame, 2, MAX_FRAME)
    divisor("lanes", lanes, frame, "the frame")


def distinct(name: str, values: Sequence[Any], high: int, each: str) -> None:
    """Raise HadacastError unless values are different integers from 0 to high; `each` says "each once"."""
    seen = set()
    for k, value in enumerate(values):
        integer(f"{name}[{k}]", value, 0, high)
        if value in seen:
            raise HadacastError(f"{name}[{k}] is {value}, as is one before: {each}")
        seen.add(value)


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is a bool; raise HadacastError otherwise."""
    if not isinstance(value, bool):
        raise HadacastError(f"{name} is {quote(value)}: it must be true or false")
    return value


def choice(name: str, value: Any, allowed: Iterable[Any]) -> Any:
    """Return `value` if it is one of `allowed`, type included; raise HadacastError otherwise."""
    allowed = tuple(allowed)
    if not any(type(value) is type(other) and value == other for other in allowed):
        raise HadacastError(f"{name} is {quote(value)}: it must be one of {', '.join(map(str, allowed))}")
    return value


def fraction(name: str, value: Any, low: Fraction | int, high: Fraction | int, bits: int = 32) -> Fraction:
    """Return a number as an exact fraction; raise HadacastError if it isn't one in [low, high].

    Ints, Fractions, floats and texts such as "4/5" or "1e-3"; a float counts as the shortest decimal
    that prints it, 0.8 as 4/5, which is what its writer meant. Numerator and denominator may have
    `bits` bits beyond what powers of two in them take.
    """
    exact = None
    if isinstance(value, int | float | str | Fraction) and not isinstance(value, bool):
        try:
            shown = str(value)
            # A power of ten in a text can be of any size.
            ten = int(shown.lower().partition("e")[2] or 0)
            exact = Fraction(shown) if len(shown) <= 40 and abs(ten) < 100 else None
        except (ValueError, ZeroDivisionError, OverflowError):
            exact = None
    if exact is None or not low <= exact <= high:
        raise HadacastError(f"{name} is {quote(value)}: it must be a number from {low} to {high}")
    for part in (exact.numerator, exact.denominator):
        if part and (part // (part & -part)).bit_length() > bits:
            raise HadacastError(
                f"{name} is {quote(value)}: as a fraction, {exact}, it takes more than {bits} bits"
                " above or below"
            )
    return exact


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string without control characters; raise HadacastError otherwise."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > MAX_TEXT:
        most = f", up to {MAX_TEXT:,} characters"
        raise HadacastError(f"{name} is {quote(value)}: it must be one line of printable text{most}")
    return value


def members(item: Any) -> None:
    """Raise HadacastError unless the plain members of a dataclass are of their types, where a check that asks
    for equality or truth took one for another: an empty list is as false as 0, and true is equal to 1."""
    for field in fields(item):
        if field.type in (int, bool, str):
            value = getattr(item, field.name)
            if type(value) is not field.type:
                allowed = {int: "an integer", bool: "true or false", str: "text"}[field.type]
                raise HadacastError(f"{field.name} is {quote(value)}: it must be {allowed}")


def instance(name: str, value: Any, cls: type) -> Any:
    """Return `value` if it is a `cls`; raise HadacastError otherwise."""
    if not isinstance(value, cls):
        raise HadacastError(f"{name} is {quote(value)}: it must be a {cls.__name__}")
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _hint(value: Any) -> str:
    return "" if isinstance(value, int) or not isinstance(value, Integral) else "; convert it with int()"
