"""`explore`: tables, what is kept when it is ended, and every way to ask for the wrong thing."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cli.explore.sweeps import RECIPE, VALUES
from cli.tools import failing
from processes import alive, until

from hadacast.explore import run as runner
from hadacast.explore import workers

pytest.importorskip("pyarrow")
from pyarrow import parquet

PROGRAM = [sys.executable, "-c", "from hadacast.cli.main import main; main()"]
DATA = ("--data", "x.npy")
EXACT = ("explore", "mine.toml", "--no-synth", *DATA, "-j", "2")


@pytest.fixture
def mine(here):
    """A recipe `mine.toml` of N = 8, INT4 for each frame, and x.npy, 32 × 16."""
    _files(here)
    return here


def _files(folder):
    (folder / "mine.toml").write_text(RECIPE)
    np.save(folder / "x.npy", VALUES)


def rows(folder):
    return parquet.read_table(folder / "table.parquet").to_pylist()


def test_the_exact_result(hadacast, mine):
    axes = ("--axis", "stream.lanes=2,3,4", "--axis", "input.width=8,12;input.fraction=2,6")
    found = hadacast(*EXACT, *axes, "--where", "total_sqnr > 10", "-o", "out", "--json").document
    assert found["schema"] == "hadacast.explore/1"
    assert (found["ok"], found["failed"], found["before"]) == (True, 2, 0)
    assert found["rows"] == rows(mine / "out")
    assert [row["stream.lanes"] for row in found["rows"]] == [2, 2, 3, 3, 4, 4]
    assert [row["input.fraction"] for row in found["rows"]] == [2, 6] * 3
    assert [row["error"] for row in found["rows"][2:4]] == ["lanes is 3: it must divide the frame, 8"] * 2
    assert found["rows"][1]["total_sqnr"] > found["rows"][0]["total_sqnr"]
    assert [row["front"] for row in found["rows"]] == [False] * 5 + [True]
    assert all(row["cells"] is None for row in found["rows"])
    page = (mine / "out" / "report.html").read_text()
    assert "lanes is 3: it must divide the frame, 8" in page
    assert "<svg" in page
    # The same again: everything is there, and the table is the same to the byte.
    before = (mine / "out" / "table.parquet").read_bytes()
    again = hadacast(*EXACT, *axes, "-o", "out", "--where", "total_sqnr > 10", "--json").document
    assert again["before"] == 6
    assert (mine / "out" / "table.parquet").read_bytes() == before


def test_the_terminal(hadacast, mine):
    outcome = hadacast(*EXACT, "--axis", "stream.lanes=2,3,4", "--axis", "stage.quantize.code=int4,int99")
    parts = ("6 points, the exact result", "●", "total_sqnr", "least latency, most total_sqnr")
    assert all(part in outcome.stdout for part in parts)
    assert "failed, points 2, 3: lanes is 3" in outcome.stdout
    assert "failed, points 1, 5: [[stage]] 1, quantize: code is 'int99'" in outcome.stdout
    assert (mine / "build" / "mine-explore" / "table.parquet").exists()


def test_a_narrow_terminal_keeps_the_objectives(hadacast, mine, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    outcome = hadacast(*EXACT, "--axis", "stream.lanes=2,4", "--axis", "input.fraction=1..3")
    assert max(map(len, outcome.stdout.splitlines()[:12])) <= 60
    assert "latency" in outcome.stdout
    assert "total_sqnr" in outcome.stdout


def test_the_netlist(hadacast, mine):
    options = ("-d", "ice40-up5k", "--no-place", "--cache", "cache", "-o", "out", "--json", "-j", "1")
    found = hadacast("explore", "small.toml", *DATA, "--axis", "stream.lanes=1,2", *options).document
    one, two = found["rows"]
    assert 50 < one["cells"] < two["cells"]
    assert one["ff"] > 0
    assert one["fmax"] is None
    assert found["sweep"]["device"] == "ice40-up5k"
    assert found["sweep"]["minimize"] == ["cells"]
    assert len(list((mine / "cache").rglob("*.json.gz"))) == 2


PLACED = ("-d", "ice40-up5k", "--seeds", "1", "--cache", "cache", "-o", "out", "-j", "1")


def test_placed(hadacast, mine):
    found = hadacast("explore", "small.toml", *DATA, "--axis", "stream.lanes=1", *PLACED, "--json").document
    (row,) = found["rows"]
    assert row["front"]
    assert row["throughput"] == pytest.approx(1e6 * row["fmax"])
    assert row["fmax"] > 10


def test_a_tool_that_fails_is_a_row(hadacast, mine, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NEXTPNR_ICE40", failing(tmp_path_factory.mktemp("tools")))
    outcome = hadacast("explore", "small.toml", *DATA, "--axis", "stream.lanes=1", *PLACED, status=1)
    assert outcome.error == "every point failed, the first with: nextpnr-ice40: no room for the core"
    (row,) = rows(mine / "out")
    assert row["error"] == "nextpnr-ice40: no room for the core"
    assert row["input_sqnr"] > 0


SWEEP = """
recipe = "mine.toml"
data = "x.npy"
synth = false
where = ["stream.lanes >= 2"]

