"""The table of methods.md is what was measured, of the recipes that are there."""

import importlib.util
import json
from pathlib import Path

import pytest

from hadacast.cli import methods

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def catalogue():
    spec = importlib.util.spec_from_file_location("docs_catalogue", DOCS / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(catalogue):
    return json.loads(catalogue.STORE.read_text(encoding="utf-8"))


def test_the_page_is_what_was_measured(catalogue, store):
    text = catalogue.PAGE.read_text(encoding="utf-8")
    assert catalogue.place(text, store) == text


def test_every_method_was_measured_as_it_stands(catalogue, store):
    assert set(store) == set(methods.catalogue())
    changed = [name for name, found in store.items() if found["recipe_digest"] != catalogue.digest(name)]
    assert not changed, f"python docs/catalogue.py --missing: {changed}"


def test_nothing_differs(store):
    for name, found in store.items():
        assert found["definition"]["mismatches"] == 0, name
        assert found["definition"]["compared"] >= 1_000_000, name
        assert found["hardware"]["mismatches"] == 0, name
        assert found["hardware"]["samples"] > 0, name
        assert found["area"]["logic_cells"] > 0, name
