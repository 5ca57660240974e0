"""The bench itself, one clock cycle at a time: driver, receiver and protocol monitor.

A cycle ends at the rising edge of ACLK. In each one:

1. A beat whose gap is over is offered until it is taken; while idle, TDATA and TLAST keep their old value, so
   a core that ignores TVALID repeats a beat and is caught. A reset takes one idle cycle just before its beat.
2. TREADY follows the stimulus, by the number of the cycle.
3. With all that settled, the core's outputs are read. Nothing is transferred in a cycle with ARESETN low.

The run ends when every beat was taken and nothing was offered for longer than the core's latency, when more
beats came out than belong to what went in, or when the core takes nothing though nobody stalls it (it is
hung).

`bench.cc` does exactly this in C++; tests hold the two against each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.sim.packing import Packing
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace

Progress = Callable[[int, int], None]
"""Called now and then with the beats taken so far and the beats there are."""

SLACK = 16
"""Cycles beyond its latency that a core may take to offer a beat which nothing holds up."""

VALID_DROPPED, PAYLOAD_CHANGED, TOO_MANY, UNKNOWN = 1, 2, 3, 4
VIOLATIONS = {
    VALID_DROPPED: "m_axis_tvalid fell before the offered beat was taken",
    PAYLOAD_CHANGED: "m_axis_tdata, tlast or tuser changed while the beat was stalled",
    TOO_MANY: "more beats came out than were due",
    UNKNOWN: "an output was X or Z",
}
MAX_VIOLATIONS = 100
"""Violations kept of a run; the first few tell the story."""


class Filed:
    """A dataclass of arrays and numbers that goes to a file and back, between two processes."""

    def save(self, path: Path) -> None:
        """To an .npz file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Self:
        """From an .npz file."""
        with np.load(path) as file:
            return cls(**{n: file[n] if file[n].ndim else file[n].item() for n in file.files})


