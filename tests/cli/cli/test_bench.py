"""`bench`: a run, its report and its history; the baseline; and every way to ask for the wrong thing."""

import json

import pytest

from hadacast.bench import baseline, history, measure
from hadacast.bench.measure import Bench

SMALL = ("bench", "-n", "4", "-p", "4", "-w", "4", "--cache", "cache")


@pytest.fixture
def few(monkeypatch):
    """A baseline of one small core, as it is."""
    monkeypatch.setattr(baseline, "POINTS", ("ecp5-n4-p4-w4",))
    monkeypatch.setattr(
        baseline.measure, "__defaults__", (baseline.POINTS, *baseline.measure.__defaults__[1:])
    )
    found = baseline.of(baseline.measure())
    monkeypatch.setattr(baseline, "stored", lambda: found)
    return found


def test_a_run_with_all_it_writes(hadacast, here):
    options = (
        "--family",
        "ice40",
        "--seeds",
        "1",
        "-o",
        "b.html",
        "--record",
        "h.jsonl",
        "--note",
        "first <one>",
    )
    found = hadacast(*SMALL, *options, "--json").document
    assert found["schema"] == "hadacast.bench/1"
    assert found["ok"]
    (point,) = found["points"]
    assert (point["name"], list(point["fmax"])) == ("ice40-n4-p4-w4", ["1"])
    assert point["median_fmax"] > 50
    assert point["adder"]["median_fmax"] > 50
    assert {goal["verdict"] for goal in found["goals"]} >= {"met"}
    page = (here / "b.html").read_text(encoding="utf-8")
    assert "first &lt;one&gt;" in page
    assert page.count("<svg") == 3
    (run,) = history.runs((here / "h.jsonl").read_text(encoding="utf-8"), "h")
    assert run["note"] == "first <one>"
    assert run["points"] == found["points"]
    assert run["tools"] == {**run["tools"], **point["tools"]}
    assert sorted(path.name for path in here.iterdir()) == ["b.html", "cache", "h.jsonl", "small.toml"]


def test_tables_and_another_run_in_the_history(hadacast, here):
    for _ in range(2):
        outcome = hadacast(*SMALL, "--family", "ecp5,gowin", "--no-place", "--record", "h.jsonl")
    for part in (
        "ECP5 (ecp5-85k): logic cells",
        "Gowin (gw1nr-9c)",
        "n4-p4-w4",
        "≈",
        "points whose words of memory",
    ):
        assert part in outcome.stdout
    assert len(history.runs((here / "h.jsonl").read_text(encoding="utf-8"), "h")) == 2


def test_only_some_points(hadacast):
    found = hadacast(
        "bench", "--only", "ecp5-n16-p2", "--only", "n16-p2-w8", "--no-place", "--fresh", "--json"
    )
    assert [p["name"] for p in found.document["points"]] == ["ecp5-n16-p2-w16", "ice40-n16-p2-w8"]


def test_fresh_measures_again_and_keeps_nothing(hadacast, here, monkeypatch):
    runs = []
    whole = measure.map_core
    monkeypatch.setattr(measure, "map_core", lambda *a, **more: runs.append(1) or whole(*a, **more))
    for _ in range(2):
        hadacast(*SMALL, "--family", "ecp5", "--no-place", "--fresh")
        assert not (here / "cache").exists()
    assert len(runs) == 2


def test_a_point_that_fails_is_reported_and_the_others_are_measured(hadacast, here, monkeypatch):
    whole = Bench.core

    def failing(self, point, news):
        return {"error": "no room"} if point.lanes == 2 else whole(self, point, news)

    monkeypatch.setattr(Bench, "core", failing)
    options = ("-n", "4", "-p", "2,4", "-w", "4", "--family", "ecp5", "--no-place", "--cache", "c")
    outcome = hadacast("bench", *options, "-o", "b.html", "--json", status=1)
    document = outcome.document
    assert not document["ok"]
    assert document["error"] == "1 of 2 points failed, such as ecp5-n4-p2-w4: no room"
    assert [p["estimate"] is None for p in document["points"]] == [True, False]
    assert outcome.error == document["error"]
    assert "no room" in (here / "b.html").read_text(encoding="utf-8")
    assert "ecp5-n4-p2-w4 failed: no room" in hadacast("bench", *options, status=1).stdout


