"""Runs, kept a line each."""

import json

import pytest

from hadacast.bench import history
from hadacast.errors import HadacastError

RUN = {
    "date": "2024-01-01T00:00:00Z",
    "version": "1",
    "note": "≈ a line\u2028and more\n",
    "tools": {},
    "points": [],
}


def test_a_run_reads_back_and_what_else_it_had_stays_out():
    text = history.line({**RUN, "report": "x.html"}) + history.line({**RUN, "note": ""})
    assert text.count("\n") == 2
    first, second = history.runs(text, "h")
    assert first == {"schema": history.SCHEMA, **RUN}
    assert second["note"] == ""
    assert history.runs("", "h") == []
    # A file that an editor left without its last line end.
    assert history.runs(history.added(text.rstrip("\n"), RUN), "h") == [first, second, first]


@pytest.mark.parametrize(
    "row",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "other"}',
        json.dumps({**RUN, "schema": history.SCHEMA, "points": [1]}),
    ],
)
def test_what_is_not_a_run(row):
    with pytest.raises(HadacastError, match=r"history 'h.jsonl': line 2 isn't a run"):
        history.runs(history.line(RUN) + row + "\n", "h.jsonl")
