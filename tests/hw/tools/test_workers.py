"""Processes that end with the program, whatever they are doing."""

import contextlib
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from processes import alive, until

from hadacast.tools import process, workers

TOOL = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"


def test_cores_are_those_that_this_process_may_use():
    assert 1 <= workers.cores() <= os.cpu_count()


def test_results():
    with workers.processes(2) as pool:
        futures = [pool.submit(operator.mul, n, n) for n in range(10)]
        assert [future.result() for future in futures] == [n * n for n in range(10)]
        with pytest.raises(ZeroDivisionError):
            pool.submit(operator.truediv, 1, 0).result()


def test_a_worker_that_is_killed_breaks_the_pool():
    with pytest.raises(BrokenProcessPool), workers.processes(1) as pool:
        pool.submit(os._exit, 1).result()


def test_one_that_exits_is_no_result():
    with pytest.raises(BrokenProcessPool), workers.processes(1) as pool:
        pool.submit(sys.exit, 1).result()


@pytest.fixture
def python(monkeypatch):
    """A tool that does what it is told."""
    monkeypatch.setenv(process.variable("icepack"), sys.executable)


def test_a_block_that_ends_early_ends_the_workers_and_their_tools(python, tmp_path):
    began = [tmp_path / "0", tmp_path / "1"]
    mine = []

    def stopped():
        with workers.processes(2) as pool:
            for mark in began:
                pool.submit(process.run, "icepack", "-c", TOOL, str(mark), cwd=tmp_path)
            until(lambda: all(mark.exists() for mark in began), 30)
            mine.extend(child.pid for child in multiprocessing.active_children())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert len(mine) >= 2
    until(lambda: not any(alive(pid) for pid in mine), 30)
    until(lambda: not _running(str(tmp_path)), 30)


def test_the_end_of_the_program_ends_the_workers_and_their_tools(python, tmp_path):
    program = f"""
import time
from pathlib import Path
from hadacast.tools import process, workers
if __name__ == "__main__":
    with workers.processes(1) as pool:
        pool.submit(process.run, "icepack", "-c", {TOOL!r}, "{tmp_path}/0", cwd=Path("{tmp_path}"))
        time.sleep(600)
"""
    script = tmp_path / "program.py"
    script.write_text(program)
    paths = os.pathsep.join(sys.path)
    running = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": paths})
    try:
        until((tmp_path / "0").exists, 30)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    until(lambda: not _running(str(tmp_path)), 30)


def _running(text):
    """Processes with this in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += [entry] if text in entry.read_text(errors="replace") else []
    return [entry for entry in found if entry.parent.name != str(os.getpid())]
