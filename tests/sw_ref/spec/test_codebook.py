"""Indices to vectors, against NumPy indexing."""

import re
from fractions import Fraction

import numpy as np
import pytest

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.codebook import Codebook

INDEX = Format(width=3, signed=False)


def book(v, count=8, seed=1):
    return tuple(map(tuple, np.random.default_rng(seed).normal(size=(count, v)).tolist()))


@pytest.mark.parametrize(
    ("frame", "lanes", "v", "in_lanes", "in_beats", "hold"),
    [
        (16, 4, 4, 1, 4, 1),
        (16, 8, 2, 4, 2, 1),
        (16, 2, 8, 1, 2, 4),
        (24, 2, 6, 1, 4, 3),
        (8, 8, 8, 1, 1, 1),
        (4, 2, 1, 2, 2, 1),
    ],
)
def test_each_index_is_its_vector(frame, lanes, v, in_lanes, in_beats, hold):
    spec = Codebook(frame=frame, lanes=lanes, input=INDEX, book=book(v), width=12, fraction=8)
    assert (spec.in_lanes, spec.in_beats, spec.hold) == (in_lanes, in_beats, hold)
    x = np.random.default_rng(2).integers(0, 8, (30, frame // v))
    numbers = np.rint(np.array(book(v)) * 256)
    assert (spec.compute(x) == numbers[x].reshape(30, frame)).all()


def test_numbers_are_rounded_to_even():
    spec = Codebook(
        frame=2, input=Format(width=1, signed=False), book=((0.5, -1.5), (2.5, 3)), width=4, fraction=0
    )
    assert spec.codes == ((0, -2), (2, 3))


def test_auto_takes_all_the_bits():
    halves = ((0.5, -1), (0.25, Fraction(1, 3)))
    spec = Codebook(frame=2, input=Format(width=1, signed=False), book=halves, width=8)
    assert spec.output == Format(width=8, fraction=7)
    assert spec.codes == ((64, -128), (32, 43))


def test_what_can_be_written():
    spec = Codebook(frame=6, input=INDEX, book=book(3), width=9, fraction=5, loadable=True)
    (table,) = spec.settings
    assert (table.width, table.signed, table.depth) == (9, True, 32)
    assert table.init[:4] == (*spec.codes[0], 0)
    assert Codebook(frame=6, input=INDEX, book=book(3)).settings == ()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"book": ()}, "book is (): it must be 8 vectors"),
        ({"book": book(2)[:7]}, "it must be 8 vectors"),
        ({"book": (*book(2)[:7], (1,))}, "it must be 8 vectors of as many numbers"),
        ({"book": ((),) * 8}, "it must be 8 vectors"),
        ({"book": (("x", 1),) * 8}, "book is 'x'"),
        ({"book": book(3)}, "book has vectors of 3: that must divide the frame, 8"),
        ({"lanes": 4, "frame": 24, "book": book(6)}, "book has vectors of 6"),
        ({"width": 1}, "width is 1"),
        ({"fraction": "some"}, "fraction is 'some'"),
        ({"fraction": 16}, "book has "),
        ({"loadable": 2}, "loadable is 2"),
        ({"input": Format(width=3)}, "indices are unsigned"),
        ({"input": Format(width=3, signed=False, fraction=1)}, "indices are unsigned"),
        (
            {"frame": 2**13, "input": Format(width=4, signed=False), "book": book(2**13, 16)},
            "131,072 numbers",
        ),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=re.escape(says)):
        Codebook(**{"frame": 8, "input": INDEX, "book": book(2), **settings})
