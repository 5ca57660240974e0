"""Mutants against the benches: which check finds each, and which none does.

All mutants are in one compiled core, and an input plants the one that runs (hadacast.mutate). Each starts
from power-on and takes the parts of a campaign in turn until one finds it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.mutate.mutants import INPUT, Mutant, Mutated
from hadacast.sim import campaign, compiled, pace, run_cxxrtl, scoreboard
from hadacast.sim.cycle import Job, Record
from hadacast.sim.scoreboard import Segment
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace

HUNG = "hung"

SHORT, LONG = 256, 8192
"""Samples beside the frames that find the most, in the parts that come first and in those for who survives
them."""

ROUND, BULK = 1 << 16, 1 << 20
"""Samples of the last parts: rounding and look-up go wrong for one value in thousands, in one lane."""


Pace = Callable[[Any, Stimulus, Trace], list[tuple[str, str]]]
"""A check of pace.py."""


@dataclass(frozen=True, eq=False)
class Part:
    """A stimulus of the campaign, and what is checked of its pace."""

    name: str
    stimulus: Stimulus
    pace: Pace


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    check: which check found it: hung, latency, rate, or a kind of `Comparison`; empty if it survived. part:
    the campaign's part that did."""

    mutant: Mutant
    check: str
    part: str

    @property
    def killed(self) -> bool:
        """Whether a check found it."""
        return bool(self.check)


def parts(spec: Any, seed: int = 0) -> Iterator[Part]:
    """The campaign for a pipeline, the shortest first.

    Full rate; gaps alone; stalls alone; short frames and pauses; everything at once with broken frames and
    resets; then the same longer, with other seeds; then many frames at full rate, first those of round sums.
    """
    for name, samples, runs in (("", SHORT, 1), (", long", LONG, 3)):
        for run in range(runs):
            rng = np.random.default_rng([seed, run, samples])
            x = mixed(spec, samples, rng)
            for kind, gaps, stalls in (("full rate", 0.0, 0.0), ("gaps", 0.3, 0.0), ("stalls", 0.0, 0.4)):
                sent = Stimulus.frames(x, spec.in_lanes, gap_rate=gaps, stall_rate=stalls, seed=seed + run)
                yield Part(kind + name, sent, pace.check)
            sent = campaign.paused(spec, x, rng)
            yield Part("short frames and pauses" + name, sent, pace.rested)
            for more in range(3):
                sent = campaign.disturbed(spec, x, rng, seed + 3 * run + more)
                yield Part("broken frames and resets" + name, sent, _any_pace)
    rng = np.random.default_rng([seed, ROUND])
    x = campaign.coarse(spec, max(8, ROUND // (spec.in_beats * spec.in_lanes)), rng)
    yield Part("full rate, round sums", Stimulus.frames(x, spec.in_lanes), pace.check)
    x = mixed(spec, BULK, np.random.default_rng([seed, BULK]))
    yield Part("full rate, bulk", Stimulus.frames(x, spec.in_lanes), pace.check)


def _any_pace(spec: Any, stimulus: Stimulus, trace: Trace) -> list[tuple[str, str]]:
    return []


def mixed(spec: Any, samples: int, rng: np.random.Generator) -> Ints:
    """Frames of all kinds in any order: random and extreme, and about as many samples of each other kind."""
    count = max(8, samples // (5 * spec.in_beats * spec.in_lanes))
    kinds = [campaign.frames(spec, samples // 5, rng)]
    special = (campaign.scaled, campaign.simple, campaign.uneven, campaign.nudged, campaign.sparse)
    kinds += [kind(spec, count, rng) for kind in special]
    x = np.concatenate(kinds)
    return np.asarray(x[rng.permutation(len(x))])


class Bench:
    """A compiled core with mutants, and a campaign for it.

    Raises HadacastError where the core without a mutant doesn't pass: then no mutant can be judged.
    """

    def __init__(self, top: Any, mutated: Mutated, seed: int = 0) -> None:
        self.top = top
        self.library: ctypes.CDLL = run_cxxrtl.library(mutated.text, choice=INPUT)
        self.campaign = list(parts(top.spec, seed))
        self._jobs = [Job.of(top, part.stimulus) for part in self.campaign]
        self._segments = [scoreboard.expect(top.spec, part.stimulus) for part in self.campaign]
        self._right: list[Record] = []
        for part, job, segments in zip(self.campaign, self._jobs, self._segments, strict=True):
            record = compiled.run(self.library, job)
            check = self._check(part, record, segments)
            if check:
                raise HadacastError(
                    f"{top.spec.name}, {part.name}: the core without a mutant fails, {check}: {self._why}"
                )
            self._right.append(record)

    def judge(self, mutant: Mutant) -> Verdict:
        """Run a mutant through the campaign until a check finds it."""
        for part, job, segments, right in zip(
            self.campaign, self._jobs, self._segments, self._right, strict=True
        ):
            record = compiled.run(self.library, job, seed=mutant.number)
            # Most survivors do, clock by clock, what the core does: no need to compare again.
            check = "" if _same(record, right) else self._check(part, record, segments)
            if check:
                return Verdict(mutant, check, part.name)
        return Verdict(mutant, "", "")

    def _check(self, part: Part, record: Record, segments: Sequence[Segment]) -> str:
        """The kind of the first problem of a run; empty where all is right."""
        self._why = ""
        if record.hung:
            return HUNG
        trace = record.trace(self.top, "cxxrtl")
        result = scoreboard.compare(self.top.spec, part.stimulus, trace, list(segments))
        if not result.ok:
            self._why = result.problems[0]
            return result.kinds[0]
        for kind, text in part.pace(self.top.spec, part.stimulus, trace):
            self._why = text
            return kind
        return ""


def _same(a: Record, b: Record) -> bool:
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name))
        for f in fields(Record)
        if not f.name.endswith("seconds")
    )


def run(
    bench: Bench, mutants: Sequence[Mutant], progress: Callable[[int, int], None] | None = None
) -> list[Verdict]:
    """The verdicts on mutants, in their order."""
    verdicts = []
    for done, mutant in enumerate(mutants, 1):
        verdicts.append(bench.judge(mutant))
        if progress:
            progress(done, len(mutants))
    return verdicts
