"""The page and the table of a sweep."""

from html.parser import HTMLParser

import pytest
from markupsafe import escape

from hadacast.explore.columns import FIGURES
from hadacast.report import exploration, html

EVIL = "<script>alert('x')</script>\"&"


def row(point, value, error="", front=False, met=True, **figures):
    own = {"point": point, "stream.lanes": value, "stage.0.same": EVIL, "error": error}
    return own | dict.fromkeys(FIGURES) | figures | {"met": met and not error, "front": front}


@pytest.fixture
def document():
    rows = [
        row(0, 1, front=True, cells=100, throughput=1e8, lanes=1, frame=8, sqnr=20.0),
        row(1, 2, front=True, cells=200, throughput=2.5e8, lanes=2, frame=8, sqnr=20.0),
        row(2, 4, cells=300, throughput=2.2e8, lanes=4, frame=8, sqnr=21.0),
        row(3, 8, met=False, cells=9000, throughput=9e8, lanes=8, frame=8, sqnr=21.0),
        row(4, 16, error=EVIL),
        row(5, 32, error=EVIL),
    ]
    sweep = {
        "recipe": EVIL,
        "overrides": [EVIL],
        "axes": [EVIL],
        "points": 6,
        "grid": 12,
        "level": "place",
        "device": EVIL,
        "seeds": [1],
        "data": {"source": EVIL, "tensor": EVIL, "sha256": ""},
        "minimize": ["cells"],
        "maximize": ["throughput", "sqnr"],
        "where": [EVIL],
        "made_by": {"pyosys": EVIL},
    }
    return {
        "ok": True,
        "sweep": sweep,
        "folder": EVIL,
        "table": EVIL,
        "report": EVIL,
        "before": 0,
        "failed": 2,
        "rows": rows,
        "date": EVIL,
    }


class Counter(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found[tag] = self.found.get(tag, 0) + 1


def test_the_page(document):
    page = html.render_exploration(document)
    found = Counter(page).found
    assert "script" not in found
    assert found["svg"] == 2
    assert str(escape(EVIL)) in page
    assert "6 of 12, chosen at random, 2 failed" in page
    # Two on the front, four that have figures, one error.
    assert page.count("●") == 4
    assert f"<td>{escape(EVIL)}</td><td>4, 5</td>" in page
    assert "250.0" in page
    assert html.render_exploration(document) == page


def test_a_page_without_any_point(document):
    document["rows"] = document["rows"][4:]
    page = html.render_exploration(document)
    assert "No point has all figures" in page


def test_columns_that_say_something(document):
    assert exploration.fields(document) == ["stream.lanes", "stage.0.same"]
    # `lanes` is the axis, `frame` the same everywhere.
    assert exploration.figures(document) == ["cells", "throughput", "sqnr"]
    heads, rows = exploration.shown(document, document["rows"][:2])
    assert heads == ["front", "point", "stream.\nlanes", "cells", "throughput\nMsamples/s", "sqnr\ndB"]
    assert rows == [("●", "0", "1", "100", "100.0", "20.00"), ("●", "1", "2", "200", "250.0", "20.00")]


def test_what_does_not_fit_is_left_out_but_for_objectives(document):
    for index, own in enumerate(document["rows"][:4]):
        own |= {"ff": index, "latency": 9 - index}
    wide, _ = exploration.shown(document, document["rows"][:4])
    assert wide[-2:] == ["latency\nclocks", "ff"]
    some, _ = exploration.shown(document, document["rows"][:4], 60)
    assert some[-2:] == ["sqnr\ndB", "latency\nclocks"]
    least, _ = exploration.shown(document, document["rows"][:4], 5)
    assert least[-1] == "sqnr\ndB"


def test_a_terminal_shows_few_rows_whole_and_of_many_the_front(document):
    rows = document["rows"]
    assert [own["point"] for own in exploration.listed(rows)] == [0, 1, 2, 3]
    assert [own["point"] for own in exploration.listed(rows * 5)] == [0, 1] * 5


def test_notes(document):
    document["before"] = 3
    best, met, before, failed = exploration.notes(document)
    assert best == f"● 2 of 6 points are on the front: least cells, most throughput, most sqnr, where {EVIL}"
    assert met == f"3 points meet {EVIL}"
    assert before == "3 points were there from before"
    assert failed == f"failed, points 4, 5: {EVIL}"
    document["rows"] = [row(point, point, error=f"error {point % 7}") for point in range(70)]
    *_, last, more = exploration.notes(document)
    assert last == "failed, points 4, 11, 18, 25, 32, 39, 46, 53, … 10 in all: error 4"
    assert more == "and 2 other errors, in the table"


def test_points_of_a_plot(document):
    assert exploration.pairs(document) == [("cells", "throughput"), ("cells", "sqnr")]
    assert exploration.points(document["rows"], "cells", "throughput") == [
        (100.0, 100.0, "front"),
        (200.0, 250.0, "front"),
        (300.0, 220.0, "met"),
        (9000.0, 900.0, "rest"),
    ]
    assert exploration.axis("throughput") == "throughput, Msamples/s"
    assert exploration.axis("stream.lanes") == "stream.lanes"
