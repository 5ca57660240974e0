"""CXXRTL: Yosys writes the core as C++, the bench is C++ too, and one shared library runs it all.

The library is kept in the cache under a hash of everything it was made from.
"""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.back import rtlil
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.sim import cache, cxx
from hadacast.sim.cycle import MAX_VIOLATIONS, Job, Progress, Record
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.tools import yosys

SLICE = 1 << 18
"""Cycles in one call into the library: about a tenth of a second."""

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

ARRAYS_IN = ("data", "last", "gap", "ready", "resets")
NUMBERS_IN = ("beats", "period", "reset_count", "drain", "limit", "timeout", "max_violations")
ARRAYS_OUT = ("out", "flags", "cycle", "offer", "accept", "reset_cycle", "error_cycle", "broken")
STATE = (
    *("state", "now", "beat", "wait", "refused", "quiet", "offered", "out_count", "reset_at", "error_count"),
    *("broken_count", "idle_beat", "nanoseconds"),
)
RUNNING, DONE, HUNG = 0, 1, 2


class CJob(ctypes.Structure):
    """`struct Job` of cxxrtl_harness.cc: pointers and 64-bit integers, in its order."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ARRAYS_IN),
        *((name, ctypes.c_int64) for name in NUMBERS_IN),
        *((name, ctypes.c_void_p) for name in ARRAYS_OUT),
        *((name, ctypes.c_int64) for name in STATE),
    ]


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
    record = start(library, job, waves=waves, progress=progress)
    record.build_seconds = build_seconds
    return record.trace(top, "cxxrtl")


def start(
    library: ctypes.CDLL,
    job: Job,
    *,
    constants: Sequence[int] = (),
    waves: Path | None = None,
    progress: Progress | None = None,
) -> Record:
    """One run of a compiled bench from power-on, with values for its constant inputs."""
    bench = library.hadacast_new()
    try:
        for index, value in enumerate(constants):
            library.hadacast_set(bench, index, value)
        if waves and not library.hadacast_waves(bench, str(waves).encode()):
            raise HadacastError(f"can't write waveforms to {str(waves)!r}")
        return _run(library, bench, job, progress)
    finally:
        library.hadacast_delete(bench)


def load(top: Any, *, waves: bool = False, level: str = LEVEL) -> ctypes.CDLL:
    """The compiled bench of a core, from the cache or built now (seconds; the first use of zig, minutes)."""
    text = rtlil.convert(top, name="top", emit_src=False)
    return load_text(text, out_bits=len(top.m_axis_tdata), waves=waves, level=level)


def load_text(
    text: str, *, out_bits: int, constants: Sequence[str] = (), waves: bool = False, level: str = LEVEL
) -> ctypes.CDLL:
    """The same of RTLIL whose module is called top. constants: inputs beside the streams, up to 32 bits each,
    which `start` sets for a whole run; their names have no underscores."""
    harness = resources.files("hadacast.sim").joinpath("cxxrtl_harness.cc").read_text()
    _, compiler = cxx.compiler()
    cases = " ".join(
        f"case {n}: top.p_{name}.set<uint32_t>(value); break;" for n, name in enumerate(constants)
    )
    harness = f"#define CONSTANTS {cases}\n{harness}" if cases else harness
    split = SPLIT if out_bits >= WIDE else ""
    name = cache.digest([text, harness, split, yosys.version(), compiler, level, str(waves)])
    path = cache.built(f"cxxrtl-{name}.so", partial(_build, text, harness, split, waves, level))
    library = ctypes.CDLL(str(path))
    library.hadacast_new.restype = ctypes.c_void_p
    library.hadacast_delete.argtypes = [ctypes.c_void_p]
    library.hadacast_waves.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.hadacast_set.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_uint32]
    library.hadacast_run.argtypes = [ctypes.c_void_p, ctypes.POINTER(CJob), ctypes.c_int64]
    library.hadacast_run.restype = None
    return library


def _build(text: str, harness: str, split: str, waves: bool, level: str, output: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="hadacast-cxxrtl-") as folder:
        work = Path(folder)
        (work / "top.il").write_text(text)
        # Debug information is what waveforms are drawn from, and half of the compile time.
        yosys.run(f"read_rtlil top.il\n{split}write_cxxrtl -g{4 if waves else 0} top.cc\n", cwd=work)
        source = work / "bench.cc"
        design = (work / "top.cc").read_text()
        defines = ["#define DESIGN p_top"]
        if waves:
            defines.append("#define WAVES")
        elif FEEDBACK not in design:
            defines.append("#define ONE_PASS")
        source.write_text("\n".join([design, *defines, harness]))
        cxx.shared_library(source, output, _include(), level)


def _include() -> Path:
    """The folder of the CXXRTL headers, which come with pyosys."""
    return Path(str(resources.files("pyosys"))) / "share" / "include" / "backends" / "cxxrtl" / "runtime"


def _words(octets: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(beats, bytes) to (beats, 32-bit words), the last word filled up with zeros."""
    beats, size = octets.shape
    padded = np.zeros((beats, -(-size // 4) * 4), dtype=np.uint8)
    padded[:, :size] = octets
    return padded.view("<u4")


def _run(library: ctypes.CDLL, bench: int, job: Job, progress: Progress | None) -> Record:
    beats = len(job.data)
    arrays: dict[str, NDArray[Any]] = {
        "data": _words(job.data),
        "last": job.last.astype(np.uint8),
        "gap": job.gap,
        "ready": job.ready.astype(np.uint8),
        "resets": job.resets,
        "out": np.zeros((job.limit + 1, -(-job.out_bytes // 4)), dtype=np.uint32),
        "flags": np.zeros(job.limit + 1, dtype=np.uint8),
        "cycle": np.zeros(job.limit + 1, dtype=np.int64),
        "offer": np.zeros(job.limit + 1, dtype=np.int64),
        "accept": np.full(beats, -1, dtype=np.int64),
        "reset_cycle": np.zeros(len(job.resets), dtype=np.int64),
        "error_cycle": np.zeros(beats + 1, dtype=np.int64),
        "broken": np.zeros((MAX_VIOLATIONS, 2), dtype=np.int64),
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    state = CJob(
        **{name: array.ctypes.data for name, array in arrays.items()},
        beats=beats,
        period=len(job.ready),
        reset_count=len(job.resets),
        drain=job.drain,
        limit=job.limit,
        timeout=job.timeout,
        max_violations=MAX_VIOLATIONS,
        wait=int(job.gap[0]) if beats else 0,
        offered=-1,
        idle_beat=-1,
    )
    while state.state == RUNNING:
        library.hadacast_run(bench, ctypes.byref(state), SLICE)
        if progress is not None:
            progress(state.beat, beats)
    octets = arrays["out"][: state.out_count].view(np.uint8)
    return Record(
        data=octets[:, : job.out_bytes],
        flags=arrays["flags"][: state.out_count],
        cycle=arrays["cycle"][: state.out_count],
        offer=arrays["offer"][: state.out_count],
        accept=arrays["accept"],
        resets=arrays["reset_cycle"][: state.reset_at],
        error_cycle=arrays["error_cycle"][: min(state.error_count, beats + 1)],
        broken=arrays["broken"][: state.broken_count],
        cycles=state.now,
        hung=state.state == HUNG,
        seconds=state.nanoseconds / 1e9,
    )


RUN = {"cxxrtl": run}
