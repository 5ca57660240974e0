"""Which points are measured."""

import pytest

from hadacast.bench.grid import DEVICES, SEEDS, Point, grid, named
from hadacast.bench.peer import peers
from hadacast.errors import HadacastError


def sizes(points):
    return [(p.family, p.frame, p.lanes, p.width) for p in points]


def test_the_default_is_the_peers():
    assert sizes(grid()) == [(p.family, p.frame, p.lanes, p.width) for p in peers()]
    assert all(point.peer is not None for point in grid())


def test_one_family():
    assert len(grid(["ice40"])) == 4
    gowin = grid(["gowin"])
    assert [size[1:] for size in sizes(gowin)] == [size[1:] for size in sizes(grid(["ecp5"]))]
    assert all(point.peer is None for point in gowin)


def test_combinations():
    found = grid(["ecp5", "gowin", "ecp5"], [8, 64], [2, 16], [12])
    assert sizes(found) == [
        (family, n, p, 12) for family in ("ecp5", "gowin") for n, p in ((8, 2), (64, 2), (64, 16))
    ]


def test_what_is_not_given_is_as_in_the_peers():
    assert sizes(grid(["ice40"], widths=[16])) == [("ice40", n, p, 16) for n in (16, 64) for p in (2, 4)]
    assert sizes(grid(["ecp5"], [4])) == [("ecp5", 4, p, 16) for p in (2, 4)]


def test_a_point_is_what_it_says():
    point = named("ice40-n64-p2-w8")
    assert point == Point(family="ice40", frame=64, lanes=2, width=8)
    assert point.name == "ice40-n64-p2-w8"
    assert point.device.name == DEVICES["ice40"] == "ice40-hx8k"
    assert point.fwht.output.width == 14
    assert point.pipeline.latency == 31 + 6
    assert set(SEEDS) == set(DEVICES)


@pytest.mark.parametrize("point", grid(), ids=lambda point: point.name)
def test_names_read_back(point):
    assert named(point.name) == point


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: grid(["artix"]), "family is 'artix': it must be one of ecp5, ice40, gowin"),
        (lambda: grid(["ecp5"], [48]), "n is 48: it must be a power of two"),
        (lambda: grid(["ecp5"], [64], [3]), "lanes is 3: it must be a power of two from 1 to 64, the points"),
        (lambda: grid(["ecp5"], [64], [2], [99]), "99"),
        (lambda: grid(["ecp5"], [2], [4]), "more lanes than points"),
        (lambda: grid(["ecp5"], [1 << 17]), "n is 131072"),
        (lambda: named("ecp5-n64"), "point is 'ecp5-n64': it must be such as ecp5-n64-p4-w16"),
        (lambda: named("ecp5-n64-p4-w16\n"), "it must be such as"),
        (lambda: named("artix-n64-p4-w16"), "family is 'artix'"),
    ],
)
def test_mistakes(make, said):
    with pytest.raises(HadacastError) as raised:
        make()
    assert said in str(raised.value)
