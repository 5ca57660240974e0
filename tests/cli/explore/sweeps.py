"""Small sweeps for tests."""

import numpy as np

from hadacast import recipe
from hadacast.cli.data import Source
from hadacast.explore.axes import parse
from hadacast.explore.measure import EXACT, Task, maker
from hadacast.explore.sweep import Sweep

RECIPE = """
[stream]
frame = 8
lanes = 2

[input]
width = 10
fraction = 4

[[stage]]
kind = "fwht"

[[stage]]
kind = "quantize"
code = "int4"
scale = "maximum"

[[stage]]
kind = "pack"
"""

VALUES = np.random.default_rng(3).normal(size=(32, 16)) * 4


def source(values=VALUES):
    """Data that come from nowhere."""
    return Source(name="x.npy", array=values, sha256="0" * 64)


def task(level=EXACT, device="", **members):
    """What the points of a sweep have in common."""
    draft = recipe.Draft(file="mine.toml", content={})
    return Task(draft=draft, level=level, device=device, made_by=maker(level, device), **members)


def sweep(folder, *axes, **members):
    """A sweep of `mine.toml`, which is put in a folder."""
    (folder / "mine.toml").write_text(RECIPE)
    members = {"task": task(), "source": source()} | members
    return Sweep(recipe=str(folder / "mine.toml"), axes=tuple(map(parse, axes)), **members)
