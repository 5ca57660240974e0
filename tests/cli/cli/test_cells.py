"""`hadacast cells`: figures that add up, a JSON document, kept files, and errors in one line."""

from pathlib import Path

import pytest

from hadacast.synth.cells import libraries

TINY = str(Path(__file__).parents[2] / "hw" / "synth" / "cells" / "tiny.lib")


@pytest.fixture
def shown(here, hadacast):
    return hadacast("cells", "small.toml", "--liberty", TINY, "--data", "random", "--json").document


def test_the_document_adds_up(shown):
    assert shown["schema"] == "hadacast.cells/1"
    cells = shown["cells"]
    area, power = cells["area"], cells["power"]
    assert area["total"]["area"] == pytest.approx(sum(s["area"] for s in area["stages"].values()))
    assert area["total"]["cells"] == sum(s["cells"] for s in area["stages"].values())
    assert power["watts"] == pytest.approx(sum(power["parts"].values()))
    assert power["watts"] == pytest.approx(sum(power["stages"].values()))
    assert power["joules_per_element"] == pytest.approx(power["watts"] / (100e6 * 2))
    assert power["joules_per_frame"] == pytest.approx(8 * power["joules_per_element"])
    # Each flip-flop's own energy and its clock pin's charge are in it: 0.5 pJ, and 0.02 pF at 2 V.
    flops = area["total"]["flops"]
    assert power["parts"]["clock_pins"] == pytest.approx(flops * 0.02e-12 * 4 * 100e6)
    assert power["parts"]["flops"] == pytest.approx(flops * 0.5e-12 * 100e6)
    assert cells["run"]["mismatches"] == 0
    assert cells["run"]["samples"] > 0
    assert cells["timing"]["met"]
    assert cells["timing"]["fmax"] > 100
    assert "before layout" in cells["note"]
    assert cells["library"]["name"] == "tiny"


def test_power_goes_with_the_clock_but_for_leakage(shown, hadacast):
    words = ("cells", "small.toml", "--liberty", TINY, "--data", "random", "--clock", "50", "--json")
    slower = hadacast(*words).document["cells"]["power"]
    power = shown["cells"]["power"]
    assert slower["parts"]["leakage"] == power["parts"]["leakage"]
    for part in ("flops", "clock_pins"):
        assert 2 * slower["parts"][part] == pytest.approx(power["parts"][part])


def test_the_table_and_the_kept_files(here, hadacast):
    outcome = hadacast("cells", "small.toml", "-l", TINY, "--data", "random", "-o", "kept")
    assert outcome.status == 0
    for text in ("fwht_0", "flip-flops", "equal to the exact result", "100 MHz met", "an element", "mW"):
        assert text in outcome.stdout
    assert {"core.v", "netlist.json", "cells.lib", "map.log"} <= {
        path.name for path in (here / "kept").iterdir()
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--clock", "0"), "clock is 0 MHz: it must be from 0.001 to 100000"),
        (("--clock", "nan"), "clock is nan MHz"),
        (("-l", "nosuch"), "no library 'nosuch'"),
        (("-l", "small.toml"), "is no Liberty file"),
    ],
)
def test_errors_in_one_line(fails, words, said):
    assert said in fails("cells", "small.toml", "--data", "random", *words)


def test_a_clock_that_is_not_met_is_said(here, hadacast):
    outcome = hadacast("cells", "small.toml", "-l", TINY, "--data", "random", "--clock", "2000")
    assert "2000 MHz NOT met" in outcome.stdout


@pytest.mark.skipif(not libraries.LIBRARIES["osu018"].path.is_file(), reason="osu018 isn't installed")
def test_a_real_library(here, hadacast):
    cells = hadacast("cells", "small.toml", "--data", "random", "--json").document["cells"]
    assert cells["library"]["name"] == "osu018_stdcells"
    assert cells["library"]["voltage"] == 1.8
    assert 20_000 < cells["area"]["total"]["area"] < 80_000
    assert 1e-12 < cells["power"]["joules_per_element"] < 200e-12
