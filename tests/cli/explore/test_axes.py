"""Axes in words and tables, and the grid that they span."""

import itertools

import pytest

from hadacast.errors import HadacastError
from hadacast.explore import axes
from hadacast.explore.axes import Axis, parse


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("stream.lanes=2,4,8", [("2",), ("4",), ("8",)]),
        (" a.b = 1 , 2 ", [("1",), ("2",)]),
        ("a.b=0..3", [("0",), ("1",), ("2",), ("3",)]),
        ("a.b=8..20:5", [("8",), ("13",), ("18",)]),
        ("a.b=-2..0,7", [("-2",), ("-1",), ("0",), ("7",)]),
        ("stage.0.distances=[1,2],[4]", [("[1,2]",), ("[4]",)]),
        ("a.b={kind = 'x', y = 1},lut,\"a,b;c\"", [("{kind = 'x', y = 1}",), ("lut",), ('"a,b;c"',)]),
        ("a.b=8,12;a.c=2..3", [("8", "2"), ("12", "3")]),
        ("a.b=1..2; a.c=x,y; a.d=true,false", [("1", "x", "true"), ("2", "y", "false")]),
    ],
)
def test_words(text, rows):
    axis = parse(text)
    assert axis.rows == tuple(rows)
    assert parse(str(axis)) == axis


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stream.lanes", "it must be a field and its values"),
        ("stream.lanes=", "it must be a field and its values"),
        ("lanes=2", "it must be a field of a recipe"),
        ("a..b=2", "it must be a field of a recipe"),
        ("=2", "it must be a field of a recipe"),
        ("a.b=1,,2", "a value between two commas is missing"),
        ("a.b=3..1", "range 3..1 must go up"),
        ("a.b=1..3:0", "range 1..3:0 must go up"),
        ("a.b=1..999999", "range 1..999999 must go up, in steps of 1 or more, through at most 4,096"),
        ("a.b=1,2;a.c=1", r"different numbers of values \(a.b 2, a.c 1\)"),
        ("a.b=1;a.b=2", "has a field twice"),
        ("a.b=" + "1," * 4096 + "1", "has 4,097 values"),
    ],
)
def test_mistakes_are_one_line(text, said):
    with pytest.raises(HadacastError, match=said) as raised:
        parse(text)
    assert "\n" not in str(raised.value)


def test_tables():
    found = axes.from_table(
        {"stream.lanes": [1, 2], "a.b": "0..1", "a.c": ["x", 1.5, True, [1, 2]]}, "[axes]"
    )
    assert found == [
        Axis(("stream.lanes",), (("1",), ("2",))),
        Axis(("a.b",), (("0",), ("1",))),
        Axis(("a.c",), (("x",), ("1.5",), ("true",), ("[1, 2]",))),
    ]
    linked = axes.linked_from_table({"a.b": [8, 12], "a.c": "2..3"}, "[[linked]]")
    assert linked == parse("a.b=8,12;a.c=2,3")
    with pytest.raises(HadacastError, match=r"'a\.b' is 3: it must be a list"):
        axes.from_table({"a.b": 3}, "[axes]")


def test_the_grid_is_the_product_and_the_last_axis_goes_fastest():
    own = [parse("a.a=1..3"), parse("a.b=x,y;a.c=u,v"), parse("a.d=7")]
    assert axes.grid(own) == 6
    numbers = axes.numbers(own, None, 0)
    found = [tuple(axes.place(own, number).values()) for number in numbers]
    pairs = [("x", "u"), ("y", "v")]
    assert found == [(a, *bc, d) for a, bc, d in itertools.product("123", pairs, "7")]
    assert list(axes.place(own, 0)) == ["a.a", "a.b", "a.c", "a.d"]


def test_a_sample_is_part_of_the_grid_in_its_order():
    own = [parse("a.a=1..40"), parse("a.b=1..40")]
    some = list(axes.numbers(own, 100, 5))
    assert some == sorted(set(some))
    assert len(some) == 100
    assert 0 <= some[0] <= some[-1] < 1600
    assert some == list(axes.numbers(own, 100, 5)) != list(axes.numbers(own, 100, 6))
    assert list(axes.numbers(own, 5000, 5)) == list(range(1600))


def test_a_sample_of_a_grid_that_no_range_holds():
    own = [parse(f"a.a{k}=1..4096") for k in range(8)]
    some = axes.numbers(own, 10, 1)
    assert len(set(some)) == 10
    assert max(some) > 1 << 80
    assert all(len(axes.place(own, number)) == 8 for number in some)


def test_too_many_points_and_a_field_on_two_axes():
    own = [parse("a.a=1..4000"), parse("a.b=1..4000")]
    with pytest.raises(HadacastError, match="16,000,000 points: 100,000 are the most; --points"):
        axes.numbers(own, None, 0)
    with pytest.raises(HadacastError, match=r"'a\.a' is on two axes"):
        axes.numbers([parse("a.a=1"), parse("a.b=1;a.a=2")], None, 0)
