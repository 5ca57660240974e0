"""The bench of cycle.py in C++ (bench.cc), compiled with a core into a shared library, and called.

A library is made of a core that a simulator's compiler wrote as C++, the simulator's `class Model`, and the
bench; run_cxxrtl.py and verilated.py make them.
"""

from __future__ import annotations

import ctypes
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.sim.cycle import MAX_VIOLATIONS, Job, Progress, Record

SLICE = 1 << 18
"""Cycles in one call into the library: about a tenth of a second."""

ARRAYS_IN = ("data", "last", "gap", "ready", "resets")
NUMBERS_IN = ("beats", "period", "reset_count", "drain", "limit", "timeout", "max_violations")
ARRAYS_OUT = ("out", "flags", "cycle", "offer", "accept", "reset_cycle", "error_cycle", "broken")
STATE = (
    *("state", "now", "beat", "wait", "refused", "quiet", "offered", "out_count", "reset_at", "error_count"),
    *("broken_count", "idle_beat", "nanoseconds"),
)
RUNNING, DONE, HUNG = 0, 1, 2


class CJob(ctypes.Structure):
    """`struct Job` of bench.cc: pointers and 64-bit integers, in its order."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ARRAYS_IN),
        *((name, ctypes.c_int64) for name in NUMBERS_IN),
        *((name, ctypes.c_void_p) for name in ARRAYS_OUT),
        *((name, ctypes.c_int64) for name in STATE),
    ]


def source(model: str) -> str:
    """The C++ of the bench behind a `class Model`, the name of a file here."""
    folder = resources.files("hadacast.sim")
    return folder.joinpath(model).read_text() + folder.joinpath("bench.cc").read_text()


def load(path: Path) -> ctypes.CDLL:
    """A library that was built. Raises HadacastError if it can't be loaded."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise HadacastError(f"can't load the compiled simulator: {error}") from None
    library.hadacast_new.argtypes = [ctypes.c_uint64]
    library.hadacast_new.restype = ctypes.c_void_p
    library.hadacast_delete.argtypes = [ctypes.c_void_p]
    library.hadacast_waves.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.hadacast_run.argtypes = [ctypes.c_void_p, ctypes.POINTER(CJob), ctypes.c_int64]
    library.hadacast_run.restype = None
    return library


def run(
    library: ctypes.CDLL,
    job: Job,
    *,
    seed: int = 0,
    waves: Path | None = None,
    progress: Progress | None = None,
) -> Record:
    """Runs a job on a new instance of the core, which wakes as `seed` says if the simulator knows how to.

    Raises HadacastError if waveforms can't be written.
    """
    bench = library.hadacast_new(seed)
    try:
        if waves and not library.hadacast_waves(bench, str(waves).encode()):
            raise HadacastError(f"can't write waveforms to {str(waves)!r}")
        return _run(library, bench, job, progress)
    finally:
        library.hadacast_delete(bench)


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
