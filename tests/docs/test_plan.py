"""plan.md says what docs/plan.json holds."""

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
def plan():
    spec = importlib.util.spec_from_file_location("docs_plan", DOCS / "plan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(plan):
    return json.loads(plan.STORE.read_text(encoding="utf-8"))


def test_the_table_is_what_was_planned(plan, found):
    text = plan.PAGE.read_text(encoding="utf-8")
    assert plan.page(text, found) == text


def test_the_plan_was_built_and_met(found):
    assert found["ok"]
    assert found["verified"]["rate_at_fmax"] >= found["rate"] == 2.5e9


def test_the_command_is_the_page_s_and_parses(plan):
    assert plan.COMMAND in plan.PAGE.read_text(encoding="utf-8")
    _, name, *arguments = shlex.split(plan.COMMAND)
    main.commands[name].make_context(name, arguments, parent=click.Context(main, obj=Output()))


def test_a_page_without_marks_is_an_error(plan, found):
    with pytest.raises(ValueError, match="no marks"):
        plan.page("text", found)
