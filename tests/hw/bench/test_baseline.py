"""The stored figures: what they are now, and what is said where they aren't."""

import json
from dataclasses import replace
from importlib.metadata import version

import pytest

from hadacast.bench import baseline
from hadacast.bench.baseline import Baseline, differences, parsed, stored, verdict
from hadacast.errors import HadacastError

ROW = {"lut": 200, "carry": 100, "ff": 300, "lut_ram": 10, "block_ram": 1}
OLD = Baseline(tools={"yosys": "0.1", "amaranth": "0.5"}, points={"ecp5-n16-p2-w16": ROW})


@pytest.mark.parametrize("name", baseline.POINTS)
def test_figures_are_those_stored(name):
    old = stored()
    found = baseline.of(baseline.measure([name]))
    ok, lines = verdict(replace(old, points={name: old.points[name]}), found)
    assert ok, "\n".join(lines)


def test_what_is_stored():
    assert tuple(stored().points) == baseline.POINTS
    # Each family and each kind of cell is among them.
    assert {name.split("-")[0] for name in baseline.POINTS} == {"ecp5", "ice40", "gowin"}
    assert all(any(row[figure] for row in stored().points.values()) for figure in baseline.FIGURES)
    assert set(stored().tools) == set(baseline.TOOLS)


def test_the_text_reads_back():
    assert parsed(OLD.text(), "x") == OLD
    assert json.loads(OLD.text())["points"]["ecp5-n16-p2-w16"] == ROW
    assert OLD.text().count("\n") == 7


def changed(tools=None, **figures):
    return Baseline(tools=tools or OLD.tools, points={"ecp5-n16-p2-w16": {**ROW, **figures}})


@pytest.mark.parametrize(
    ("figures", "kind", "text"),
    [
        ({"lut": 201}, "regression", "lut 200 -> 201"),
        ({"block_ram": 0}, "improvement", "block_ram 1 -> 0"),
        ({"lut": 190, "ff": 310}, "mixed", "lut 200 -> 190, ff 300 -> 310"),
    ],
)
def test_any_change_with_the_same_tools(figures, kind, text):
    (found,) = differences(OLD, changed(**figures))
    assert (found.kind, found.text, found.within) == (kind, text, False)
    ok, lines = verdict(OLD, changed(**figures))
    assert not ok
    assert lines == [f"ecp5-n16-p2-w16: {kind}: {text}", f"if this is meant, record it: {baseline.COMMAND}"]


NEWER = {"yosys": "0.2", "amaranth": "0.5"}


@pytest.mark.parametrize(
    ("figures", "ok"),
    [
        ({}, True),
        ({"lut": 210}, True),
        ({"lut": 211}, False),
        ({"ff": 285, "carry": 108}, True),  # 5 %; 8 cells
        ({"ff": 284}, False),
        ({"lut_ram": 11}, False),
        ({"block_ram": 0}, False),
    ],
)
def test_other_tools_may_differ_a_little(figures, ok):
    found, lines = verdict(OLD, changed(NEWER, **figures))
    assert found == ok
    assert any("made with yosys 0.2, amaranth 0.5; the baseline with yosys 0.1" in line for line in lines)
    assert any("record it" in line for line in lines) != ok


def test_points_must_be_the_same():
    other = Baseline(tools=OLD.tools, points={"ecp5-n16-p4-w16": ROW})
    ok, lines = verdict(OLD, other)
    assert not ok
    assert "ecp5-n16-p2-w16: missing: is in the baseline but isn't measured" in lines
    assert "ecp5-n16-p4-w16: missing: isn't in the baseline" in lines


def test_equal_is_ok():
    assert verdict(OLD, OLD) == (True, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "hadacast.bench.baseline/1"}',
        OLD.text().replace("200", '"200"'),
        OLD.text().replace('"lut": 200, ', ""),
    ],
)
def test_what_is_not_a_baseline(text):
    with pytest.raises(HadacastError, match="baseline 'x' isn't one: hadacast bench --baseline"):
        parsed(text, "x")


def test_another_schema_and_another_point():
    with pytest.raises(HadacastError, match="'x' is 'y': it must be"):
        parsed('{"schema": "y"}', "x")
    with pytest.raises(HadacastError, match="point is 'q': it must be such as"):
        parsed(OLD.text().replace("ecp5-n16-p2-w16", "q"), "x")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(HadacastError, match=r"can't read the baseline '.*none.json': No such file"):
        stored(tmp_path / "none.json")
    (tmp_path / "b.json").write_text(OLD.text())
    assert stored(tmp_path / "b.json") == OLD


def test_a_point_that_fails(monkeypatch):
    record = {"name": "ecp5-n4-p4-w4", "error": "no room"}
    monkeypatch.setattr(baseline.Bench, "run", lambda self, points, news: [record])
    with pytest.raises(HadacastError, match="ecp5-n4-p4-w4: no room"):
        baseline.measure(["ecp5-n4-p4-w4"])


def test_versions_are_those_installed():
    found = baseline.of(baseline.measure(["ecp5-n4-p4-w4"]))
    assert found.tools == {"yosys": version("pyosys"), "amaranth": version("amaranth")}
