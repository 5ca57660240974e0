"""The tables of bench.md are those of the runs in bench.jsonl."""

import importlib.util
from pathlib import Path

import pytest

from hadacast.bench import history
from hadacast.bench.floor import floor
from hadacast.bench.grid import grid, named
from hadacast.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("docs_bench", DOCS / "bench.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def runs(bench):
    return history.runs(bench.STORE.read_text(encoding="utf-8"), bench.STORE.name)


def test_the_tables_are_what_was_recorded(bench, runs):
    text = bench.PAGE.read_text(encoding="utf-8")
    assert bench.place(text, bench.tables(runs)) == text


def test_the_last_whole_run_is_shown(bench, runs):
    part = {**runs[-1], "points": runs[-1]["points"][1:], "note": "a part"}
    assert bench.tables([*runs, part]) == bench.tables(runs)
    with pytest.raises(ValueError, match=r"no run in bench\.jsonl has the whole grid"):
        bench.tables([part])


def test_what_was_recorded_is_of_this_grid_and_floor(runs):
    shown = [point for point in runs[-1]["points"] if point["family"] != "gowin"]
    assert {point["name"] for point in shown} >= {point.name for point in grid()}
    for point in shown:
        assert point["floor"] == floor(named(point["name"]).fwht, point["family"]).to_dict()
        assert point["peer"] == named(point["name"]).peer.to_dict()


def test_every_option_is_in_the_page(bench):
    text = bench.PAGE.read_text(encoding="utf-8")
    for param in main.commands["bench"].params:
        longest = max(param.opts, key=len)
        assert longest == "--json" or f"`{longest}" in text, longest


def test_a_page_without_marks_is_an_error(bench):
    with pytest.raises(ValueError, match="no marks"):
        bench.place("<!-- bench -->\nno end", "table")
