"""The page on the transform: parts of frames, images and the inverse are as it says, and its recipes run."""

import json
import re
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from hw.core.campaign import disturbed
from scipy.linalg import hadamard

from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.recipe import load
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.spec.fwht import Fwht

PAGE = (Path(__file__).parents[2] / "docs" / "transform.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def product(text: str) -> np.ndarray:
    """A product such as H_2 ⊗ I_8 as a matrix."""
    factors = re.findall(r"([HI])_(\d+)", text)
    return reduce(
        np.kron, (hadamard(int(n)) if which == "H" else np.eye(int(n), dtype=int) for which, n in factors)
    )


@pytest.fixture
def recipe(tmp_path):
    def read(index):
        path = tmp_path / "mine.toml"
        path.write_text(RECIPES[index], encoding="utf-8")
        return load(path).pipeline

    return read


def test_parts_of_64_elements():
    rows = re.findall(
        r"^\| (`.*`) \| ([HI]_[^|:]*)", PAGE.split("| N = 64 | |")[1].split("\n\n")[0], re.MULTILINE
    )
    assert len(rows) == 5
    for members, text in rows:
        found = {key: json.loads(value) for key, value in re.findall(r"`(\w+) = ([^`]*)`", members)}
        if "bits" in found:
            found["bits"] = tuple(found["bits"])
        y = Fwht(frame=64, input=Format(width=2), **found).compute(np.eye(64, dtype=int))
        np.testing.assert_array_equal(y, product(text))


def test_frames_of_5120():
    assert "I_5 ⊗ H_1024" in PAGE
    assert "H_128 ⊗ I_40" in PAGE
    x = np.random.default_rng(1).integers(-8, 8, (2, 5120))
    y = Fwht(frame=5120).compute(x)
    np.testing.assert_array_equal(y.reshape(-1, 1024), x.reshape(-1, 1024) @ hadamard(1024))
    y = Fwht(frame=5120, size=128, stride=40).compute(x)
    np.testing.assert_array_equal(
        y, np.einsum("ij,bjs->bis", hadamard(128), x.reshape(2, 128, 40)).reshape(2, -1)
    )


def test_an_image(recipe):
    spec = recipe(2)
    image = np.random.default_rng(1).integers(0, 256, (5, 12, 32))
    blocks = np.kron(np.eye(3, dtype=int), hadamard(4))
    found = spec.compute(image.reshape(5, -1)).reshape(image.shape)
    np.testing.assert_array_equal(found, blocks @ image @ hadamard(32))


def test_there_and_back(recipe):
    spec = recipe(3)
    assert spec.output == spec.input
    x = np.random.default_rng(1).integers(-2048, 2048, (20, 128))
    x[0], x[1] = -2048, 2047
    np.testing.assert_array_equal(spec.compute(x), x)


@pytest.mark.parametrize("index", [pytest.param(0, marks=pytest.mark.long), 1, 2, 3])
def test_recipes_run(recipe, index):
    spec = recipe(index)
    assert (spec.dropper is None) == (index in (0, 2))
    rng = np.random.default_rng(index)
    plan = disturbed(spec, rng.integers(spec.input.min, spec.input.max + 1, (24, spec.frame)), rng, index)
    result = compare(spec, plan, simulate(AxiTop(spec), plan, "amaranth" if index else "cxxrtl"))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0
