"""Rows on disk: found again when whole, and only then."""

import json

import pytest

from hadacast.errors import HadacastError
from hadacast.explore.journal import Journal

ROW = {"error": "", "cells": 12, "sqnr": 1.5}


def test_what_was_written_is_read(tmp_path):
    journal = Journal(tmp_path / "points")
    assert journal.read("ab") is None
    journal.write("ab", ROW)
    assert journal.read("ab") == ROW
    assert journal.read("cd") is None
    journal.write("ab", {"error": "too many"})
    assert journal.read("ab") == {"error": "too many"}
    assert [path.name for path in (tmp_path / "points").iterdir()] == ["ab.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        json.dumps({"key": "other", "row": ROW}),
        json.dumps({"key": "ab"}),
        json.dumps({"key": "ab", "row": {}}),
        json.dumps({"key": "ab", "row": {"error": None}}),
        json.dumps({"key": "ab", "row": {"error": "", "cells": "12"}}),
        json.dumps({"key": "ab", "row": 3}),
    ],
)
def test_what_is_not_sound_counts_as_absent(tmp_path, text):
    (tmp_path / "ab.json").write_text(text)
    assert Journal(tmp_path).read("ab") is None


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HadacastError, match=r"^can't write in '.*points': "):
        Journal(tmp_path / "file" / "points").write("ab", ROW)
