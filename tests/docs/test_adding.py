"""The files of adding.md, written where it says, do what it says."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from methods import bench

from hadacast import recipe
from hadacast.core import pipeline as core
from hadacast.core.top import AxiTop
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus

PAGE = Path(__file__).parents[2] / "docs" / "adding.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def files():
    """The page's Python files by the path in their first line."""
    found = {}
    for language, body in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        if language == "py":
            first, _, rest = body.partition("\n")
            found[first.removeprefix("# ")] = rest
    return found


def test_the_files_are_those_of_a_stage_and_a_definition(files):
    assert set(files) == {
        "tests/methods/definitions/spinquant.py",
        "sw_ref/hadacast/spec/magnitude.py",
        "hw/hadacast/core/magnitude.py",
        "tests/hw/core/test_magnitude.py",
    }


def test_the_method(files, tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    (body,) = (body for language, body in FENCE.findall(text) if language == "toml")
    path = tmp_path / "spinquant_k.toml"
    path.write_text(body, encoding="utf-8")
    assert recipe.load(path).method.system == "SpinQuant"
    shipped = recipe.catalogue()
    monkeypatch.setattr(recipe, "catalogue", lambda: shipped | {"spinquant_k": path})
    monkeypatch.setattr(bench, "DEFINITIONS", {})
    exec(compile(files["tests/methods/definitions/spinquant.py"], "spinquant.py", "exec"), {})
    outcome = bench.compare("spinquant_k", 100_000)
    assert outcome.mismatches == 0, outcome.first
    spec = recipe.load("spinquant_k").pipeline
    sent = Stimulus.frames(bench.inputs(spec, 3000, seed=1)[:16], spec.in_lanes, stall_rate=0.2)
    assert compare(spec, sent, simulate(AxiTop(spec), sent, "amaranth")).ok


def test_the_stage(files, tmp_path, monkeypatch):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for root, package in (("sw_ref", "hadacast.spec"), ("hw", "hadacast.core")):
        found = importlib.import_module(package)
        folder = tmp_path / root / package.replace(".", "/")
        monkeypatch.setattr(found, "__path__", [*found.__path__, str(folder)])
    names = ("hadacast.spec.magnitude", "hadacast.core.magnitude")
    try:
        spec_module, component_module = map(importlib.import_module, names)
        monkeypatch.setitem(recipe.STAGES, "magnitude", spec_module.Magnitude)
        monkeypatch.setitem(core.COMPONENTS, "magnitude", component_module.Magnitude)
        tests = {}
        exec(compile(files["tests/hw/core/test_magnitude.py"], "test_magnitude.py", "exec"), tests)
        (cases,) = (mark.args[1] for mark in tests["test_equals_the_spec"].pytestmark)
        for case in cases:
            tests["test_equals_the_spec"](*case)
        tests["test_no_sign_no_stage"]()
        path = tmp_path / "spectrum.toml"
        path.write_text(
            '[stream]\nframe = 16\nlanes = 4\n[[stage]]\nkind = "fwht"\n[[stage]]\nkind = "magnitude"\n'
        )
        spec = recipe.load(path).pipeline
        x = np.random.default_rng(1).integers(-(2**15), 2**15, (8, 16))
        sent = Stimulus.frames(x, 4, gap_rate=0.2, stall_rate=0.2)
        assert compare(spec, sent, simulate(AxiTop(spec), sent, "amaranth")).ok
    finally:
        for name in names:
            sys.modules.pop(name, None)
