"""Elementwise stages in a row, around a transform, as recipes have them."""

import re
from pathlib import Path

import numpy as np
import pytest
from hw.core.campaign import frames, stimulus

from hadacast import recipe
from hadacast.core.top import AxiTop
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus

PAGE = (Path(__file__).parents[3] / "docs" / "elementwise.md").read_text(encoding="utf-8")
STREAM = "[stream]\nframe = 16\nlanes = 2\n[input]\nwidth = 12\nfraction = 4\n"

RECIPES = {
    "the page's": re.search(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1],
    "channels": STREAM
    + """
[[stage]]
kind = "fwht"
[[stage]]
kind = "quantize"
code = "uint8"
scale = { kind = "static", step = "steps.npy", zero = "zeros.npy" }
[[stage]]
kind = "dequantize"
width = 18
fraction = 2
""",
    "lookup": STREAM
    + """
[[stage]]
kind = "lookup"
exponent = 5
[[stage]]
kind = "dequantize"
width = 12
fraction = 5
[[stage]]
kind = "fwht"
[[stage]]
kind = "requantize"
scale = 0.0625
rounding = "gemmlowp"
""",
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_of_several(name, tmp_path):
    np.save(tmp_path / "steps.npy", np.linspace(0.5, 8, 16, dtype=np.float32))
    np.save(tmp_path / "zeros.npy", np.arange(120, 136))
    (tmp_path / "mine.toml").write_text(RECIPES[name])
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    sent = stimulus(spec, 100, seed=1)
    result = compare(spec, sent, simulate(AxiTop(spec), sent))
    assert result.ok, result.problems
    assert result.dropped > 0
    trace = simulate(AxiTop(spec), Stimulus.frames(frames(spec, 64, np.random.default_rng(2)), spec.in_lanes))
    assert trace.latency == spec.latency
    assert (np.diff(trace.cycle) == 1).all()
