"""`build`: the whole way, and every place where it can end early."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest
from cli.tools import failing

from hadacast import recipe as recipes
from hadacast.cli import simulation
from hadacast.cli.commands import build as build_command
from hadacast.core.top import AxiTop
from hadacast.core.verilog import to_verilog
from hadacast.errors import HadacastError

SMALL = ("small.toml", "--data", "x.npy", "--board", "icebreaker", "--seeds", "1", "-o", "out")

KEYS = [
    *("schema", "ok", "error", "date", "folder", "recipe", "pipeline", "data", "verilog", "simulation"),
    *("distribution", "quantization", "pictures", "synthesis", "bitstream", "throughput", "versions"),
    "seconds",
]


def test_the_whole_way(hadacast, here, codes):
    outcome = hadacast("build", *SMALL, "--json")
    found = outcome.document
    out = here / "out"
    assert list(found) == KEYS
    assert found == json.loads((out / "report.json").read_text())
    assert found["schema"] == "hadacast.report/1"
    assert found["ok"] is True
    verilog = (out / "hadacast_small.v").read_text()
    spec = recipes.load("small.toml").pipeline
    assert verilog == to_verilog(AxiTop(spec), "ice40")
    assert found["verilog"]["sha256"] == hashlib.sha256(verilog.encode()).hexdigest()
    assert np.array_equal(np.load(out / "small_out.npy").reshape(-1, 8), spec.compute(codes.reshape(-1, 8)))
    assert found["simulation"]["mismatches"] == 0
    assert found["simulation"]["frames"] == found["simulation"]["frames_available"] == 6
    bits = (out / "small_icebreaker.bin").read_bytes()
    assert found["bitstream"]["sha256"] == hashlib.sha256(bits).hexdigest()
    assert found["throughput"]["samples_per_second"] == 24e6  # 2 lanes at 12 MHz
    assert found["throughput"]["samples_per_second_at_fmax"] == found["synthesis"]["median_fmax"] * 2e6
    page = (out / "report.html").read_text()
    for figure in (found["verilog"]["sha256"], found["bitstream"]["sha256"], "0 mismatches", "<svg"):
        assert figure in page
    assert "Traceback" not in outcome.stderr
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(
        ["hadacast_small.v", "report.html", "report.json", "small_icebreaker.bin", "small_out.npy", "work"]
    )


@pytest.fixture
def quick(monkeypatch, codes):
    """Synthesis and bitstream without their tools."""
    figures = {
        "title": "chip",
        "device": "ice40-up5k",
        "logic_cells": 10,
        "utilization": {"LC": {"used": 10, "available": 100}},
        "seeds": [1],
        "fmax": {"1": 50.0},
        "median_fmax": 50.0,
        "critical_path": None,
        "async_paths": None,
        "async_error": "no room",
        "port_fmax": None,
        "caveat": "",
        "tools": {"yosys": "1"},
    }
    bits = {
        "title": "board",
        "board": "icebreaker",
        "bitstream": "small_icebreaker.bin",
        "file": "out/small_icebreaker.bin",
        "bytes": 3,
        "sha256": "0",
        "load": "load it",
        "clock": 12.0,
        "fmax": 40.0,
        "utilization": {},
        "note": "",
    }
    monkeypatch.setattr("hadacast.cli.steps.measure", lambda *_, **__: dict(figures))
    monkeypatch.setattr("hadacast.cli.steps.bitstream", lambda *_: dict(bits))


def test_the_tables(hadacast, quick):
    outcome = hadacast("build", *SMALL)
    for part in (
        "8 elements in 4 beats of 2 lanes",
        "equal to the exact result",
        "largest / rms per block, median",
        "50 MHz, median of 50 (seed 1)",
        "out/report.html",
        "Load it:  load it",
    ):
        assert part in outcome.stdout
    assert "simulating 6 frames on amaranth" in outcome.stderr


def test_pictures_are_in_the_report(hadacast, here, quick):
    outcome = hadacast("build", *SMALL, "--set", "build.image=[2, 4]", "--json")
    found = outcome.document
    assert (found["pictures"]["rows"], found["pictures"]["frames"]) == (2, 6)
    assert found["pictures"]["psnr_db"] is None  # the result has another format
    assert found["distribution"] is None
    page = (here / "out" / "report.html").read_text()
    assert page.count("<img ") == 12
    plain = hadacast("build", *SMALL, "--json").document
    assert plain["pictures"] is None
    assert "<img" not in (here / "out" / "report.html").read_text()


def test_the_same_report_twice(hadacast, here, quick, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(build_command.Build, "_time", lambda self, step: None)
    real = simulation.run

    def timeless(*arguments, **options):
        return dataclasses.replace(real(*arguments, **options), seconds=1.0, build_seconds=0.0)

    monkeypatch.setattr(simulation, "run", timeless)
    reports = []
    for _ in range(2):
        hadacast("build", *SMALL)
        reports.append([(here / "out" / name).read_bytes() for name in ("report.json", "report.html")])
    assert reports[0] == reports[1]
    assert b"2023-11-14T22:13:20Z" in reports[0][0]


def test_a_slow_simulation_takes_the_first_frames_and_says_so(hadacast, here, quick, monkeypatch):
    monkeypatch.setattr(simulation, "BUDGET_SECONDS", 0.011)
    outcome = hadacast("build", *SMALL, "--json")
    run = outcome.document["simulation"]
    assert 1 <= run["frames"] < 6
    assert run["frames_available"] == 6
    assert outcome.document["distribution"]["blocks"] == 6
    assert f"simulating the first {run['frames']} of 6 frames" in outcome.stderr
    assert "not all of them" in (here / "out" / "report.html").read_text()


def test_the_same_load_on_the_command_line_takes_them_all(hadacast, quick, monkeypatch):
    monkeypatch.setattr(simulation, "BUDGET_SECONDS", 0.011)
    run = hadacast("build", *SMALL, "--frames", 6, "--json").document["simulation"]
    assert run["frames"] == 6


def test_no_recipe_is_the_default_one(fails, monkeypatch):
    def stop(source, pipeline, **_):
        raise HadacastError(f"{pipeline.name} {source}")

    monkeypatch.setattr(build_command, "load", stop)
    assert fails("build", "--board", "icebreaker") == "rotate128 minilm_mlp_down"


def test_the_default_recipe_has_a_board_that_exists():
    from hadacast import boards

    for name in recipes.catalogue():
        boards.get(recipes.load(name).board)


def old_results(here):
    (here / "out").mkdir()
    for name in ("report.json", "report.html", "hadacast_small.v", "small_out.npy", "small_icebreaker.bin"):
        (here / "out" / name).write_text(f"good {name}")


def check_old_results(here):
    for name in ("report.json", "report.html", "hadacast_small.v", "small_out.npy", "small_icebreaker.bin"):
        assert (here / "out" / name).read_text() == f"good {name}"
    assert not list((here / "out").glob(".part-*"))


def test_a_mismatch_ends_the_build_with_a_report(hadacast, here, quick, monkeypatch):
    old_results(here)
    real = simulation.run_simulator

    def wrong(*arguments, **options):
        trace = real(*arguments, **options)
        data = trace.data.copy()
        data[0, 0] ^= 1
        return dataclasses.replace(trace, data=data)

    monkeypatch.setattr(simulation, "run_simulator", wrong)
    outcome = hadacast("build", *SMALL, "--json", status=1)
    assert "1 mismatches in 48 samples; first: output frame 0, beat 0" in outcome.error
    found = outcome.document
    assert list(found) == KEYS
    assert (found["ok"], found["simulation"]["mismatches"], found["synthesis"]) == (False, 1, None)
    check_old_results(here)
    failed = here / "out" / "failed"
    assert json.loads((failed / "report.json").read_text()) == found
    page = (failed / "report.html").read_text()
    assert "first: output frame 0, beat 0" in page
    assert "failed" in page
    assert (failed / "hadacast_small.v").exists()
    assert not (failed / "small_out.npy").exists()


def test_a_tool_that_fails_leaves_old_results_and_finished_parts(
    hadacast, here, codes, tmp_path_factory, monkeypatch
):
    old_results(here)
    monkeypatch.setenv("NEXTPNR_ICE40", failing(tmp_path_factory.mktemp("tools")))
    outcome = hadacast("build", *SMALL, status=1)
    assert "no room for the core" in outcome.error
    check_old_results(here)
    failed = here / "out" / "failed"
    assert np.load(failed / "small_out.npy").shape == codes.shape
    log = outcome.error.partition("(log: ")[2].rstrip(")")
    assert "no room for the core" in (here / log).read_text()
    assert json.loads((failed / "report.json").read_text())["error"] == outcome.error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--board", "nosuch"), "board is 'nosuch'"),
        (("--device", "nosuch"), "unknown device 'nosuch'"),
        (("--simulator", "nosuch"), "no simulator 'nosuch'"),
        (("--seeds", "x"), "seeds is 'x'"),
        (("--data", "nosuch.npy"), "does not exist"),
        (("-n", "64"), "multiple of the frame, 64"),
        (("-o", "small.toml"), "a file is in the way"),
        (("-o", "/proc/out"), "can't be used"),
        (("-o", "taken"), "output 'taken/report.json' is a folder"),
    ],
)
def test_bad_options_are_refused_before_work(fails, here, codes, monkeypatch, options, said):
    monkeypatch.setattr(build_command, "Build", None)
    (here / "taken" / "report.json").mkdir(parents=True)
    assert said in fails("build", *SMALL, *options)


def test_missing_tools_are_told_before_work(fails, here, codes, monkeypatch):
    monkeypatch.setattr(build_command, "Build", None)
    for name in ("NEXTPNR_ICE40", "ICEPACK"):
        with monkeypatch.context() as changed:
            changed.setenv(name, "/nowhere/tool")
            assert f"{name}='/nowhere/tool'" in fails("build", *SMALL)
    assert not (here / "out").exists()
