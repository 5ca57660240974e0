"""Keeping a part of a spectrum, against its definition by sign changes of Walsh functions."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import E2M1, E8M0
from hadacast.spec.keep import Keep


def sign_changes(size):
    """Of each row of the natural Hadamard matrix."""
    return (np.diff(hadamard(size), axis=1) != 0).sum(axis=1)


def kept(**settings):
    return [place for place, kept in enumerate(Keep(**settings).kept) if kept]


def test_places():
    spec = Keep(frame=8, input=Format(width=8), places=(5, 0, 6))
    x = np.array([[1, 2, 3, 4, 5, -6, 7, 8], [-128] * 8])
    assert spec.compute(x).tolist() == [[1, 0, 0, 0, 0, -6, 7, 0], [-128, 0, 0, 0, 0, -128, -128, 0]]
    assert spec.output == spec.input
    assert x[0, 1] == 2  # the caller's


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"first": 7}, 7),
        ({"share": "1/10"}, 410),  # 409.6
        ({"share": 0.1}, 410),
        ({"share": Fraction(1, 4096)}, 1),
        ({"share": 1}, 4096),
        ({"places": tuple(range(0, 4096, 3))}, 1366),
    ],
)
def test_how_many(settings, count):
    spec = Keep(frame=4096, **settings)
    assert spec.count == sum(spec.kept) == count


@pytest.mark.parametrize("frame", [2, 16, 64, 12])
def test_the_first_are_those_in_front(frame):
    for first in range(1, frame + 1):
        assert kept(frame=frame, first=first) == list(range(first))


@pytest.mark.parametrize("size", [2, 4, 8, 64])
def test_natural_order_keeps_the_rows_with_the_fewest_sign_changes(size):
    for first in {1, size // 2, size - 1, size}:
        rows = np.argsort(sign_changes(size))[:first]
        assert kept(frame=size, first=first, order="natural") == sorted(rows.tolist())


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (4, 16), (16, 2), (1, 8), (8, 1)])
@pytest.mark.parametrize("share", ["1/10", "1/3", "4/5"])
def test_diagonals(rows, columns, share):
    """Sorted by u + v, then by u, u being the row's sequency; in sequency and in natural order."""
    count = -(-rows * columns * Fraction(share).numerator // Fraction(share).denominator)
    both = sorted((u + v, u, v) for u in range(rows) for v in range(columns))[:count]
    settings = {"frame": rows * columns, "share": share, "along": "diagonals", "rows": rows}
    assert kept(**settings) == sorted(u * columns + v for _, u, v in both)
    row, column = (np.argsort(sign_changes(n)) if n > 1 else np.zeros(1, int) for n in (rows, columns))
    natural = sorted(int(row[u] * columns + column[v]) for _, u, v in both)
    assert kept(**settings, order="natural") == natural


def test_images_of_any_size_in_sequency_order():
    assert kept(frame=15, first=4, along="diagonals", rows=3) == [0, 1, 2, 5]


def test_exponents_and_minifloats_pass():
    block = exponents(Format(width=8), 4)
    spec = Keep(frame=4, input=block, first=2)
    result = spec.compute(Frames(codes=np.array([[1, -2, 3, -128]]), scale=np.array([[130]])))
    assert spec.output == block
    assert result.codes.tolist() == [[1, -2, 0, 0]]
    assert result.scale.tolist() == [[130]]
    assert Keep(frame=4, input=E2M1, first=2).compute(np.array([9, 15, 1, 8])).tolist() == [9, 15, 0, 0]


def test_the_table_has_a_bit_for_each_lane():
    spec = Keep(frame=8, lanes=4, places=(0, 3, 5), loadable=True)
    (setting,) = spec.settings
    assert (setting.name, setting.width, setting.init) == ("kept", 4, (0b1001, 0b0010))
    assert Keep(frame=8, lanes=4, places=(0, 3, 5)).settings == ()


@pytest.mark.parametrize(
    ("settings", "clocks"),
    [
        ({"frame": 16, "lanes": 4, "first": 16}, 0),
        ({"frame": 16, "lanes": 4, "first": 16, "loadable": True}, 3),
        ({"frame": 16, "lanes": 16, "first": 3}, 1),
        ({"frame": 16, "lanes": 4, "first": 5}, 2),
        ({"frame": 256, "lanes": 2, "first": 5}, 3),
    ],
)
def test_latencies(settings, clocks):
    assert Keep(**settings).latency == clocks


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "places, or first, or a share"),
        ({"first": 1, "share": "1/2"}, "not more than one"),
        ({"places": (1, 2, 1)}, r"places\[2\] is 1"),
        ({"places": (16,)}, r"places\[0\] is 16: it must be an integer from 0 to 15"),
        ({"places": (Fraction(1),)}, r"places\[0\] is Fraction"),
        ({"first": 17}, "first is 17"),
        ({"share": 1.5}, "share is 1.5"),
        ({"share": -1}, "share is -1"),
        ({"first": 1, "along": "zigzag"}, "along is 'zigzag': it must be one of frame, diagonals"),
        ({"first": 1, "order": "walsh"}, "order is 'walsh'"),
        ({"first": 1, "rows": 4}, "rows is 4.*along is 'diagonals'"),
        ({"first": 1, "along": "diagonals"}, "rows is 0: it must divide the frame, 16"),
        ({"first": 1, "along": "diagonals", "rows": 5}, "rows is 5"),
        ({"first": 1, "frame": 12, "order": "natural"}, "frame must be a power of two, not 12"),
        (
            {"first": 1, "frame": 24, "along": "diagonals", "rows": 8, "order": "dyadic"},
            "columns must be a power of two, not 3",
        ),
        ({"first": 1, "input": Block(element=E2M1, group=4, scale=E8M0)}, "one scale for each frame"),
        ({"first": 1, "input": E8M0}, "its code 0 must stand for 0"),
        ({"first": 1, "loadable": 1}, "loadable is 1"),
    ],
)
def test_errors_quote_the_value(settings, says):
    with pytest.raises(HadacastError, match=says):
        Keep(**{"frame": 16} | settings)
