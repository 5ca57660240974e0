"""CXXRTL: Yosys writes the core as C++, the bench is C++ too, and one shared library runs it all.

The library is kept in the cache under a hash of everything it was made from.
"""

from __future__ import annotations

import ctypes
import tempfile
import time
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

from hadacast.sim import cache, compiled, cxx
from hadacast.sim.cycle import Job, Progress
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.tools import yosys

LEVEL = "-O2"
"""The core settles in straight-line code; -O1 is no quicker to compile, -O3 no quicker to run."""

SPLIT = """\
hierarchy -top top
proc
flatten
opt -fast
select w:*fwht* c:*fwht*
splitnets -driver
splitcells
splitnets -driver
select -clear
opt_clean -purge
"""
"""Lanes come as slices of a wide word, and CXXRTL copies all of a word to write a slice of it. Nets and
registers for every lane make a transform of 8 lanes twice as fast and quicker to compile. Not so a quantizer:
it looks at single bits of its words, which fall apart into them, and a compiler takes half an hour to join
them again."""

WIDE = 128
"""Output bits from which SPLIT pays; below, the compiler sees through the slices, and more nets only cost."""

FEEDBACK = "converged = false"
"""What CXXRTL writes only where signals must settle in more than one pass."""


def run(
    top: Any,
    stimulus: Stimulus,
    *,
    waves: Path | None = None,
    progress: Progress | None = None,
    timeout_cycles: int | None = None,
) -> Trace:
    """Runs `top` as compiled C++; see `simulators.simulate`."""
    job = Job.of(top, stimulus, timeout_cycles)
    started = time.perf_counter()
    library = load(top, waves=waves is not None)
    build_seconds = time.perf_counter() - started
    record = compiled.run(library, job, waves=waves, progress=progress)
    record.build_seconds = build_seconds
    return record.trace(top, "cxxrtl")


def load(top: Any, *, waves: bool = False, level: str = LEVEL) -> ctypes.CDLL:
    """The compiled bench of a core, from the cache or built now (seconds; the first use of zig, minutes)."""
    text = rtlil.convert(top, name="top", emit_src=False)
    return library(text, SPLIT if len(top.m_axis_tdata) >= WIDE else "", waves=waves, level=level)


def library(
    text: str, script: str = "", *, choice: str = "", waves: bool = False, level: str = LEVEL
) -> ctypes.CDLL:
    """The same of RTLIL whose top is `top`, after the Yosys commands of `script`.

    choice: an input beside the streams, up to 32 bits, that is the seed of `compiled.run` for a whole run;
    its name has no underscores."""
    bench = compiled.source("cxxrtl_model.cc")
    if choice:
        bench = f"#define CHOICE p_{choice}\n{bench}"
    _, compiler = cxx.compiler()
    name = cache.digest([text, bench, script, yosys.version(), compiler, level, str(waves)])
    path = cache.built(f"cxxrtl-{name}.so", partial(_build, text, bench, script, waves, level))
    return compiled.load(path)


def _build(text: str, bench: str, script: str, waves: bool, level: str, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="hadacast-cxxrtl-") as folder:
        work = Path(folder)
        (work / "top.il").write_text(text)
        # Debug information is what waveforms are drawn from, and half of the compile time.
        yosys.run(f"read_rtlil top.il\n{script}write_cxxrtl -g{4 if waves else 0} top.cc\n", cwd=work)
        source = work / "bench.cc"
        design = (work / "top.cc").read_text()
        defines = ["#define DESIGN p_top"]
        if waves:
            defines.append("#define WAVES")
        elif FEEDBACK not in design:
            defines.append("#define ONE_PASS")
        source.write_text("\n".join([design, *defines, bench]))
        cxx.shared_library([source], output, [_include()], [level, "-DCXXRTL_NDEBUG"])


def _include() -> Path:
    """The folder of the CXXRTL headers, which come with pyosys."""
    return Path(str(resources.files("pyosys"))) / "share" / "include" / "backends" / "cxxrtl" / "runtime"


RUN = {"cxxrtl": run}
