"""Constants of recipes, as their files have them: calibration data, which no formula says."""

import tomllib
from fractions import Fraction
from pathlib import Path

RECIPES = Path(__file__).parents[3] / "sw_ref" / "hadacast" / "recipes"


def stage(name, kind):
    """The table of a recipe's first stage of a kind; floats as the decimal fractions that they are."""
    text = (RECIPES / f"{name}.toml").read_text(encoding="utf-8")
    return next(s for s in tomllib.loads(text, parse_float=Fraction)["stage"] if s["kind"] == kind)
