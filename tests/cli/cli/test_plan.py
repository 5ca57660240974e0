"""`plan`: arithmetic on measured cores, what it shows, and every way to ask for what can't be."""

import math

import pytest

from hadacast import recipe
from hadacast.cli import planning
from hadacast.cli.commands import plan as command
from hadacast.errors import HadacastError

SPEC = recipe.load("rotate128", ["stream.frame=16", "stream.lanes=2"]).pipeline


def one(fmax=200.0, lanes=2, **used):
    spec = recipe.load("rotate128", ["stream.frame=16", f"stream.lanes={lanes}"]).pipeline
    sites = used or {"TRELLIS_COMB": (100, 1000), "TRELLIS_FF": (150, 1000)}
    return planning.Measured(spec=spec, used=sites, logic_cells=sites["TRELLIS_COMB"][0], fmax=fmax)


def test_copies_clock_and_cells():
    # 200 MHz less a tenth, 2 lanes: 360 M each. 1 G takes 3; 80 % of 1,000 flip-flops hold 5 of 150.
    found = planning.plan(one(), 1e9)
    assert (found.clock, found.copies, found.most) == (180.0, 3, 5)
    assert (found.rate, found.most_rate) == (1.08e9, 1.8e9)
    assert (found.logic_cells, found.tightest, found.share) == (300, "TRELLIS_FF", pytest.approx(0.45))
    assert found.fits
    assert found.spec.copies == 3
    assert found.spec.rate == 6


def test_a_rate_that_is_met_exactly_takes_no_copy_more():
    assert planning.plan(one(), 3 * 360e6).copies == 3
    assert planning.plan(one(), 3 * 360e6 + 1).copies == 4


@pytest.mark.parametrize(
    ("kind", "count", "most"),
    [("DP16KD", (4, 56), 11), ("MULT18X18D", (7, 28), 3), ("TRELLIS_FF", (150, 1000), 5)],
)
def test_every_kind_of_sites_is_counted_by_itself(kind, count, most):
    used = {"TRELLIS_COMB": (10, 1000), kind: count}
    found = planning.plan(one(**used), 1e9)
    assert (found.most, found.tightest) == (most, kind)


def test_the_device_and_the_stream_both_bound_the_copies():
    tiny = {"TRELLIS_COMB": (1, 10**6)}
    assert planning.plan(one(**tiny), 1e9).most == 64
    wide = recipe.load("rotate128", ["stream.frame=1024", "stream.lanes=256", "input.width=40"]).pipeline
    measured = planning.Measured(spec=wide, used=tiny, logic_cells=1, fmax=100.0)
    found = planning.plan(measured, 1e9)
    assert 1 < found.most < 64
    assert found.most * wide.out_lanes * 8 * wide.output.bytes <= 1 << 16


def test_what_a_design_has_once_is_not_multiplied():
    synthesis = {
        "utilization": {
            "TRELLIS_COMB": {"used": 10, "available": 100},
            "DCCA": {"used": 1, "available": 1},
            "TRELLIS_IO": {"used": 90, "available": 100},
            "GSR": {"used": 1, "available": 1},
            "SB_GB": {"used": 8, "available": 8},
            "DP16KD": {"used": 0, "available": 9},
        },
        "logic_cells": 10,
        "median_fmax": 100.0,
    }
    assert planning.Measured.of(SPEC, synthesis).used == {"TRELLIS_COMB": (10, 100)}
    with pytest.raises(HadacastError, match="its clock isn't known"):
        planning.Measured.of(SPEC, synthesis | {"median_fmax": None})


def test_the_fewest_cells_come_first_and_what_does_not_fit_last():
    cheap = planning.plan(one(), 1e9)
    dear = planning.plan(one(TRELLIS_COMB=(120, 1000)), 1e9)
    small = planning.plan(one(TRELLIS_COMB=(900, 1000)), 1e9)
    larger = planning.plan(one(fmax=900, TRELLIS_COMB=(400, 1000)), 9e9)
    assert planning.ordered([small, dear, larger, cheap]) == [cheap, dear, larger, small]
    assert not small.fits
    assert small.most == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [("2.5G", 2.5e9), ("800M", 8e8), ("1e9", 1e9), (" 30 k ", 3e4), ("7", 7.0), ("1.5e3K", 1.5e6)],
)
def test_rates(text, rate):
    assert planning.rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "0", "-1", "fast", "2.5 GS/s", "inf", "nan", "1e999", "0x10"])
def test_what_is_no_rate(text):
    with pytest.raises(HadacastError, match="it must be elements a second"):
        planning.rate_of(text)


def test_lane_counts():
    assert planning.lanes_of("4, 1,2,4") == (1, 2, 4)
    for text in ("", "1,", "two", "-1", "9" * 9):
        with pytest.raises(HadacastError, match="one or more integers"):
            planning.lanes_of(text)


