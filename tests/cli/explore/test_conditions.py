"""Conditions: read as comparisons, whatever they look like."""

import pytest

from hadacast.errors import HadacastError
from hadacast.explore import conditions

COLUMNS = ("cells", "fmax", "stream.lanes", "stage.1.code", "stage.0.whole")
ROW = {"cells": 5000, "fmax": None, "stream.lanes": 4, "stage.1.code": "int4", "stage.0.whole": True}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("cells < 5000", False),
        ("cells <= 5_000", True),
        ("cells<5e3", False),
        ("cells > 4999.5", True),
        ("cells >= 5000", True),
        ("cells != 5000", False),
        ("  stream.lanes=4 ", True),
        ("stream.lanes == -4", False),
        ("cells > stream.lanes", True),
        ("stage.1.code = int4", True),
        ('stage.1.code = "int4"', True),
        ("stage.1.code != int4", False),
        ("stage.1.code < 5", False),
        ("cells = int4", False),
        ("stage.0.whole = true", True),
        ("stage.0.whole = false", False),
        ("fmax > 0", False),
        ("fmax < 1e9", False),
        ("fmax != 3", False),
    ],
)
def test_what_holds(text, holds):
    condition = conditions.parse(text, COLUMNS)
    assert condition.holds(ROW) is holds
    assert str(condition) == text.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cells", "it must be a comparison"),
        ("cells <", "it must be a comparison"),
        ("< 5", "it must be a comparison"),
        ("", "it must be a comparison"),
        ("__import__('os').system('true') < 5", "it must be a comparison"),
        ("size < 5", "no column 'size': one of cells, fmax"),
        ("cells < 5 and fmax > 3", "< wants a number or a column"),
        ("cells < __import__('os')", "< wants a number or a column"),
        ("cells < 1e9999", "< wants a number or a column"),
        ("cells < many", "< wants a number or a column"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(HadacastError, match=said) as raised:
        conditions.parse(text, COLUMNS)
    assert "\n" not in str(raised.value)
