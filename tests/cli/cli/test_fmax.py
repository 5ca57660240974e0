"""`synth --fmax`: what it tries, says and ends with; and figures that an earlier run left."""

from functools import partial

import pytest
from hw.clocks import StandIn, path

from hadacast.cli.fmax import HEADS, held, rows
from hadacast.errors import HadacastError
from hadacast.recipe import load

R2, S2 = "0.registers=2", "0.stall_span=2"
CLOCKS = {"as it is": (190.0, 200.0, 210.0), S2: 205.0, R2: (228.0, 230.0, 240.0), f"{R2}, {S2}": 250.0}
CELLS = {R2: 1100, S2: 1200, f"{R2}, {S2}": 1300}


def measured_by(monkeypatch, stand_in: StandIn) -> StandIn:
    """Make the command measure with a stand-in; where it isn't, a call would reach the tools."""

    def place(variant, seeds, ports=False):
        stand_in.ports = ports
        return place.real(variant, seeds)

    place.real = stand_in.place
    stand_in.place = place
    monkeypatch.setattr("hadacast.synth.measuring.Measuring", lambda **options: stand_in)
    return stand_in


@pytest.fixture
def stand_in(monkeypatch) -> StandIn:
    return measured_by(monkeypatch, StandIn(CLOCKS, CELLS))


@pytest.fixture
def synth(hadacast, here):
    return partial(hadacast, "synth", "small.toml", "-d", "ecp5-25k", "--cache", "kept")


def test_registers_that_reach_a_clock(synth, stand_in):
    out = synth("--fmax", 225).stdout
    assert "For 225 MHz, add:  --set stage.0.registers=2\n" in out
    for part in (
        *HEADS,
        "as it is",
        "200.0 (190 to 210)",
        "misses",
        "meets",
        "230 MHz, median of 228 (seed 1)",
    ):
        assert part in out
    assert S2 not in out
    assert stand_in.ports


def test_no_ports(synth, stand_in):
    synth("--fmax", 225, "--no-ports")
    assert not stand_in.ports


def test_a_clock_that_is_reached_anyway(synth, stand_in):
    assert "200 MHz as it is: nothing to add" in synth("--fmax", 200).stdout
    assert stand_in.placed[0] == ("as it is", (1, 2, 3))


def test_as_json(synth, stand_in):
    found = synth("--fmax", 225, "--json").document
    assert (found["schema"], found["ok"], found["error"]) == ("hadacast.synth/1", True, "")
    assert found["target"]["settings"] == ["stage.0.registers=2"]
    assert (found["target"]["mhz"], found["target"]["by"]) == (225, "median")
    first, second = found["target"]["tried"]
    assert first["settings"] == []
    assert (first["median_fmax"], first["verdict"]) == (200, "misses")
    assert second == {
        "settings": ["stage.0.registers=2"],
        "latency": first["latency"] + 3,
        "estimate": 1100,
        "logic_cells": 1110,
        "ff": 7,
        "seeds": [1, 2, 3],
        "fmax": {"1": 228, "2": 230, "3": 240},
        "median_fmax": 230,
        "verdict": "meets",
        "error": "",
    }
    assert found["synthesis"]["median_fmax"] == 230


def test_a_clock_out_of_reach(synth, stand_in):
    outcome = synth("--fmax", 300, status=1)
    assert outcome.error == (
        "no registers bring small to 300 MHz on ecp5-25k: 250 MHz at best, 0.registers=2, 0.stall_span=2;"
        " all that stage 0, fwht, can add was tried; register -> register: core.fwht_0.skid_3.enable_FF.Q"
        " -> core.framer.x.CE, 3.00 ns (1.00 logic, 2.00 routing)"
    )
    for part in ("ruled out", "205.0 (1 seed)", "250.0 (250 to 250)", "  1.00  routing   core.framer.x.CE"):
        assert part in outcome.stdout
    found = synth("--fmax", 300, "--json", status=1).document
    assert (found["ok"], found["error"]) == (False, outcome.error)
    assert found["target"]["settings"] == ["stage.0.registers=2", "stage.0.stall_span=2"]
    assert [trial["verdict"] for trial in found["target"]["tried"]] == [
        "misses",
        "ruled out",
        "ruled out",
        "misses",
    ]
    assert found["synthesis"]["median_fmax"] == 250


