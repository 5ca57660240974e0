"""The tables of prove.md are what docs/prove.json says, which is what `hadacast prove` said of each kind."""

import importlib.util
import json
from pathlib import Path

import pytest

from hadacast.prove import catalogue
from hadacast.recipe import STAGES

DOCS = Path(__file__).parents[2] / "docs"

# What is to be proved, for any number of clocks, in at least one configuration of each kind of stage.
RULES = {"valid", "payload", "last", "frames", "progress"}


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("docs_prove", DOCS / "prove.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(pages):
    return json.loads(pages.STORE.read_text(encoding="utf-8"))


def test_the_tables_are_what_was_found(pages, store):
    text = pages.PAGE.read_text(encoding="utf-8")
    assert pages.page(text, store) == text, "python docs/prove.py --page"
    assert pages.dumps(store) == pages.STORE.read_text(encoding="utf-8")


def test_nothing_fails(store):
    assert not [record for record in store if record["verdict"] == "failed"]


def test_every_configuration_is_in_the_tables(store):
    known = {(record["kind"], record["text"]) for record in store}
    listed = {(found.kind, found.text) for found in catalogue.subjects()}
    assert known == listed, "python docs/prove.py --missing"


@pytest.mark.parametrize("kind", STAGES)
def test_every_stage_has_a_configuration_whose_rules_are_proved(kind, store):
    proved = {}
    for record in store:
        if record["kind"] == kind:
            found = proved.setdefault(record["text"], set())
            if record["verdict"] == "proved":
                found.add(record["property"])
    missing = [RULES - found for found in proved.values()]
    assert set() in missing, min(missing, key=len)


def test_marks_that_are_missing_are_told(pages):
    with pytest.raises(ValueError, match="the page has no marks of kinds"):
        pages.place("a page", "kinds", "a table")
