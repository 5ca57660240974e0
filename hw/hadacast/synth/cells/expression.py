"""Liberty's Boolean functions as Python expressions over integers whose every bit is a case of its own.

`!a` and `a'` invert, `^` is exclusive or, `*`, `&` and a space are and, `+` and `|` or; inversion
binds closest, then `^`, then and (Liberty user guide, "function").
"""

import re
from collections.abc import Mapping

from hadacast import checks
from hadacast.errors import HadacastError

_TOKEN = re.compile(r"\s*([A-Za-z_][\w.\[\]]*|[01()!'^*&+|])")
MASK = "ONES"
"""What a Python expression calls the integer of all ones."""


def python(function: str, names: Mapping[str, str]) -> str:
    """A function over pins as a Python expression over `names` of pins and MASK.

    Raises HadacastError for a pin that isn't in `names`, and for what is no function.
    """
    tokens = _split(function)
    try:
        result, rest = _or(tokens, names, function)
    except RecursionError:
        raise HadacastError(f"function {checks.quote(function)} is nested too deep") from None
    if rest:
        raise HadacastError(f"function {function!r}: unexpected {rest[0]!r}")
    return result


def _split(function: str) -> list[str]:
    tokens, position, text = [], 0, function.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise HadacastError(f"function {function!r}: unexpected {text[position]!r}")
        tokens.append(match[1])
        position = match.end()
    return tokens


def _or(tokens: list[str], names: Mapping[str, str], whole: str) -> tuple[str, list[str]]:
    left, tokens = _and(tokens, names, whole)
    while tokens and tokens[0] in "+|":
        right, tokens = _and(tokens[1:], names, whole)
        left = f"({left} | {right})"
    return left, tokens


def _and(tokens: list[str], names: Mapping[str, str], whole: str) -> tuple[str, list[str]]:
    left, tokens = _xor(tokens, names, whole)
    while tokens and tokens[0] not in ("+", "|", ")"):
        explicit = tokens[0] in ("*", "&")
        right, tokens = _xor(tokens[1:] if explicit else tokens, names, whole)
        left = f"({left} & {right})"
    return left, tokens


def _xor(tokens: list[str], names: Mapping[str, str], whole: str) -> tuple[str, list[str]]:
    left, tokens = _unary(tokens, names, whole)
    while tokens and tokens[0] == "^":
        right, tokens = _unary(tokens[1:], names, whole)
        left = f"({left} ^ {right})"
    return left, tokens


def _unary(tokens: list[str], names: Mapping[str, str], whole: str) -> tuple[str, list[str]]:
    if not tokens:
        raise HadacastError(f"function {whole!r} ends too early")
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        inner, rest = _unary(rest, names, whole)
        return f"({inner} ^ {MASK})", rest
    if first == "(":
        inner, rest = _or(rest, names, whole)
        if not rest or rest[0] != ")":
            raise HadacastError(f"function {whole!r} lacks a ')'")
        rest = rest[1:]
    elif first in "01":
        inner = MASK if first == "1" else "0"
    elif first in names:
        inner = names[first]
    else:
        raise HadacastError(f"function {whole!r}: no pin {first!r}")
    while rest and rest[0] == "'":
        inner, rest = f"({inner} ^ {MASK})", rest[1:]
    return inner, rest
