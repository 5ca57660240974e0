"""The search for Williamson sequences finds what is kept."""

import importlib.util
from pathlib import Path

import pytest

from hadacast.matrices.constructions import WILLIAMSON

PATH = Path(__file__).parents[2] / "tools" / "williamson.py"
SPEC = importlib.util.spec_from_file_location("williamson", PATH)
williamson = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(williamson)


@pytest.mark.parametrize("n", [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23])
def test_it_finds_what_is_kept(n):
    assert williamson.search(n) == WILLIAMSON[n]


@pytest.mark.long
@pytest.mark.parametrize("n", [n for n in WILLIAMSON if n > 23])
def test_it_finds_what_is_kept_of_greater_lengths(n):
    assert williamson.search(n) == WILLIAMSON[n]


def test_nothing_is_found_where_the_candidates_are_too_few():
    """28 is no sum of squares of 3 and 5 only."""
    masks, powers, sums = williamson.candidates(7)
    few = sums > 1
    assert williamson.match(7, masks, powers, sums) is not None
    assert williamson.match(7, masks[few], powers[few], sums[few]) is None
