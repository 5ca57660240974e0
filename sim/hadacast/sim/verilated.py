"""Verilator at full speed: the Verilog that a user gets as C++, and the bench (bench.cc) around it.

The library is kept in the cache under a hash of everything it was made from.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from hadacast.core.top import ports
from hadacast.errors import HadacastError
from hadacast.sim import cache, compiled, cxx, verilator
from hadacast.spec.pipeline import Pipeline

VERILATE = ("--cc", "-Wno-fatal", "-Wno-WIDTH", "-O3", "--x-assign", "unique", "--x-initial", "unique")
"""What is unknown is random, by the seed of the run."""

LEVEL = "-O2"
COMPILE = ("-fno-strict-aliasing",)

RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
"""What every model is linked to; compiled once."""

# An escaped name ends in a space of its own.
_INITIAL = re.compile(r"^(\s*reg (?:signed )?(?:\[[^\]]*\] )?[^ =;\[]+ ?) = \d+'h[0-9a-f]+;$", re.MULTILINE)


def without_initials(text: str) -> str:
    """Verilog whose registers wake in any state, as those of a chip do; tables keep what they hold."""
    return _INITIAL.sub(r"\1;", text)


DRIVEN = {"aclk", "aresetn", "s_axis_tdata", "s_axis_tvalid", "s_axis_tlast", "m_axis_tready"}
"""Inputs that the bench drives."""


def tied(spec: Pipeline) -> tuple[str, ...]:
    """The other inputs of a core's AxiTop, those of its settings."""
    found = ports(spec).items()
    return tuple(name for name, port in found if port.flow.name == "In" and name not in DRIVEN)


def available() -> None:
    """Raises HadacastError if Verilator or a C++ compiler is missing."""
    verilator.find()
    cxx.compiler()


def build(text: str, module: str, tied: tuple[str, ...] = (), level: str = LEVEL) -> Path:
    """The shared library of a Verilog module with the ports of `AxiTop` in its bench, from the cache or built
    now.

    tied: inputs beside those of the bench, held at 0. level: of the C++ compiler's optimization. Raises
    HadacastError with the tool's own message where one fails.
    """
    version, package = verilator.find()
    _, compiler = cxx.compiler()
    ties = " ".join(f"X({name})" for name in tied)
    bench = f"#define TIED(X) {ties}\n{compiled.source('verilator_model.cc')}"
    tools = [version, compiler, repr((VERILATE, COMPILE))]
    name = f"verilated-{cache.digest([text, module, bench, level, *tools])}.so"
    runtime = f"verilated-{cache.digest(tools)}.o"
    return cache.built(name, partial(_build, text, module, bench, level, package, runtime))


def _build(
    text: str, module: str, bench: str, level: str, package: Path | None, runtime: str, output: Path
) -> None:
    with tempfile.TemporaryDirectory(prefix="hadacast-verilator-") as folder:
        work = Path(folder)
        (work / f"{module}.v").write_text(text)
        (work / "bench.cc").write_text(bench)
        program = "verilator"
        if package:
            program = str(verilator.launcher(package, work / "bin") / "verilator")
        command = [program, *VERILATE, "--prefix", "Vtop", "--top-module", module, "--Mdir", "made"]
        _run([*command, f"{module}.v"], work)
        root = package or Path(_run([program, "--getenv", "VERILATOR_ROOT"], work).strip())
        include = [work / "made", root / "include", root / "include" / "vltstd"]
        made = sorted((work / "made").glob("*.cpp"))
        # One unit is compiled in half the time of several, which all read the same headers.
        (work / "all.cc").write_text("".join(f'#include "{path}"\n' for path in [*made, work / "bench.cc"]))
        both = [work / "all.cc", cache.built(runtime, partial(_runtime, include))]
        cxx.shared_library(both, output, include, [level, *COMPILE])


def _runtime(include: list[Path], output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="hadacast-verilator-") as folder:
        source = Path(folder, "runtime.cc")
        source.write_text("".join(f'#include "{name}"\n' for name in RUNTIME))
        cxx.object_file(source, output, include, [LEVEL, *COMPILE])


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
