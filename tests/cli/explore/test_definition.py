"""Sweeps in TOML files."""

import re
from pathlib import Path

import pytest

from hadacast.errors import HadacastError
from hadacast.explore import definition
from hadacast.explore.axes import parse
from hadacast.explore.columns import FIGURES
from hadacast.explore.definition import FIELDS

WHOLE = """
recipe = "mine.toml"
set = ["stream.frame=16"]
device = "ecp5-25k"
seeds = [1, 2]
place = false
points = 5
seed = 3
data = "x.npy"
rows = 7
where = "cells < 500"
minimize = ["cells", "latency"]

[axes]
"stream.lanes" = [1, 2]
"stage.fwht.registers" = "0..2"

[[linked]]
"input.width" = [8, 12]
"input.fraction" = [2, 6]
"""


def test_a_file(tmp_path):
    (tmp_path / "sweep.toml").write_text(WHOLE)
    found = definition.load(str(tmp_path / "sweep.toml"))
    axes = found.pop("axes")
    assert axes == [
        parse("stream.lanes=1,2"),
        parse("stage.fwht.registers=0..2"),
        parse("input.width=8,12;input.fraction=2,6"),
    ]
    assert found == {
        "recipe": str(tmp_path / "mine.toml"),
        "set": ("stream.frame=16",),
        "device": "ecp5-25k",
        "seeds": "1,2",
        "place": False,
        "points": 5,
        "seed": 3,
        "data": str(tmp_path / "x.npy"),
        "rows": 7,
        "where": ("cells < 500",),
        "minimize": ("cells", "latency"),
    }


def test_names_of_recipes_and_samples_stay(tmp_path):
    (tmp_path / "s.toml").write_text('recipe = "rotate128"\ndata = "minilm_mlp_down"\n')
    found = definition.load(str(tmp_path / "s.toml"))
    assert found == {"recipe": "rotate128", "data": "minilm_mlp_down", "axes": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recipe = ", "sweep '.*s.toml': "),
        ("axis = 3", "no field 'axis': it must be one of recipe, set, "),
        ("axes = 3", r"one \[axes\] table"),
        ("linked = {}", r"a \[\[linked\]\] table each"),
        ("linked = [3]", "linked is 3"),
        ("[[linked]]", "linked is {}"),
        ("recipe = 3", "recipe is 3"),
        ("points = 0", "points is 0"),
        ("seeds = [-1]", "seed is -1"),
        ("place = 1", "place is 1"),
        ("where = 3", "where is 3"),
        ("where = [3]", "where is 3"),
        ("[axes]\nlanes = [1]", "axis 'lanes'"),
        ('[[linked]]\n"a.b" = [1]\n"a.c" = [1, 2]', "different numbers of values"),
        ("recipe = " + "[" * 5000, "sweep '.*s.toml': "),
        ("#" * (1 << 21), "larger than 1,048,576 bytes"),
    ],
)
def test_mistakes_are_one_line(tmp_path, text, said):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(HadacastError, match=said) as raised:
        definition.load(str(tmp_path / "s.toml"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["nowhere.toml", "", ".", "a\0b"])
def test_files_that_cannot_be_read(tmp_path, name):
    with pytest.raises(HadacastError, match=r"^sweep "):
        definition.load(str(tmp_path / name))


def test_the_page(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "explore.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```text\n(recipe = .*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "s.toml").write_text(text)
    found = definition.load(str(tmp_path / "s.toml"))
    assert len(found["axes"]) == 3
    for name in FIELDS:
        assert f"`{name}" in page or f"\n{name} = " in page or f" {name} = " in page, name
    shown = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert shown == list(FIGURES)
