"""What must come out of a core for a stimulus, and whether it did.

A frame ends at its TLAST. A frame of another length than the core's is dropped whole and counted. A reset
forgets everything inside the core: the frame it interrupts is gone without being counted, and the frames
complete before it have come out as far as they got, so a prefix of them is right. After the last reset
everything must come out. TUSER is set on every beat of the first good frame after one or more dropped ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError
from hadacast.sim.cycle import SLACK
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.spec.pipeline import Pipeline


@dataclass(frozen=True)
class Comparison:
    """The verdict on a run.

    mismatches: wrong samples, wrong TLAST and TUSER bits, and missing and surplus beats, together.
    samples: output elements compared; frames: good frames sent; dropped: frames with a misplaced TLAST sent.
    problems: everything wrong, one text each, broken stream rules included; empty when right.
    """

    mismatches: int
    samples: int
    frames: int
    dropped: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True when nothing at all is wrong."""
        return not self.problems

    @property
    def first_mismatch(self) -> str:
        """The first problem, in order of importance; empty when right."""
        return self.problems[0] if self.problems else ""


@dataclass(frozen=True, eq=False)
class Segment:
    """What must come out between two resets: `data` (beats, lanes), `user` and `done`, the input beat whose
    arrival completes the frame of each output beat. `bad`: frames of dropped beats right before the one that
    each output beat begins, 0 for other beats; a long one counts for as many as its beats fill. `dropped`:
    end beats of its bad frames. `over`: an unfinished frame at its end is too long already, so the core may
    have told of it."""

    data: NDArray[np.int64]
    user: NDArray[np.bool_]
    done: NDArray[np.int64]
    bad: NDArray[np.int64]
    dropped: NDArray[np.int64]
    over: bool


