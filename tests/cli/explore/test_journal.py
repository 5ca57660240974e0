"""Rows on disk: found again when whole, and only then."""

import json

import pytest

from hadacast.errors import HadacastError
from hadacast.explore import journal
from hadacast.explore.journal import Journal

ROW = {"error": "", "cells": 12, "sqnr": 1.5}


def test_what_was_written_is_read(tmp_path):
    kept = Journal(tmp_path / "points")
    assert kept.read("ab") is None
    kept.write("ab", ROW)
    assert kept.read("ab") == ROW
    assert kept.read("cd") is None
    kept.write("ab", {"error": "too many"})
    assert kept.read("ab") == {"error": "too many"}
    assert [path.name for path in (tmp_path / "points").iterdir()] == ["ab.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        json.dumps({"row": ROW}),
        json.dumps({"sum": journal._sum("other", ROW), "row": ROW}),
        json.dumps({"sum": journal._sum("ab", ROW), "row": {**ROW, "cells": 13}}),
        json.dumps({"sum": journal._sum("ab", {})}),
        *(
            json.dumps({"sum": journal._sum("ab", row), "row": row})
            for row in ({}, {"error": None}, {"error": "", "cells": "12"}, 3)
        ),
    ],
)
def test_what_is_not_sound_counts_as_absent(tmp_path, text):
    (tmp_path / "ab.json").write_text(text)
    assert Journal(tmp_path).read("ab") is None


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HadacastError, match=r"^can't write in '.*points': "):
        Journal(tmp_path / "file" / "points").write("ab", ROW)