def test_the_baseline_is_written_and_held(hadacast, here, few, monkeypatch):
    outcome = hadacast("bench", "--baseline", "base.json", "--cache", "c")
    assert baseline.parsed((here / "base.json").read_text(), "x") == few
    assert "ecp5-n4-p4-w4" in outcome.stdout
    assert "equal to the baseline" in hadacast("bench", "--check", "--cache", "c").stdout
    point = dict(few.points["ecp5-n4-p4-w4"])
    smaller = baseline.Baseline(tools=few.tools, points={"ecp5-n4-p4-w4": {**point, "ff": point["ff"] - 1}})
    monkeypatch.setattr(baseline, "stored", lambda: smaller)
    outcome = hadacast("bench", "--check", "--cache", "c", "--json", status=1)
    assert not outcome.document["ok"]
    assert f"regression: ff {point['ff'] - 1} -> {point['ff']}" in outcome.document["lines"][0]
    assert outcome.error.startswith("1 point differs from the baseline, such as ecp5-n4-p4-w4: regression")


def test_a_mistake_in_the_history_shows_before_the_work(fails, here, monkeypatch):
    monkeypatch.setattr(Bench, "run", None)
    (here / "h.jsonl").write_text("{}\n")
    assert "history 'h.jsonl': line 1 isn't a run" in fails(*SMALL, "--no-place", "--record", "h.jsonl")
    (here / "h.jsonl").write_bytes(b"\xff\n")
    assert "can't read the history 'h.jsonl'" in fails(*SMALL, "--no-place", "--record", "h.jsonl")
    assert (here / "h.jsonl").read_bytes() == b"\xff\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--family", "artix"), "family is 'artix': it must be one of ecp5, ice40, gowin"),
        (("-n", "x"), "n is 'x': it must be numbers, such as 16,64"),
        (("-n", "48"), "n is 48"),
        (("-n", "9" * 30), "n is '999"),
        (("-p", "-1"), "lanes is '-1'"),
        (("-n", "4", "-p", "8"), "more lanes than points"),
        (("-w", "99"), "99"),
        (("--only", "n7"), "only is 'n7': no point's name has that in it, they are such as ecp5-n16-p2-w16"),
        (("--seeds", "1,1"), "seeds is '1,1'"),
        (("--seeds", "one"), "seeds is 'one'"),
        (("-o", "b.txt"), "it must be a .html file"),
        (("-o", "none/b.html"), "does not exist"),
        (("--record", "none/h"), "does not exist"),
        (("--record", "."), "is a folder"),
        (("--baseline", "none/h"), "does not exist"),
    ],
)
def test_bad_options_are_refused_before_work(fails, monkeypatch, options, said):
    monkeypatch.setattr(Bench, "run", None)
    assert said in fails("bench", *options, "--cache", "c")


def test_an_empty_option(fails):
    assert "family is '': it must not be empty" in fails("bench", "--family", "", status=2)


@pytest.mark.parametrize("option", [("-n", "4"), ("--no-place",), ("--only", "x"), ("-o", "b.html")])
def test_what_does_not_go_with_the_baseline(fails, option):
    assert "doesn't go with --check or --baseline" in fails("bench", "--check", *option, status=2)


def test_a_missing_tool(fails, monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", "/nowhere/nextpnr")
    assert "NEXTPNR_ECP5='/nowhere/nextpnr'" in fails(*SMALL, "--family", "ecp5")


def test_a_cache_that_cannot_be_made(fails, here):
    (here / "cache").write_text("in the way")
    text = fails(*SMALL, "--family", "ecp5", "--no-place")
    assert "can't make the cache folder 'cache': File exists; --cache says where" in text


def test_json_of_a_mistake(hadacast):
    document = json.loads(hadacast("bench", "--only", "n7", "--json", status=1).stdout)
    assert document["schema"] == "hadacast.error/1"
