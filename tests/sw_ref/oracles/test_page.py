"""docs/oracles.md is what docs/oracles.json says, which is what runs of the oracles said."""

import importlib.util
import json
from pathlib import Path

import pytest
from sw_ref.oracles import cases, packages
from sw_ref.oracles.catalogue import COMPARISONS

DOCS = Path(__file__).parents[3] / "docs"

pytestmark = pytest.mark.filterwarnings("ignore")  # what packages say at import


@pytest.fixture(scope="module")
def oracles():
    spec = importlib.util.spec_from_file_location("docs_oracles", DOCS / "oracles.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def store(oracles):
    return json.loads(oracles.STORE.read_text(encoding="utf-8"))


def test_the_page_is_what_was_found(oracles, store):
    text = oracles.PAGE.read_text(encoding="utf-8")
    assert oracles.page(text, store) == text


def test_every_comparison_was_run_and_nothing_else(store):
    assert set(store["comparisons"]) == {str(comparison) for comparison in COMPARISONS}


@pytest.mark.parametrize("comparison", COMPARISONS, ids=str)
def test_all_oracles_at_full_size_and_nothing_unexplained(store, comparison):
    """A share of the numbers at least: not every oracle has every rounding, or every number."""
    found = store["comparisons"][str(comparison)]
    assert set(found) == set(comparison.oracles)
    for sums in found.values():
        assert sums["compared"] >= comparison.most / 2
        assert sums["unexplained"] == 0


@pytest.mark.parametrize(
    ("table", "case"),
    [(name, case) for name, table in cases.TABLES.items() for case in table],
    ids=lambda item: item if isinstance(item, str) else item.text,
)
def test_every_case_gives_what_the_table_says(store, table, case):
    known = store["cases"][table][case.text]
    assert case.run(known) == known
    missing = [c for c in known for oracle in cases.COLUMN_NEEDS.get(c, ()) if not packages.installed(oracle)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; the other columns agree")


def test_cases_are_those_of_the_tables(store):
    texts = {name: [case.text for case in table] for name, table in cases.TABLES.items()}
    assert {name: list(rows) for name, rows in store["cases"].items()} == texts


def test_the_arithmetic_of_a_library_is_the_library(store):
    for cells in store["cases"]["nvfp4"].values():
        assert cells["hadacast, torchao"] == cells["torchao"]
        assert cells["hadacast, transformer_engine"] == cells["Transformer Engine"]


def test_a_page_without_marks_is_an_error(oracles):
    with pytest.raises(ValueError, match="no marks for counts"):
        oracles.place("<!-- counts -->\nno end", "counts", "table")
