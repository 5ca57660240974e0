"""The page on sparse spectra says what the stage does and what was measured, and that comes out again."""

import importlib.util
import json
import re
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from hadacast import recipe
from hadacast.sparse.plan import bins_of, places
from hadacast.spec.bins import Bins

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sparse.md").read_text(encoding="utf-8")
STORE = json.loads((ROOT / "docs" / "sparse.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmarks_sparse", ROOT / "benchmarks" / "sparse.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_fields_and_defaults():
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| [^|]", PAGE, re.MULTILINE)
    own = {f.name: f.default for f in fields(Bins) if f.name not in Bins.FROM_STREAM}
    assert {name: json.loads(value) for name, value in rows} == {**own, "hash": [], "offsets": [0]}


def test_the_rates_are_those_of_the_store(benchmark):
    assert benchmark.placed(PAGE, benchmark.markdown(STORE)) == PAGE
    with pytest.raises(ValueError, match="no marks"):
        benchmark.placed("no marks", "")


def test_the_store_is_of_this_recipe_and_enough(benchmark):
    spec = recipe.load(STORE["recipe"]).pipeline
    assert STORE["frame"] == spec.frame
    assert STORE["samples"] == len(np.unique(places(spec)))
    assert (STORE["sparsity"], STORE["tolerance"], STORE["seed"]) == (64, benchmark.TOLERANCE, benchmark.SEED)
    assert [(c["amplitudes"], c["snr"]) for c in STORE["cases"]] == [
        (case.amplitudes, case.snr) for case in benchmark.CASES
    ]
    assert all(case["trials"] == case["simulated"] == 1000 for case in STORE["cases"])
    assert bins_of(spec).bits == 16


@pytest.mark.parametrize("number", range(4))
def test_trials_come_again(benchmark, number):
    """The first ones of each case, and those that failed."""
    stored, case = STORE["cases"][number], benchmark.CASES[number]
    trials = benchmark.Trials(recipe.load(STORE["recipe"]).pipeline)
    for trial in sorted({*range(8), *stored["failed"][:4]}):
        made = trials.make(case, trial, STORE["seed"])
        error, complete = trials.check(made, trials.spec.compute(made.frame))
        assert (error is None or error > STORE["tolerance"]) == (trial in stored["failed"])
        assert complete or trial in stored["failed"] or case.snr is not None


def test_what_it_says_of_sizes():
    spec = recipe.load("sparse65536").pipeline
    stage = bins_of(spec)
    assert f"takes {spec.frame:,}\nin place of 65,536" in PAGE
    assert f"for each of {stage.groups * stage.bins} bins" in PAGE
    assert f"{100 * spec.frame / 65536:.1f} % of N; {STORE['samples']:,}" in PAGE
    assert f"{100 * STORE['samples'] / 65536:.1f} %." in PAGE
    assert f"Its latency is {stage.latency}\nclocks" in PAGE
