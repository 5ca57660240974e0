"""soak.md and gate_level.md say what their stores hold."""

import importlib.util
import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("docs_soak", DOCS / "soak.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(soak):
    return json.loads(soak.STORE.read_text(encoding="utf-8"))


def test_every_recipe_was_soaked(soak, store):
    assert set(store) == set(soak.RECIPES)
    for recipe, found in store.items():
        assert found["mismatches"] == 0, recipe
        # The samples are those of whole batches, some frames of each less.
        assert 0.98 < found["samples"] / (found["batches"] * found["plan"]["batch"]) <= 1.01, recipe
        assert found["dropped"] > found["batches"], recipe
        assert found["resets"] > found["batches"], recipe


def test_the_table_is_what_was_seen(soak, store):
    text = soak.PAGE.read_text(encoding="utf-8")
    assert soak.page(text, store) == text


def test_a_page_without_marks_is_an_error(soak, store):
    with pytest.raises(ValueError, match="no marks of soak"):
        soak.page("text", store)


def test_a_state_stays_on_its_machine(soak):
    assert soak.kept({"samples": 1, "state": "there", "wanted": 1}) == {"samples": 1}
