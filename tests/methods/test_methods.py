"""Every recipe of a method: it has a definition, equals it, and equals its hardware."""

import ast
from pathlib import Path

import methods.definitions  # noqa: F401, it registers them
import numpy as np
import pytest
from methods import bench, hardware

METHODS = bench.methods()
FOLDER = Path(__file__).parent / "definitions"


def test_every_method_has_a_definition_and_no_other_recipe_has():
    assert set(bench.DEFINITIONS) == set(METHODS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_definitions_are_independent(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] == "hadacast"]


@pytest.mark.parametrize("name", METHODS)
def test_equals_the_definition(name):
    outcome = bench.compare(name, 30_000)
    assert outcome.mismatches == 0, outcome.first
    assert outcome.compared >= 30_000


@pytest.mark.long
@pytest.mark.parametrize("name", METHODS)
def test_equals_the_definition_at_length(name):
    outcome = bench.compare(name, 1_000_000, seed=2)
    assert outcome.mismatches == 0, outcome.first


@pytest.mark.long
@pytest.mark.parametrize("name", METHODS)
def test_equals_its_hardware(name):
    for result in hardware.check(METHODS[name].pipeline, 20_000, "cxxrtl"):
        assert result.ok, result.problems


def test_a_wrong_result_is_found(monkeypatch):
    name = next(iter(METHODS))
    right = bench.DEFINITIONS[name]

    def wrong(x):
        found = dict(right(x))
        codes = found["codes"]
        values = np.array(codes.values if isinstance(codes, bench.Near) else codes)
        values[-1, -1] += 2
        found["codes"] = bench.Near(values, codes.within) if isinstance(codes, bench.Near) else values
        return found

    monkeypatch.setitem(bench.DEFINITIONS, name, wrong)
    assert bench.compare(name, 1000).mismatches == 1