def test_a_slow_path_that_registers_do_not_reach(synth, monkeypatch):
    slow = {"as it is": path("core.cast_1.a.Q", "core.cast_1.b.D")}
    stand_in = measured_by(monkeypatch, StandIn(CLOCKS, CELLS, slow))
    said = synth("--fmax", 300, status=1).error
    assert "200 MHz at best, as it is; the slowest path runs through stage 1, cast, with no registers" in said
    assert len(stand_in.placed) == 1


@pytest.mark.parametrize("option", [("--registers", 1), ("--set", "stage.0.registers=1")])
def test_what_the_command_line_sets_stays(synth, stand_in, option):
    found = synth("--fmax", 225, "--json", *option, status=1).document
    assert [trial["settings"] for trial in found["target"]["tried"]] == [[], ["stage.0.stall_span=2"]]


def test_held():
    spec = load("nvfp4_rht16").pipeline
    at = [stage.kind for stage in spec.stages].index("fwht")
    overrides = ("stream.lanes=8", "stage.0.seed = 3", "stage.fwht.stall_span=4", "name=x")
    assert held(overrides, spec) == {(0, "seed"), (at, "stall_span")}


def test_rows_of_trials_that_fail():
    trial = {"settings": ["stage.0.registers=2"], "latency": 9, "estimate": 1200, "logic_cells": None}
    trial |= {
        "ff": None,
        "seeds": [],
        "fmax": {},
        "median_fmax": None,
        "verdict": "failed",
        "error": "no room",
    }
    assert rows([trial]) == [("0.registers=2", "≈ 1,200", "", "9", "", "failed: no room")]


@pytest.mark.parametrize("target", ["0", "-1", "nan", "inf", "2001"])
def test_bad_targets_are_refused_before_work(fails, monkeypatch, target):
    monkeypatch.setattr("hadacast.synth.measuring.Measuring", None)
    said = fails("synth", "small.toml", "-d", "ecp5-25k", f"--fmax={target}")
    assert said.endswith("it must be above 0 and at most 2,000 MHz")


@pytest.mark.parametrize("option", [("--fmax", "100"), ("--fresh",), ("--cache", "kept")])
def test_what_does_not_go_with_a_board(fails, option):
    assert f"{option[0]} doesn't go with --board" in fails(
        "synth", "small.toml", "-b", "icebreaker", *option, status=2
    )


def test_a_failure_of_the_core_itself(synth, monkeypatch):
    measured_by(monkeypatch, StandIn({"as it is": HadacastError("9,000 of 7,680 ICESTORM_LC, too many")}))
    assert "9,000 of 7,680" in synth("--fmax", 225, status=1).error


def test_a_second_run_finds_the_figures_of_the_first(hadacast, here):
    options = ("-d", "ice40-hx8k", "--seeds", "1", "--no-ports", "--cache", "kept")
    first = hadacast("synth", "small.toml", *options, "--json").document
    assert first["kept"] == {"earlier": 0, "now": 2}
    outcome = hadacast("synth", "small.toml", *options, "--json")
    assert "placing" not in outcome.stderr
    again = outcome.document
    assert again["kept"] == {"earlier": 2, "now": 0}
    assert again["synthesis"] | {"seconds": 0} == first["synthesis"] | {"seconds": 0}
    # And a search that ends at once asks for the same.
    clock = first["synthesis"]["median_fmax"]
    out = hadacast("synth", "small.toml", *options, "--fmax", clock).stdout
    assert "all in an earlier run, and kept; --fresh measures again" in out
    assert f"{clock:g} MHz as it is: nothing to add" in out
