"""The page on dense matrices says what the stage does."""

import json
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from hadacast import recipe
from hadacast.spec.rotate import Rotate

PAGE = (Path(__file__).parents[2] / "docs" / "rotate.md").read_text(encoding="utf-8")


def orthogonal(n):
    return np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0]


def test_fields_and_defaults():
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| [^|]", PAGE, re.MULTILINE)
    own = {f.name: f.default for f in fields(Rotate) if f.name not in Rotate.FROM_STREAM}
    assert {name: json.loads(value) for name, value in rows} == {**own, "matrix": []}


def test_the_example_is_what_its_title_says(tmp_path):
    (tmp_path / "mine.toml").write_text(re.search(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1])
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    left, right = (np.array([[float(c) for c in row] for row in s.matrix]) for s in spec.stages)
    assert np.allclose(left, [[np.cos(np.pi / 6), -0.5], [0.5, np.cos(np.pi / 6)]])
    codes = np.random.default_rng(1).integers(-2048, 2048, (20, 8))
    want = left.T @ spec.input.decode(codes).reshape(-1, 2, 4) @ right
    assert np.abs(spec.output.decode(spec.compute(codes)).reshape(-1, 2, 4) - want).max() < 2**-8


@pytest.mark.parametrize(("n1", "n2"), [(64, 64), (86, 128)])
def test_the_kronecker_recipe(n1, n2, tmp_path):
    body = re.search(r"^```\n(\[stream\].*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]
    body = body.replace("4096", str(n1 * n2)).replace("stride = 64 ", f"stride = {n2} ")
    (tmp_path / "mine.toml").write_text(body)
    left, right = orthogonal(n1), orthogonal(n2)
    np.save(tmp_path / "left.npy", left)
    np.save(tmp_path / "right.npy", right)
    spec = recipe.load(tmp_path / "mine.toml").pipeline
    values = np.random.default_rng(2).normal(scale=2, size=(2, n1 * n2))
    codes = spec.input.encode(values)
    want = left.T @ spec.input.decode(codes).reshape(-1, n1, n2) @ right
    got = spec.output.decode(spec.compute(codes)).reshape(-1, n1, n2)
    assert np.abs(got - want).max() < 0.02
    assert [stage.order for stage in spec.stages] == [n1, n2]


def test_what_it_says_of_precision():
    matrix = orthogonal(64)
    spec = Rotate(frame=64, matrix=matrix.tolist(), coefficient_width=12)
    assert spec.coefficient.fraction == 12
    assert spec.coefficient_error <= Fraction(1, 1 << 13)
    x = np.random.default_rng(3).choice([-30000, 30000], (50, 64))
    found = np.abs(spec.result.decode(spec.compute(x)) - x @ matrix.T)
    assert found.max() <= float(spec.error_bound(30000)) <= 64 * 2**-13 * 30000
    assert np.sqrt((found**2).mean()) == pytest.approx(np.sqrt(64) * 2**-13 * 0.58 * 30000, rel=0.1)


@pytest.mark.parametrize(
    ("n", "s", "lanes"), [(64, 64, 1), (16, 16, 4), (16, 1, 4), (128, 1, 1), (8, 4, 16), (86, 128, 2)]
)
def test_latencies(n, s, lanes):
    matrix = np.eye(n).tolist()
    spec = Rotate(frame=n * s, lanes=lanes, matrix=matrix, stride=s, width=16, fraction=0)
    beats = n * min(s, lanes) // lanes
    about = 2 * beats + (beats - 1) // 16 + (2 * (n * s // lanes + 2) if s > lanes else 0)
    assert 10 <= spec.latency - about <= 18
