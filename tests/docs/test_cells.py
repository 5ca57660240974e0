"""cells.md says what docs/cells.json holds, and the scaling is the one that the page states."""

import importlib.util
import json
import shlex
from pathlib import Path

import click
import pytest

from hadacast.cli.console import Output
from hadacast.cli.main import main

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def cells():
    spec = importlib.util.spec_from_file_location("docs_cells", DOCS / "cells.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(cells):
    return json.loads(cells.STORE.read_text(encoding="utf-8"))


def test_every_row_was_measured_and_nothing_else(cells, store):
    assert set(store) == {row.command for row in (*cells.RECIPES, *cells.BESIDE)}


def test_every_netlist_was_right_and_met_its_clock(store):
    for command, found in store.items():
        assert found["run"]["mismatches"] == 0, command
        assert found["timing"]["met"], command


def test_the_tables_are_what_was_measured(cells, store):
    text = cells.PAGE.read_text(encoding="utf-8")
    assert cells.page(text, store) == text


def test_the_scaling_is_c_v_squared(cells):
    assert cells.scaled(1.0, 1.8) == pytest.approx(65 / 180 * (1.2 / 1.8) ** 2)
    assert f"{cells.scaled(1.0, 1.8):.2f}" in cells.PAGE.read_text(encoding="utf-8")


def test_commands_parse(cells):
    for row in (*cells.RECIPES, *cells.BESIDE):
        _, name, *arguments = shlex.split(row.command)
        main.commands[name].make_context(name, arguments, parent=click.Context(main, obj=Output()))


def test_a_page_without_marks_is_an_error(cells):
    with pytest.raises(ValueError, match="no marks of recipes"):
        cells.place("text", "recipes", "table")
