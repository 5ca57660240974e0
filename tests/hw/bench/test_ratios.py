"""Ours by theirs."""

import pytest

from hadacast.bench.ratios import cells_of, geometric, ratios

RECORD = {
    "logic_cells": 300,
    "estimate": 290,
    "median_fmax": 200.0,
    "latency": 10,
    "floor": {"cells": 250, "with_ram": 280},
    "adder": {"median_fmax": 250.0},
    "peer": {"logic_cells": 1000, "median_fmax": 160.0, "latency": 40},
}


def test_all_of_them():
    assert ratios(RECORD) == {
        "cells": 0.3,
        "fmax": 1.25,
        "latency": 0.25,
        "peer_floor": 0.25,
        "floor": 1.2,
        "floor_with_ram": round(300 / 280, 4),
        "adder": 0.8,
    }


def test_what_is_not_known():
    missing = {"logic_cells": None, "estimate": None, "median_fmax": None, "adder": None, "peer": None}
    assert set(ratios({**RECORD, **missing}).values()) == {None}


def test_an_estimate_stands_in_for_cells():
    record = {**RECORD, "logic_cells": None}
    assert cells_of(record) == 290
    assert ratios(record)["cells"] == 0.29


def test_geometric_mean():
    assert geometric([0.25, 1.0]) == pytest.approx(0.5)
    assert geometric(iter([2, 4, 8])) == pytest.approx(4)
    assert geometric([]) is None
