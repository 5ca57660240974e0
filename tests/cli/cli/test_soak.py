"""`soak`: batches that agree, go on where they were ended, and name the one that doesn't."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from hadacast.errors import HadacastError
from hadacast.sim import soak, verilated

SMALL = ("soak", "small.toml", "--folder", "kept", "--batch-size", 4000, "--jobs", 1)


@pytest.fixture(autouse=True)
def verilator():
    try:
        verilated.available()
    except HadacastError as missing:
        pytest.skip(str(missing))


def state(here):
    (path,) = (here / "kept").glob("[!.]*.json")
    return json.loads(path.read_text())["state"]


def sums(shown):
    """What doesn't depend on the clock on the wall."""
    return {name: shown["totals"][name] for name in ("samples", "cycles", "frames", "dropped", "resets")}


def test_twenty_thousand_samples(hadacast, here):
    found = hadacast(*SMALL, "--samples", "2e4", "--json").document
    run = found["soak"]
    assert found["schema"] == "hadacast.soak/1"
    assert found["ok"]
    assert found["failure"] is None
    assert run["samples"] >= 20_000
    assert run["mismatches"] == 0
    assert run["batches"] == -(-20_000 // (run["samples"] // run["batches"]))
    # Eight elements in a frame, two in a beat; broken frames and four resets in each batch.
    assert run["samples"] <= 8 * run["frames"]
    assert run["samples"] / 2 < run["cycles"] < 4 * run["samples"]
    assert run["dropped"] >= 5 * run["batches"]
    assert 2 * run["batches"] <= run["resets"] <= 4 * run["batches"]
    assert run["samples_per_second"] > 0
    assert state(here)["done"] == run["batches"]


def test_it_goes_on_where_it_was_ended(hadacast, here):
    first = hadacast(*SMALL, "--samples", 8000, "--json").document["soak"]
    second = hadacast(*SMALL, "--samples", 20_000, "--json")
    assert f"going on after {first['samples']:,} samples, {first['batches']} batches" in second.stderr
    resumed = state(here)
    again = hadacast(*SMALL, "--samples", 20_000, "--json").document["soak"]
    assert again["batches"] == resumed["done"]  # nothing is left to do
    (here / "kept").rename(here / "before")
    hadacast(*SMALL, "--samples", 20_000)
    assert sums(state(here)) == sums(resumed)


def test_killed_and_resumed(hadacast, here):
    """SIGKILL in the middle: the state is whole, and ends as that of a run that nothing ended."""
    main = "from hadacast.cli.main import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", main, *map(str, SMALL), "--samples", "1e9"]
    child = subprocess.Popen(command, cwd=here, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            time.sleep(0.1)
            if list((here / "kept").glob("[!.]*.json")) and state(here)["done"] >= 3:
                break
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    killed = state(here)
    assert killed["done"] >= 3
    wanted = int(killed["totals"]["samples"]) + 9000
    hadacast(*SMALL, "--samples", wanted)
    assert list((here / "kept").glob(".part*")) == []
    resumed = state(here)
    assert resumed["done"] >= killed["done"] + 2
    (here / "kept").rename(here / "before")
    hadacast(*SMALL, "--samples", wanted)
    assert sums(state(here)) == sums(resumed)


def test_two_processes_do_the_same(hadacast, here):
    hadacast(*SMALL, "--samples", 16_000)
    alone = state(here)
    (here / "kept").rename(here / "before")
    hadacast(*SMALL, "--samples", 16_000, "--jobs", 2)
    shared = state(here)
    assert shared["ahead"] == []
    assert sums(shared) == sums(alone)


@pytest.fixture
def wrong_gate(monkeypatch):
    """A core whose last butterfly has an OR in place of a carry, in one lane."""
    right = soak.to_verilog

    def wrong(top):
        text = right(top)
        before = "assign difference = $signed("
        assert text.count(before) == 1
        at = text.index(before) + len("assign difference = ")
        end = text.index(";", at)
        return text[:at] + text[at:end].replace(" - ", " | ") + text[end:]

    monkeypatch.setattr(soak, "to_verilog", wrong)


def test_a_wrong_gate_is_found_and_the_batch_runs_again(hadacast, here, wrong_gate):
    outcome = hadacast(*SMALL, "--samples", "2e4", "--seed", 7, "--json", status=1)
    found = outcome.document
    assert not found["ok"]
    failure = found["failure"]
    assert failure["number"] == 0
    assert failure["mismatches"] > 0
    assert "lane 1" in failure["problems"][0]
    assert "samples are wrong" in failure["problems"][0]
    assert outcome.error.startswith("batch 0 of small is wrong: ")
    assert outcome.error.endswith(failure["again"])
    assert state(here)["failure"]["problems"] == failure["problems"]
    program, *words = shlex.split(failure["again"])
    assert program == "hadacast"
    again = hadacast(*words, "--json", status=1).document
    assert again["failure"]["problems"] == failure["problems"]
    # The wrong batch comes first in the next run, too.
    third = hadacast(*SMALL, "--samples", "2e4", "--seed", 7, "--json", status=1).document
    assert third["failure"]["problems"] == failure["problems"]


def test_a_wrong_gate_in_a_worker(hadacast, here, wrong_gate):
    outcome = hadacast(*SMALL, "--samples", "2e4", "--jobs", 2, "--json", status=1)
    assert outcome.document["failure"]["number"] in (0, 1)


def test_another_core_or_seed_begins_anew(hadacast, here):
    hadacast(*SMALL, "--samples", 4000)
    hadacast(*SMALL, "--samples", 4000, "--seed", 1)
    hadacast(*SMALL, "--samples", 4000, "--width", 5)
    assert len(list((here / "kept").glob("[!.]*.json"))) == 3


def test_what_is_no_state_stays(fails, hadacast, here):
    hadacast(*SMALL, "--samples", 4000)
    (path,) = (here / "kept").glob("[!.]*.json")
    for content in ("", "[]", '{"state": {"done": -1}}', path.read_text().replace('"done"', '"due"')):
        path.write_text(content)
        assert "isn't the state of a soak" in fails(*SMALL, "--samples", 4000)
        assert path.read_text() == content


def test_two_at_once(fails, hadacast, here):
    fcntl = pytest.importorskip("fcntl")
    hadacast(*SMALL, "--samples", 4000)
    (lock,) = (here / "kept").glob("*.lock")
    with open(lock, "wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert "another soak is at work" in fails(*SMALL, "--samples", 4000)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--samples", "many"), "samples is 'many': it must be a whole number from 1 to 1e15"),
        (("--samples", "0.5"), "samples is '0.5'"),
        (("--gap-rate", 1), "gap_rate is 1.0: it must be from 0 up to"),
        (("--stall-rate", -0.1), "stall_rate is -0.1"),
        (("--folder", "small.toml"), "folder 'small.toml' can't be used"),
    ],
)
def test_wrong_options(fails, options, said):
    assert said in fails("soak", "small.toml", *options)


def test_what_nothing_drives_is_refused(fails):
    said = fails("soak", "int4_token128", "--set", "stage.pack.layout=stream")
    assert said == "layout is 'stream': a soak compares one stream; take beside, ahead or behind"
    assert "random is 'port'" in fails("soak", "nvfp4_gradient16", "--set", "stage.quantize.random=port")