@pytest.fixture
def measured(monkeypatch):
    """Cores as they would be measured, and what was asked for."""
    asked = []

    def stand_in(spec, chip, seeds, job, what):
        asked.append((spec.lanes, spec.copies, chip.name, seeds))
        cells = 300 * spec.lanes * spec.copies
        if cells > 24288:
            raise HadacastError(f"{cells} of 24,288 TRELLIS_COMB on {chip.name}, too many")
        return {
            "utilization": {"TRELLIS_COMB": {"used": cells, "available": 24288}},
            "logic_cells": cells,
            "median_fmax": 200.0 if spec.copies == 1 else 150.0,
            "tools": {},
        }

    monkeypatch.setattr(command, "measured", stand_in)
    return asked


def test_the_command(hadacast, measured):
    words = ("small.toml", "-r", "1G", "-d", "ecp5-25k", "--json")
    found = hadacast("plan", *words).document
    assert found["schema"] == "hadacast.plan/1"
    assert found["ok"]
    assert [lanes for lanes, *_ in measured] == [1, 2, 4, 8]
    assert {copies for _, copies, *_ in measured} == {1}
    best = found["best"]
    # Six of 1 lane have as many cells, and are more.
    assert (best["lanes"], best["copies"], best["logic_cells"]) == (2, 3, 1800)
    assert best["rate"] >= 1e9
    assert found["largest_rate"] == max(p["most_rate"] for p in found["plans"])
    for entry in found["plans"]:
        assert entry["copies"] == math.ceil(1e9 / (entry["lanes"] * 180e6))
        assert entry["logic_cells"] == 300 * entry["lanes"] * entry["copies"]


def test_the_table(hadacast, measured):
    outcome = hadacast("plan", "small.toml", "-r", "1G", "-d", "ecp5-25k", "--try-lanes", "2")
    assert "hadacast generate small.toml --lanes 2 --copies 3" in outcome.stdout
    assert "multiplied from one measured core" in outcome.stderr


def test_all_copies_are_built_with_verify(hadacast, measured):
    words = ("plan", "small.toml", "-d", "ecp5-25k", "--try-lanes", "2", "--verify", "--json")
    found = hadacast(*words, "-r", "500M").document
    assert [(lanes, copies) for lanes, copies, *_ in measured] == [(2, 1), (2, 2)]
    assert found["ok"]
    assert found["verified"]["rate_at_fmax"] == 600e6


def test_copies_that_are_slower_than_one_are_said(hadacast, measured):
    words = ("plan", "small.toml", "-d", "ecp5-25k", "--try-lanes", "2", "--verify", "--json")
    outcome = hadacast(*words, "-r", "1G", status=1)
    assert "3 copies reach 150 MHz on ecp5-25k, not the 166.7 MHz" in outcome.error
    assert outcome.document["ok"] is False
    assert outcome.document["verified"]["rate_at_fmax"] == 900e6


def test_a_rate_that_the_device_does_not_hold(hadacast, measured):
    outcome = hadacast("plan", "small.toml", "-r", "1T", "-d", "ecp5-25k", "--json", status=1)
    assert "1e+03 Gelements/s of small don't fit ecp5-25k: at most 11.5 Gelements/s" in outcome.error
    assert outcome.document["best"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-r", "fast"), "rate is 'fast'"),
        (("-r", "1G", "--fill", "0"), "fill is 0 %: it must be from 1 to 100"),
        (("-r", "1G", "--margin", "95"), "margin is 95 %: it must be from 0 to 90"),
        (("-r", "1G", "--margin", "nan"), "margin is nan %"),
        (("-r", "1G", "-d", "artix"), "unknown device 'artix'"),
        (("-r", "1G", "-b", "nosuch"), "board is 'nosuch'"),
        (("-r", "1G", "--try-lanes", "3"), "lanes is 3"),
        (("-r", "1G", "--seeds", "x"), "seeds is 'x'"),
    ],
)
def test_errors_in_one_line(fails, words, said):
    assert said in fails("plan", "small.toml", *words)


def test_a_board_and_a_device_are_too_much(fails):
    words = ("-r", "1G", "-d", "ecp5-25k", "-b", "icebreaker")
    assert "not both" in fails("plan", "small.toml", *words, status=2)


@pytest.mark.long
def test_a_real_plan_is_met(hadacast):
    words = ("small.toml", "-r", "1G", "-d", "ecp5-25k", "--try-lanes", "2", "--verify", "--json")
    found = hadacast("plan", *words).document
    assert found["ok"]
    assert found["verified"]["rate_at_fmax"] >= 1e9
    assert found["verified"]["logic_cells"] == pytest.approx(found["best"]["logic_cells"], rel=0.15)
