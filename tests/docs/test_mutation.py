"""mutation.md and equivalence.md say what was found, and that is what the project promises."""

import importlib.util
import json
import shlex
from pathlib import Path

import click
import pytest

from hadacast.cli.console import Output
from hadacast.cli.main import main
from hadacast.prove.equivalence import equivalences

DOCS = Path(__file__).parents[2] / "docs"


def script(name):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mutation():
    return script("mutation")


@pytest.fixture(scope="module")
def found(mutation):
    return json.loads(mutation.STORE.read_text(encoding="utf-8"))


def test_every_command_ran_and_nothing_else(mutation, found):
    assert set(found) == set(mutation.COMMANDS)


def test_at_least_2000_faults_and_99_in_100_found(mutation, found):
    faults = sum(found[command]["mutants"] - found[command]["equal"] for command in mutation.COMMANDS)
    assert faults >= 2000
    assert sum(found[command]["killed"] for command in mutation.COMMANDS) >= 0.99 * faults


def test_every_survivor_is_explained(mutation, found):
    left = {
        (found[command]["recipe"]["name"], survivor["number"])
        for command in mutation.COMMANDS
        for survivor in found[command]["survivors"]
        if survivor["proof"] != "equal"
    }
    assert left == set(mutation.REASONS)


def test_the_tables_are_what_was_found(mutation, found):
    text = mutation.PAGE.read_text(encoding="utf-8")
    assert mutation.page(text, found) == text


def test_the_commands_exist(mutation):
    for command in mutation.COMMANDS:
        _, name, *arguments = shlex.split(command)
        parser = main.commands[name].make_parser(click.Context(main.commands[name], obj=Output()))
        parser.parse_args(arguments)


def test_equivalences_are_those_of_the_page():
    equivalence = script("equivalence")
    store = json.loads(equivalence.STORE.read_text(encoding="utf-8"))
    assert set(store) == {configuration.name for configuration in equivalences()}
    assert {entry["verdict"] for entry in store.values()} == {"proved"}
    text = equivalence.PAGE.read_text(encoding="utf-8")
    assert equivalence.page(text, store) == text
