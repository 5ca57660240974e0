"""Verilator at full speed: the Verilog that a user gets as C++, and the bench (bench.cc) around it, no Python.

The library is kept in the cache under a hash of everything it was made from.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from hadacast.errors import HadacastError
from hadacast.sim import cache, compiled, cxx, verilator

VERILATE = ("--cc", "-Wno-fatal", "-Wno-WIDTH", "-O3", "--x-assign", "unique", "--x-initial", "unique")
"""What is unknown is random, by the seed of the run."""

COMPILE = ("-O2", "-fno-strict-aliasing")

RUNTIME = ("verilated.cpp", "verilated_threads.cpp")

_INITIAL = re.compile(r"^(\s*reg (?:signed )?(?:\[[^\]]*\] )?[^ =;\[]+) = \d+'h[0-9a-f]+;$", re.MULTILINE)


def without_initials(text: str) -> str:
    """Verilog whose registers wake in any state, as those of a chip do; tables keep what they hold."""
    return _INITIAL.sub(r"\1;", text)


def available() -> None:
    """Raises HadacastError if Verilator or a C++ compiler is missing."""
    verilator.find()
    cxx.compiler()


def build(text: str, module: str, tied: tuple[str, ...] = (), options: tuple[str, ...] = ()) -> Path:
    """The shared library of a Verilog module with the ports of `AxiTop` in its bench, from the cache or built
    now.

    tied: inputs beside those of the bench, held at 0. options: of Verilator, beside VERILATE. Raises HadacastError with the tool's own message where one fails.
    """
    version, package = verilator.find()
    _, compiler = cxx.compiler()
    ties = " ".join(f"X({name})" for name in tied)
    bench = f"#define TIED(X) {ties}\n{compiled.source('verilator_model.cc')}"
    name = cache.digest([text, module, bench, version, compiler, repr((VERILATE, options, COMPILE))])
    return cache.built(f"verilated-{name}.so", partial(_build, text, module, options, package, bench))


def _build(
    text: str, module: str, options: tuple[str, ...], package: Path | None, bench: str, output: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="hadacast-verilator-") as folder:
        work = Path(folder)
        (work / f"{module}.v").write_text(text)
        (work / "bench.cc").write_text(bench)
        program = "verilator"
        if package:
            program = str(verilator.launcher(package, work / "bin") / "verilator")
        command = [program, *VERILATE, *options, "--prefix", "Vtop", "--top-module", module, "--Mdir", "made"]
        _run([*command, f"{module}.v"], work)
        root = package or Path(_run([program, "--getenv", "VERILATOR_ROOT"], work).strip())
        include = root / "include"
        made = sorted((work / "made").glob("*.cpp"))
        sources = [work / "bench.cc", *made, *(include / name for name in RUNTIME)]
        cxx.shared_library(sources, output, [work / "made", include, include / "vltstd"], COMPILE)


def _run(command: list[str], work: Path) -> str:
    """What a command says; raises HadacastError with its first error."""
    done = subprocess.run(
        command,
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        first = next(
            (line for line in lines if line.startswith("%Error")), lines[-1] if lines else "no message"
        )
        raise HadacastError(f"verilator failed on the core: {first}")
    return done.stdout