def expect(spec: Any, stimulus: Stimulus) -> list[Segment]:
    """What a core of `spec` must send for `stimulus`, one segment per reset and one more.

    Raises HadacastError when the lanes differ.
    """
    if stimulus.lanes != spec.in_lanes:
        raise HadacastError(f"the stimulus has {stimulus.lanes} lanes; {spec.name!r} has {spec.in_lanes}")
    edges = [0, *stimulus.resets, stimulus.beats]
    found = []
    for first, stop in pairwise(edges):
        ends = np.flatnonzero(stimulus.last[first:stop]) + first
        starts = np.concatenate(([first], ends[:-1] + 1)) if len(ends) else ends
        good = np.flatnonzero(ends - starts + 1 == spec.in_beats)
        tail = stop - (ends[-1] + 1 if len(ends) else first)
        found.append((starts, ends, good, bool(tail >= spec.in_beats)))
    results = _results(spec, stimulus, [starts[good] for starts, _, good, _ in found])
    segments = []
    at = 0
    for starts, ends, good, over in found:
        skipped = np.diff(good, prepend=-1) - 1
        filled = np.concatenate(([0], np.cumsum(-(-(ends - starts + 1) // spec.in_beats))))
        bad = np.zeros((len(good), spec.out_beats), dtype=np.int64)
        bad[:, 0] = np.diff(filled[good], prepend=0) - np.arange(len(good)).astype(bool)
        dropped = np.setdiff1d(np.arange(len(starts)), good, assume_unique=True)
        size = len(good) * spec.out_beats
        segments.append(
            Segment(
                data=results[at : at + size],
                user=np.repeat(skipped > 0, spec.out_beats),
                done=np.repeat(ends[good], spec.out_beats),
                bad=bad.ravel(),
                dropped=ends[dropped],
                over=over,
            )
        )
        at += size
    return segments


def _results(spec: Any, stimulus: Stimulus, starts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """(beats, lanes) results of the frames that begin at `starts`, an array for each segment.

    All are computed at once, unless what leaves depends on how many frames came since the reset.
    """
    runs = starts if spec.sequential else [np.concatenate(starts)]
    found = []
    for run in runs:
        sent = stimulus.data[run[:, None] + np.arange(spec.in_beats)]
        if isinstance(spec, Pipeline):
            result = spec.respond(sent)
        else:
            result = spec.compute(sent.reshape(len(run), spec.in_beats * spec.in_lanes))
        found.append(np.asarray(result, dtype=np.int64).reshape(-1, spec.out_lanes))
    return np.concatenate(found)


def compare(spec: Any, stimulus: Stimulus, trace: Trace) -> Comparison:
    """Holds a run against the exact result.

    spec: name, lanes and beats of either side, latency, sequential and compute, as a `Pipeline`. Besides
    data, TLAST, TUSER and the error count it checks that every beat sent was taken, that nothing is offered
    later than `latency` cycles (and some slack) after its frame is complete and its predecessor gone,
    whatever TREADY does, dropped frames in between taking as many beats as leave of others, and the stream
    rules that the bench watched.
    """
    segments = expect(spec, stimulus)
    mismatches = samples = 0
    problems: list[str] = []
    refused = int((trace.accept < 0).sum())
    if refused:
        problems.append(f"beat {stimulus.beats - refused} of {stimulus.beats} was never taken")
    # A reset comes before its beat is taken, so the cycles of the resets cut the trace as the beats are cut.
    cuts = np.searchsorted(trace.cycle, trace.resets)
    edges = [0, *cuts.tolist(), trace.beats]
    if len(edges) != len(segments) + 1:
        edges += [trace.beats] * (len(segments) + 1 - len(edges))
    for number, want in enumerate(segments):
        first, stop = edges[number], edges[number + 1]
        surplus = stop - first - len(want.data)
        final = number == len(segments) - 1
        count = min(stop - first, len(want.data))
        seen = slice(first, first + count)
        where = f"after reset {number - 1}, " if number else ""
        wrong_data = trace.data[seen] != want.data[:count]
        last = np.arange(count) % spec.out_beats == spec.out_beats - 1
        wrong_last = trace.last[seen] != last
        wrong_user = trace.user[seen] != want.user[:count]
        samples += wrong_data.size
        mismatches += int(wrong_data.sum()) + int(wrong_last.sum()) + int(wrong_user.sum())

        def place(beat: int, where: str = where, first: int = first) -> str:
            cycle = trace.cycle[first + beat]
            return (
                f"{where}output frame {beat // spec.out_beats}, beat {beat % spec.out_beats} (cycle {cycle})"
            )

        if wrong_data.any():
            beat, lane = np.argwhere(wrong_data)[0].tolist()
            problems.append(
                f"{place(beat)}, lane {lane}: {trace.data[first + beat, lane]} came out, "
                f"{want.data[beat, lane]} is right; "
                f"{int(wrong_data.sum())} of {wrong_data.size} samples are wrong"
            )
        for name, wrong, right in (("tlast", wrong_last, last), ("tuser", wrong_user, want.user)):
            if wrong.any():
                beat = int(np.flatnonzero(wrong)[0])
                problems.append(
                    f"{place(beat)}: m_axis_{name} is {int(not right[beat])}, {int(right[beat])} is right; "
                    f"{int(wrong.sum())} of {count} beats are wrong"
                )
        if surplus > 0:
            mismatches += surplus
            problems.append(f"{where}{surplus} beats came out beyond the {len(want.data)} that are right")
        if final and surplus < 0:
            mismatches -= surplus
            problems.append(f"{where}{-surplus} of {len(want.data)} beats didn't come out")
        late = _late(spec, trace, want, first, count)
        if late is not None:
            problems.append(
                f"{place(late)}: offered {late_cycles(spec)} cycles or more after it could be; "
                "does valid wait for ready?"
            )
    problems += _errors(spec, segments, trace)
    problems += trace.violations
    return Comparison(
        mismatches=mismatches,
        samples=samples,
        frames=sum(len(s.data) for s in segments) // spec.out_beats,
        dropped=sum(len(s.dropped) for s in segments),
        problems=tuple(problems),
    )


def late_cycles(spec: Any) -> int:
    """Cycles after which a beat that nothing holds up counts as trapped."""
    return spec.latency + SLACK


def _late(spec: Any, trace: Trace, want: Segment, first: int, count: int) -> int | None:
    """The first beat of a segment that was offered too late, if any."""
    if not count:
        return None
    complete = trace.accept[want.done[:count]]
    gone = np.concatenate(([-1], trace.cycle[first : first + count - 1]))
    # Where more beats leave than come, a bad frame may have grown before it was dropped.
    grown = want.bad[:count] * max(spec.out_beats - spec.in_beats, 0)
    late = trace.offer[first : first + count] - np.maximum(complete, gone) >= late_cycles(spec) + grown
    return int(np.flatnonzero(late)[0]) if late.any() else None


def _errors(spec: Any, segments: list[Segment], trace: Trace) -> list[str]:
    """Problems of the pulses on frame_error.

    Before a reset there can be one too few, for a frame whose end the reset swallowed, or one too many, for a
    frame already too long when the reset came.
    """
    problems = []
    pulses = np.searchsorted(trace.error_cycle, trace.resets).tolist()
    edges = [0, *pulses, trace.error_pulses]
    for number, (segment, first, stop) in enumerate(zip(segments, edges, edges[1:], strict=False)):
        low, high = len(segment.dropped), len(segment.dropped) + segment.over
        if number < len(trace.resets):
            ended = trace.accept[segment.dropped]
            low = int((ended < trace.resets[number] - late_cycles(spec)).sum())
        if not low <= stop - first <= high:
            where = f"after reset {number - 1}, " if number else ""
            problems.append(
                f"{where}frame_error was 1 in {stop - first} cycles; {len(segment.dropped)} is right"
            )
    return problems
