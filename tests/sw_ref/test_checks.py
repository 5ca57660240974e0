"""Checks accept exactly what they say, and refuse the rest in one short printable line."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format


def deep(levels: int) -> dict:
    node: dict = {}
    for _ in range(levels):
        node = {"a": node}
    return node


HOSTILE = [
    None,
    True,
    1.0,
    float("nan"),
    "1",
    "line\nbreak\u2028\x00\udc80",
    "x" * 10_000,
    b"\xff",
    1 << 100_000,
    [1 << 100_000],
    deep(100_000),
    [[[[[[[[[]]]]]]]]],
    list(range(10_000)),
    np.int64(4),
    np.arange(10_000).reshape(100, 100),
    np.eye(2),  # its repr has a line break
    object(),
    int,
]
CALLS = [
    lambda value: checks.integer("member", value, 1, 8),
    lambda value: checks.power_of_two("member", value, 1, 8),
    lambda value: checks.choice("member", value, ("auto", "ff")),
    lambda value: checks.instance("member", value, Format),
]


@pytest.mark.parametrize("call", CALLS, ids=["integer", "power_of_two", "choice", "instance"])
def test_refusals_are_one_short_line(call):
    for value in HOSTILE:
        with pytest.raises(HadacastError) as caught:
            call(value)
        message = str(caught.value)
        assert re.match("member is .+: it must be ", message)
        assert message.isprintable()
        assert len(message) < 400
        assert checks.quote(value) in message


@given(value=st.integers(-40, 40), low=st.integers(-40, 40), high=st.integers(-40, 40))
def test_integer_and_power_of_two_accept_exactly_their_range(value, low, high):
    for check, good in (
        (checks.integer, low <= value <= high),
        (checks.power_of_two, max(low, 1) <= value <= high and value in (1, 2, 4, 8, 16, 32)),
    ):
        if check is checks.power_of_two and low < 1:
            continue  # no caller asks for it, and there is no power of two below 1
        if good:
            assert check("n", value, low, high) is value
        else:
            with pytest.raises(HadacastError, match=f"^n is {value}: "):
                check("n", value, low, high)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64])
def test_numpy_integers_are_refused_with_the_remedy(kind):
    for check in (checks.integer, checks.power_of_two):
        with pytest.raises(HadacastError, match=r"from 1 to 8; convert it with int\(\)$"):
            check("n", kind(4), 1, 8)
        with pytest.raises(HadacastError, match=r"from 1 to 8$"):
            check("n", True, 1, 8)


def test_notes_and_thousands():
    with pytest.raises(HadacastError, match=r"^n is 3: it must be a power of two from 1 to 65,536 \(why\)$"):
        checks.power_of_two("n", 3, 1, 65536, note=" (why)")
    with pytest.raises(HadacastError, match=r"^n is -1: it must be an integer from 0 to 1,000 \(why\)$"):
        checks.integer("n", -1, 0, 1000, note=" (why)")


@given(value=st.integers(-40, 40), of=st.integers(1, 1000))
def test_divisor_accepts_exactly_what_divides(value, of):
    if value in {d for d in range(1, of + 1) if of % d == 0}:
        assert checks.divisor("n", value, of, "the whole") is value
    else:
        with pytest.raises(HadacastError, match=f"^n is {value}: it must divide the whole, {of:,}$"):
            checks.divisor("n", value, of, "the whole")
    for other in (True, float(value), np.int64(value), None):
        with pytest.raises(HadacastError, match=r"^n is .*: it must divide the whole"):
            checks.divisor("n", other, of, "the whole")


def test_flag_takes_bools_only():
    assert checks.flag("f", True) is True
    assert checks.flag("f", False) is False
    for value in (0, 1, "true", None, np.True_):
        with pytest.raises(HadacastError, match=f"^f is {re.escape(repr(value))}: it must be true or false$"):
            checks.flag("f", value)


def test_choice_distinguishes_types():
    assert checks.choice("c", 1, (0, 1)) == 1
    for value in (True, 1.0, np.int64(1), "1"):
        with pytest.raises(HadacastError, match=r"it must be one of 0, 1$"):
            checks.choice("c", value, (0, 1))


def test_text_is_one_printable_line():
    assert checks.text("t", "½ × Größe") == "½ × Größe"
    assert checks.text("t", "") == ""
    for value in ("a\nb", "\x1b[2J", "\udc80", "\u2028", 5, None, b"x"):
        with pytest.raises(HadacastError, match=r"^t is .*: it must be one line of printable text, up to"):
            checks.text("t", value)


@given(st.recursive(st.text() | st.integers() | st.floats() | st.binary(), st.lists, max_leaves=10))
@example([["\n" * 90] * 9] * 9)
@example(deep(50))
def test_quote_is_short_and_printable(value):
    shown = checks.quote(value)
    assert shown.isprintable()
    assert len(shown) <= 201
    if isinstance(value, str) and len(repr(value)) <= 100 and "  " not in value:
        assert shown == repr(value)
