"""The measured tables are what docs/figures.json says, which is what the commands of docs/figures.py said."""

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
def figures():
    spec = importlib.util.spec_from_file_location("docs_figures", DOCS / "figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(figures):
    return json.loads(figures.STORE.read_text(encoding="utf-8"))


def test_every_row_was_measured_and_nothing_else(figures, store):
    assert set(store) == {row.command for rows in figures.ROWS.values() for row in rows}


@pytest.mark.parametrize("page", ["transform.md", "quantize.md", "sparse.md", "boards.md"])
def test_the_table_is_what_was_measured(figures, store, page):
    text = (DOCS / page).read_text(encoding="utf-8")
    assert figures.place(text, figures.table(page, store)) == text


def test_the_readme_says_what_was_measured(figures, store):
    core = store[figures.CORE]
    row = f"| {figures.used(core, figures.LOGIC)} | {core['median_fmax']:.0f} |"
    assert row in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_commands_parse(figures):
    for rows in figures.ROWS.values():
        for row in rows:
            _, name, *arguments = shlex.split(row.command)
            main.commands[name].make_context(name, arguments, parent=click.Context(main, obj=Output()))


def test_a_page_without_marks_is_an_error(figures):
    with pytest.raises(ValueError, match="no marks"):
        figures.place("<!-- figures -->\nno end", "table")