@dataclass(frozen=True)
class Job(Filed):
    """A stimulus for one core as plain arrays, all that a simulator needs."""

    data: NDArray[np.uint8]
    """(beats, bytes of s_axis_tdata)."""
    last: NDArray[np.bool_]
    gap: NDArray[np.int64]
    ready: NDArray[np.bool_]
    resets: NDArray[np.int64]
    out_bytes: int
    """Bytes of m_axis_tdata."""
    drain: int
    """Cycles without an offered beat after which the run is over."""
    limit: int
    """Beats that may come out."""
    timeout: int
    """Cycles of refusing a beat with nothing to show for it after which the core is hung."""

    @classmethod
    def of(cls, top: Any, stimulus: Stimulus, timeout_cycles: int | None = None) -> Job:
        """For a top with a `spec`; raises HadacastError for lanes or values that don't fit it."""
        spec = top.spec
        if stimulus.lanes != spec.in_lanes:
            raise HadacastError(f"the stimulus has {stimulus.lanes} lanes; {spec.name!r} has {spec.in_lanes}")
        low, high = spec.input.min, spec.input.max
        for value in (stimulus.data.min(initial=0), stimulus.data.max(initial=0)):
            if not low <= value <= high:
                raise HadacastError(f"the stimulus has {value}; {spec.name!r} takes {low} to {high}")
        if timeout_cycles is not None and timeout_cycles < 1:
            raise HadacastError(f"timeout_cycles is {timeout_cycles}; 1 or more is allowed")
        return cls(
            data=Packing.of(spec.in_lanes, spec.input).pack(stimulus.data),
            last=stimulus.last,
            gap=stimulus.gap,
            ready=stimulus.ready,
            resets=np.array(stimulus.resets, dtype=np.int64),
            out_bytes=Packing.of(spec.out_lanes, spec.output).bytes,
            drain=spec.latency + 2 * SLACK,
            limit=-(-stimulus.beats * spec.out_beats // spec.in_beats),
            timeout=timeout_cycles or 4 * (spec.latency + spec.in_beats + spec.out_beats) + 1024,
        )


@dataclass
class Record(Filed):
    """A run as a simulator saw it, before its bytes are decoded."""

    data: NDArray[np.uint8]
    """(beats_out, bytes of m_axis_tdata)."""
    flags: NDArray[np.uint8]
    """(beats_out,) TLAST in bit 0, TUSER in bit 1."""
    cycle: NDArray[np.int64]
    offer: NDArray[np.int64]
    accept: NDArray[np.int64]
    resets: NDArray[np.int64]
    error_cycle: NDArray[np.int64]
    broken: NDArray[np.int64]
    """(n, 2) kind of violation and its cycle."""
    cycles: int
    hung: bool
    seconds: float = 0.0
    build_seconds: float = field(default=0.0)

    def trace(self, top: Any, simulator: str) -> Trace:
        """Decoded; raises HadacastError when the core hung."""
        if self.hung:
            taken = int((self.accept >= 0).sum())
            raise HadacastError(
                f"{simulator}: the design is hung at cycle {self.cycles}: s_axis_tready stays low for "
                f"beat {taken} of {len(self.accept)} though m_axis_tvalid is low; "
                f"{len(self.cycle)} beats came out"
            )
        packing = Packing.of(top.spec.out_lanes, top.spec.output)
        return Trace(
            data=packing.unpack(self.data),
            last=(self.flags & 1).astype(np.bool_),
            user=(self.flags & 2).astype(np.bool_),
            cycle=self.cycle,
            offer=self.offer,
            accept=self.accept,
            resets=self.resets,
            error_cycle=self.error_cycle,
            cycles=self.cycles,
            seconds=self.seconds,
            violations=tuple(f"cycle {cycle}: {VIOLATIONS[int(kind)]}" for kind, cycle in self.broken),
            build_seconds=self.build_seconds,
        )


# Bits of the words that go to and come from the design; TDATA follows from bit IN_DATA and OUT_DATA.
ARESETN, S_TVALID, M_TREADY, S_TLAST, IN_DATA = 1, 2, 4, 8, 4
S_TREADY, M_TVALID, FRAME_ERROR, OUT_PAYLOAD, OUT_DATA = 1, 2, 4, 3, 5


def bench(job: Job, progress: Progress | None = None) -> Generator[int, int, Record]:
    """One run as a generator: yields the input word of each cycle, is sent its output word, returns a Record.

    Input word: aresetn, s_axis_tvalid, m_axis_tready, s_axis_tlast, then s_axis_tdata, from bit 0.
    Output word: s_axis_tready, m_axis_tvalid, frame_error, m_axis_tlast, m_axis_tuser, then m_axis_tdata; the
    last three may be anything while m_axis_tvalid is 0. A negative word says that some of it is unknown.

    Local variables throughout: this is the per-cycle cost of the Python simulators.
    """
    started = time.perf_counter()
    words = [
        (int.from_bytes(row, "little") << IN_DATA) | (S_TLAST if last else 0)
        for row, last in zip(map(bytes, job.data), job.last.tolist(), strict=True)
    ]
    gaps, ready, resets = job.gap.tolist(), (job.ready * M_TREADY).tolist(), set(job.resets.tolist())
    total, period, drain, limit, timeout = len(words), len(ready), job.drain, job.limit, job.timeout
    accept: list[int] = []
    reset_cycles: list[int] = []
    error_cycle: list[int] = []
    out: list[int] = []
    out_cycle: list[int] = []
    out_offer: list[int] = []
    broken: list[tuple[int, int]] = []
    offered = -1  # the cycle in which the beat at the output was first offered; -1 for none
    payload = beat = refused = quiet = cycle = 0
    held = 0  # what TDATA and TLAST show while idle
    wait = gaps[0] if total else 0
    hung = False
    while True:
        word = ready[cycle % period]
        stalled = not word
        offer = resetting = False
        if beat < total:
            if wait:
                wait -= 1
            elif beat in resets:
                resets.discard(beat)
                resetting = True
            else:
                offer = True
                held = words[beat]
        if resetting:
            yield word | held
            reset_cycles.append(cycle)
            offered = -1
            cycle += 1
            continue
        got = yield word | held | ((ARESETN | S_TVALID) if offer else ARESETN)
        if got < 0:
            broken.append((UNKNOWN, cycle))
            got = ~got
        if got & FRAME_ERROR:
            error_cycle.append(cycle)
        if got & M_TVALID:
            quiet = refused = 0
            now = got >> OUT_PAYLOAD
            if offered < 0:
                offered = cycle
            elif now != payload:
                broken.append((PAYLOAD_CHANGED, cycle))
            payload = now
            if not stalled:
                out.append(now)
                out_cycle.append(cycle)
                out_offer.append(offered)
                offered = -1
                if len(out) > limit:
                    broken.append((TOO_MANY, cycle))
                    cycle += 1
                    break
        else:
            quiet += 1
            if offered >= 0:
                broken.append((VALID_DROPPED, cycle))
                offered = -1
        if offer:
            if got & S_TREADY:
                accept.append(cycle)
                beat += 1
                refused = quiet = 0
                if beat < total:
                    wait = gaps[beat]
                if progress is not None and not beat & 0xFF:
                    progress(beat, total)
            else:
                refused += 1
                if refused > timeout:
                    hung = True
        cycle += 1
        if hung or (beat == total and quiet > drain):
            break
        if len(broken) >= MAX_VIOLATIONS:
            break
    size = job.out_bytes
    octets = b"".join((payload >> (OUT_DATA - OUT_PAYLOAD)).to_bytes(size, "little") for payload in out)
    return Record(
        data=np.frombuffer(octets, dtype=np.uint8).reshape(-1, size),
        flags=np.array([payload & 3 for payload in out], dtype=np.uint8),
        cycle=np.array(out_cycle, dtype=np.int64),
        offer=np.array(out_offer, dtype=np.int64),
        accept=np.array(accept + [-1] * (total - len(accept)), dtype=np.int64),
        resets=np.array(reset_cycles, dtype=np.int64),
        error_cycle=np.array(error_cycle, dtype=np.int64),
        broken=np.array(broken, dtype=np.int64).reshape(-1, 2),
        cycles=cycle,
        hung=hung,
        seconds=time.perf_counter() - started,
    )
