"""Figures over many points, and whether they are what they should be."""

import pytest
from hw.bench.records import record

from hadacast.bench.goals import Goal, goals
from hadacast.bench.grid import grid


def of(records):
    return {(goal.family, goal.text): goal for goal in goals(records)}


def whole(share):
    """The peer's ECP5 grid with this share of its cells, its clock and half the adder's."""
    return [
        record(p.name, round(share * p.peer.logic_cells), p.peer.median_fmax, 2 * p.peer.median_fmax)
        for p in grid(["ecp5"])
    ]


def test_the_whole_grid():
    found = of(whole(0.3))
    cells = found["ecp5", "cells by SGen's, geometric mean"]
    assert cells.value == pytest.approx(0.3, abs=0.001)
    assert (cells.points, cells.of, cells.bound, cells.verdict) == (11, 11, "≤ 0.40", "met")
    clock = found["ecp5", "clock by SGen's, geometric mean"]
    assert (clock.value, clock.verdict) == (pytest.approx(1), "not met")
    adder = found["ecp5", "clock by the lone adder's, lowest, P ≤ 4"]
    assert (adder.value, adder.points, adder.of, adder.verdict) == (0.5, 7, 7, "not met")
    floor = found["ecp5", "cells by the floor, most, N ≤ 256, P ≤ 8, 16-bit"]
    assert (floor.points, floor.of) == (8, 8)
    assert found["", "points whose words of memory aren't N − P"].verdict == "met"


def test_worst_says_where():
    records = whole(0.3)
    records[4] = record(records[4]["name"], round(0.7 * records[4]["peer"]["logic_cells"]))
    goal = of(records)["ecp5", "cells by SGen's, most"]
    assert goal.value == pytest.approx(0.7, abs=0.001)
    assert (goal.where, goal.verdict) == (records[4]["name"], "not met")


def test_a_part_of_the_grid_says_so():
    found = of([record("ecp5-n16-p2-w16", 240), record("ice40-n16-p2-w8", 240)])
    assert found["ecp5", "cells by SGen's, geometric mean"].verdict == "met (1 of 11 points)"
    assert found["ice40", "cells by SGen's, geometric mean"].verdict == "met (1 of 4 points)"
    assert found["ecp5", "cells by the floor, most, N ≤ 256, P ≤ 8, 16-bit"].verdict == "met (1 of 8 points)"
    assert ("ice40", "cells by the floor, most, N ≤ 256, P ≤ 8, 16-bit") not in found  # 8 bits


def test_cells_before_place_and_route():
    found = of([record("ecp5-n16-p2-w16", 240, placed=False)])
    cells = found["ecp5", "cells by SGen's, geometric mean"]
    assert cells.verdict == "met (1 of 11 points, cells estimated)"
    clock = found["ecp5", "clock by SGen's, geometric mean"]
    assert (clock.value, clock.met, clock.verdict) == (None, None, "not measured")
    assert found["ecp5", "latency by SGen's, geometric mean"].verdict == "met (1 of 11 points)"


def test_points_that_failed_are_missing():
    found = of([record("ecp5-n16-p2-w16", error="no room"), record("ecp5-n16-p4-w16")])
    assert found["ecp5", "cells by SGen's, geometric mean"].points == 1
    words = found["", "points whose words of memory aren't N − P"]
    assert (words.points, words.of, words.verdict) == (1, 2, "met (1 of 2 points)")


def test_wrong_words_are_named():
    wrong = record("ecp5-n16-p2-w16")
    wrong["memory"]["words"] += 1
    goal = of([wrong, record("ecp5-n16-p4-w16")])["", "points whose words of memory aren't N − P"]
    assert (goal.value, goal.bound, goal.verdict) == (1, "none", "not met")
    assert goal.where == "ecp5-n16-p2-w16"


def test_a_family_without_a_peer():
    found = of([record("gowin-n16-p2-w16")])
    assert ("gowin", "cells by SGen's, geometric mean") not in found
    assert found["gowin", "clock by the lone adder's, lowest, P ≤ 4"].verdict == ""


def test_bounds():
    goal = Goal(family="", text="", value=1.05, least=1.05, points=1, of=1)
    assert (goal.met, goal.bound, goal.to_dict()["verdict"]) == (True, "≥ 1.05", "met")
    assert Goal(family="", text="", value=0.4001, most=0.4, points=1, of=1).met is False
    assert Goal(family="", text="", value=0.4, points=1, of=1).met is None
