"""A run of the bench as tables and as a page."""

import re

from hw.bench.records import record

from hadacast.bench.grid import grid
from hadacast.report import bench, html

POINT = "ecp5-n64-p4-w16"


def document(records, **more):
    return {
        "ok": True,
        "error": "",
        "date": "2024-01-01T00:00:00Z",
        "version": "1",
        "note": "",
        "tools": {},
        "points": records,
        **more,
    }


def run(share, placed=True):
    points = grid(["ecp5"])
    cells = [round(share * point.peer.logic_cells) for point in points]
    return {
        "date": "2024-01-01T00:00:00Z",
        "note": f"share {share}",
        "points": [record(p.name, c, placed=placed) for p, c in zip(points, cells, strict=True)],
    }


def test_the_tables_of_a_point():
    area, clock, memory, kinds = bench.tables([record(POINT, 917, 200.0, 250.0)])
    assert area.title == "ECP5 (ecp5-85k): logic cells"
    assert area.rows == [("64", "4", "16", "917", "764", "0", "1.20", "102", "1.06", "2,721", "0.34", "0.28")]
    assert clock.rows == [
        ("64", "4", "16", "200", "190–220", "250", "0.80", "214", "0.94", "21", "48", "0.44")
    ]
    assert memory.rows == [("64", "4", "16", "60", "60", "60", "0", "0", "0", "0", "0")]
    assert kinds.rows == [("64", "4", "16", "1", "2", "3", "4", "5", "917", "2,141", "72", "0")]
    assert all(len(row) == len(table.heads) for table in (area, clock, memory, kinds) for row in table.rows)


def test_what_is_not_known_is_a_dash():
    (area, clock, _, _) = bench.tables([record(POINT, error="no room")])
    assert area.rows[0][3] == "–"
    assert clock.rows[0][3:5] == ("–", "–")
    assert bench.notes([record(POINT, error="no room")]) == [f"{POINT} failed: no room"]


def test_cells_before_place_and_route_are_marked():
    records = [record(POINT, 917, placed=False)]
    assert bench.tables(records)[0].rows[0][3] == "≈917"
    assert bench.notes(records) == [bench.ESTIMATED]
    assert bench.notes([record("gowin-n16-p2-w8")]) == [bench.UPPER_BOUND]


def test_terminal_tables_fit_eighty_columns():
    for table in bench.overview([record(p.name, 12345) for p in grid()]):
        columns = zip(table.heads, *table.rows, strict=True)
        assert sum(max(map(len, column)) + 3 for column in columns) <= 79


def test_a_trend_is_over_whole_runs():
    part = {**run(0.5), "points": run(0.5)["points"][:-1]}
    failed = {**run(0.5), "points": [*part["points"], record("ecp5-n1024-p4-w16", error="no room")]}
    found = bench.trend([run(0.5), part, failed, run(0.25, placed=False)], "cells", "ecp5")
    assert found[1:3] == [None, None]
    assert [round(value, 2) for value in (found[0], found[3])] == [0.5, 0.25]
    assert bench.trend([run(0.5, placed=False)], "fmax", "ecp5") == [None]
    assert bench.trend([run(0.5)], "cells", "ice40") == [None]


def test_the_page():
    runs = [run(0.5), run(0.4)]
    records = runs[1]["points"] + [record("gowin-n16-p2-w8", placed=False)]
    text = html.render_bench(document(records, note="<note>", ok=False, error="one <failed>"), runs)
    assert "&lt;note&gt;" in text
    assert "one &lt;failed&gt;" in text
    assert "<note>" not in text
    # ECP5: area, clock, latency; Gowin: no clock; history: cells, clock.
    assert text.count("<svg") == 3 + 2 + 2
    assert "not met" in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert "<script" not in text


def test_a_page_without_a_history():
    text = html.render_bench(document([record(POINT)]))
    assert text.count("<svg") == 3
    assert "Earlier runs" not in text
    assert html.render_bench(document([record(POINT)])) == text
