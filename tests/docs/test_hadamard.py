"""The page on Hadamard matrices: its table of rotations by the size of models."""

import re
from pathlib import Path

from hadacast import recipe

PAGE = (Path(__file__).parents[2] / "docs" / "hadamard.md").read_text(encoding="utf-8")


def test_sizes_of_models():
    section = PAGE.split("\n## Sizes of models\n")[1]
    rows = re.findall(r"^\| ([0-9,]+) \| `(\w+)` \| (.*?) \| (\d+) \| ([0-9,]+) \|$", section, re.MULTILINE)
    assert {row[0] for row in rows} == {"384", "1,536", "4,096", "5,120", "11,008", "14,336"}
    for size, name, stages, lanes, clocks in rows:
        spec = recipe.load(name).pipeline
        assert (f"{spec.frame:,}", f"{spec.lanes}", f"{spec.latency:,}") == (size, lanes, clocks)
        found = [
            (stage.kind, f"{1 << stage.stages if stage.kind == 'fwht' else stage.order:,}")
            for stage in spec.stages
            if stage.kind != "cast"
        ]
        assert re.findall(r"`(\w+)` of ([0-9,]*[0-9])", stages) == found