[axes]
"stream.lanes" = [1, 2, 4]
"stage.quantize.code" = ["int3", "int4"]
"""


def test_a_sweep_in_a_file_and_options_over_it(hadacast, mine):
    (mine / "sub").mkdir()
    for name in ("mine.toml", "x.npy"):
        (mine / name).rename(mine / "sub" / name)
    (mine / "sub" / "s.toml").write_text(SWEEP)
    found = hadacast("explore", "--sweep", "sub/s.toml", "-o", "a", "--json").document
    assert len(found["rows"]) == 6
    assert [row["met"] for row in found["rows"]] == [False] * 2 + [True] * 4
    options = ("--axis", "stream.lanes=8", "--minimize", "bits", "--where", "latency > 0", "-w", "12")
    found = hadacast("explore", "--sweep", "sub/s.toml", *options, "-o", "b", "--json").document
    assert [row["stage.quantize.code"] for row in found["rows"]] == ["int3", "int4"]
    assert found["sweep"]["where"] == ["stream.lanes >= 2", "latency > 0"]
    assert found["sweep"]["overrides"] == ["input.width=12"]
    assert [row["front"] for row in found["rows"]] == [True, False]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "the sweep has no axes"),
        (("--axis", "lanes=2"), "axis 'lanes'"),
        (("--axis", "stream.lanes=2", "-d", "artix"), "unknown device 'artix'"),
        (("--axis", "stream.lanes=2", "-b", "nosuch"), "board is 'nosuch'"),
        (("--axis", "stream.lanes=2", "--where", "size < 3"), "no column 'size'"),
        (("--axis", "stream.lanes=2", "--minimize", "size"), "no column 'size'"),
        (("--axis", "stream.lanes=2", "--no-place", "--seeds", "1"), "seeds is '1': nothing is placed"),
        (("--axis", "stream.lanes=2", "--seeds", "1,1"), "seeds is '1,1'"),
        (("--axis", "stream.lanes=2", "--data", "nowhere.npy"), "data 'nowhere.npy' does not exist"),
        (("--axis", "stream.lanes=2", "-o", "mine.toml"), "a file is in the way"),
        (("--axis", "stream.lanes=2", "--cache", "mine.toml"), "give another --cache"),
        (("--axis", "stream.lanes=1..4000", "--axis", "input.width=1..4000"), "16,000,000 points"),
        (("--sweep", "nowhere.toml"), "sweep 'nowhere.toml': No such file"),
    ],
)
def test_bad_options_are_refused_before_work(fails, mine, monkeypatch, options, said):
    monkeypatch.setattr(runner, "run", None)
    assert said in fails("explore", "mine.toml", "--data", "x.npy", *options)
    assert not (mine / "build").exists()


def test_wrong_usage(fails, mine):
    assert "give a RECIPE" in fails("explore", "--axis", "stream.lanes=2", status=2)
    both = ("-d", "ecp5-25k", "-b", "ulx3s_85f")
    assert "not both" in fails("explore", "mine.toml", "--axis", "stream.lanes=2", *both, status=2)


def test_without_pyarrow(fails, mine, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "pip install 'hadacast[explore]'" in fails(*EXACT, "--axis", "stream.lanes=2")


# Ended half way

MANY = (*EXACT, "--axis", "stream.lanes=1,2,3,4", "--axis", "input.width=8..17")


def ended(folder, how, count):
    """Run MANY until some points are done, end it, and return its output and what its processes were."""
    with open(folder / "log", "wb") as log:
        program = subprocess.Popen([*PROGRAM, *MANY, "-o", "out"], cwd=folder, stdout=log, stderr=log)
    end = time.monotonic() + 60
    while len(list((folder / "out").glob("points/*.json"))) < count:
        assert program.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < end
        time.sleep(0.01)
    children = _descendants(program.pid)
    program.send_signal(how)
    program.wait(60)
    while any(alive(child) for child in children):
        assert time.monotonic() < end + 30
        time.sleep(0.05)
    return program.returncode, (folder / "log").read_text()


def _descendants(pid):
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    found[int(entry)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
    own = {pid}
    while more := {child for child, parent in found.items() if parent in own} - own:
        own |= more
    return own - {pid}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """MANY, not ended: the bytes of its table."""
    folder = tmp_path_factory.mktemp("whole")
    _files(folder)
    subprocess.run([*PROGRAM, *MANY, "-o", "out"], cwd=folder, check=True, capture_output=True, timeout=100)
    return (folder / "out" / "table.parquet").read_bytes()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked for in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda how: how.name)
def test_ended_half_way_and_resumed_the_table_is_the_same(hadacast, mine, whole, how):
    status, log = ended(mine, how, 15)
    assert not (mine / "out" / "table.parquet").exists()
    assert "Traceback" not in log
    if how == signal.SIGINT:
        assert status == 130
        assert "the same command goes on from there" in log
    resumed = hadacast(*MANY, "-o", "out", "--json").document
    assert 15 <= resumed["before"] < 40
    assert resumed["failed"] == 10
    assert (mine / "out" / "table.parquet").read_bytes() == whole


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked for in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda how: how.name)
def test_ended_while_a_tool_runs_the_tool_ends_too(mine, tmp_path_factory, how):
    tool = tmp_path_factory.mktemp("tools") / "nextpnr"
    tool.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo "slow -- (Version nextpnr-0.0)"; exit 0; }\n'
        f"echo $$ > {mine}/pid.part; mv {mine}/pid.part {mine}/pid; exec sleep 300\n"
    )
    tool.chmod(0o755)
    options = ("explore", "small.toml", *DATA, "--axis", "stream.lanes=1", *PLACED)
    environment = {**os.environ, "NEXTPNR_ICE40": str(tool)}
    with open(mine / "log", "wb") as log:
        program = subprocess.Popen([*PROGRAM, *options], cwd=mine, stdout=log, stderr=log, env=environment)
    end = time.monotonic() + 60
    while not (mine / "pid").exists():
        assert program.poll() is None, (mine / "log").read_text()
        assert time.monotonic() < end
        time.sleep(0.02)
    children = {int((mine / "pid").read_text()), *_descendants(program.pid)}
    program.send_signal(how)
    program.wait(30)
    until(lambda: not any(alive(child) for child in children), 20)
    assert "Traceback" not in (mine / "log").read_text()


def test_the_same_on_a_cluster(hadacast, mine, whole):
    distributed = pytest.importorskip("distributed")
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1"}
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        address = cluster.scheduler_address
        found = hadacast(*MANY, "-o", "out", "--scheduler", address, "--json").document
    assert (found["before"], found["failed"]) == (0, 10)
    assert (mine / "out" / "table.parquet").read_bytes() == whole


def test_a_cluster_that_is_not_there(fails, mine, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT", 0.5)
    assert "can't be reached" in fails(*EXACT, "--axis", "stream.lanes=2", "--scheduler", "tcp://127.0.0.1:1")


@pytest.mark.long
def test_two_hundred_netlists_killed_resumed_and_on_a_cluster(hadacast, mine):
    """What docs/explore.md says of a sweep of 200 points; a quarter of an hour on two cores."""
    distributed = pytest.importorskip("distributed")
    axes = (
        *("--axis", "stream.lanes=1,2", "--axis", "stage.fwht.registers=0..2"),
        *("--axis", "stage.fwht.stall_span=2,3", "--axis", "input.width=4..20,99"),
    )
    sweep = ("explore", "small.toml", *DATA, *axes, "--points", "200", "--no-place", "-d", "ecp5-25k")
    with open(mine / "log", "wb") as log:
        program = subprocess.Popen(
            [*PROGRAM, *sweep, "-o", "killed", "--cache", "one"], cwd=mine, stdout=log, stderr=log
        )
    while len(list((mine / "killed").glob("points/*.json"))) < 100:
        assert program.poll() is None, (mine / "log").read_text()
        time.sleep(0.1)
    program.kill()
    program.wait()
    resumed = hadacast(*sweep, "-o", "killed", "--cache", "one", "--json").document
    assert resumed["before"] >= 100
    assert resumed["failed"] > 0
    hadacast(*sweep, "-o", "whole", "--cache", "two")
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1"}
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        hadacast(*sweep, "-o", "cluster", "--cache", "three", "--scheduler", cluster.scheduler_address)
    tables = [(mine / name / "table.parquet").read_bytes() for name in ("killed", "whole", "cluster")]
    assert tables[0] == tables[1] == tables[2]
