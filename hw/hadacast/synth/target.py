"""The cheapest registers with which a pipeline reaches a clock, found by measurement.

What a register more does to a clock can't be told before place and route, which takes minutes. So trials
go from the cheapest up, by the cells that Yosys counts, and end with the first that does; each is placed with
one seed first, and with the others only if that one came near. A stage is tried if the slowest path runs
through it: registers elsewhere can't help.

The clock of a trial is the median over the seeds, as wherever hadacast states one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hadacast.errors import HadacastError
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.ooc import SynthResult
from hadacast.synth.timing import Path
from hadacast.synth.variants import Variant, choices, variants
from hadacast.tools import process

# With a first seed below this part of the target no other seed is tried. Of 36 placements in
# docs/figures.json one lies further than that below the median of its seeds.
NEAR = 0.85
MAX_TARGET = 2000.0  # MHz

MEETS, MISSES, RULED_OUT, FAILED = "meets", "misses", "ruled out", "failed"


class Measure(Protocol):
    """How variants are measured; all raise HadacastError as `synthesize` does."""

    def circuit(self, variant: Variant) -> str:
        """A text that is the same for variants with the same circuit."""

    def estimate(self, variant: Variant) -> int:
        """Logic cells before place and route, quickly."""

    def place(self, variant: Variant, seeds: Sequence[int]) -> SynthResult:
        """Place and route. What was placed before with a seed isn't placed again."""


@dataclass
class Trial:
    """One variant, and what is known of it.

    Attributes:
        variant: the settings.
        estimate: logic cells by Yosys's count; None where nobody asked.
        result: what place and route made of it, with one seed or all; None if that didn't come so far.
        verdict: MEETS or MISSES by the median over all seeds; RULED_OUT by the first seed alone; FAILED.
        error: why it failed.
    """

    variant: Variant
    estimate: int | None = None
    result: SynthResult | None = None
    verdict: str = ""
    error: str = ""

    @property
    def latency(self) -> int:
        """Cycles from the first beat in to the first beat out."""
        return self.variant.spec.latency

    @property
    def clock(self) -> float:
        """Median in MHz over the seeds it was placed with; endless where no path joins two registers."""
        if self.result is None:
            return 0.0
        return float("inf") if self.result.median_fmax is None else self.result.median_fmax

    def failed(self, error: HadacastError) -> None:
        """Note why. A log that the message names may be gone before it is read."""
        self.verdict, self.error = FAILED, str(error).partition(" (log: ")[0]

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        placed = self.result
        return {
            "settings": list(self.variant.overrides),
            "latency": self.latency,
            "estimate": self.estimate,
            "logic_cells": placed.logic_cells if placed else None,
            "ff": placed.roles["ff"] if placed else None,
            "seeds": list(placed.seeds) if placed else [],
            "fmax": {str(seed): value for seed, value in placed.fmax.items()} if placed else {},
            "median_fmax": placed.median_fmax if placed else None,
            "verdict": self.verdict,
            "error": self.error,
        }


@dataclass
class Search:
    """A search for the cheapest variant that reaches a clock.

    Attributes:
        target: MHz.
        seeds: the placer's; the median over them must reach the target.
        measure: how.
        held: (stage, member) pairs that stay as they are.
        news: told one line at each step.
        trials: what was tried, in order; the first is the pipeline as it was given.
        why: what ended the search; empty where the target is met.
    """

    target: float
    seeds: Sequence[int]
    measure: Measure
    held: Collection[tuple[int, str]] = ()
    news: process.Progress = process.silent
    trials: list[Trial] = field(default_factory=list)
    why: str = ""

    def run(self, spec: Pipeline) -> Trial:
        """The cheapest trial that meets the target; where none does, the fastest over all seeds, whose
        verdict then is MISSES and `why` says more.

        Raises HadacastError where the pipeline as it is can't be measured, or for a bad target.
        """
        check(self.target)
        best = Trial(Variant(spec))
        self.trials.append(best)
        self._place(best, self.seeds)
        done: set[int] = set()
        while best.verdict != MEETS:
            stage = self._stage(best, done)
            if stage is None:
                break
            done.add(stage)
            best = self._round(best, stage)
        return best

    def _round(self, start: Trial, stage: int) -> Trial:
        """Try what one stage offers, the cheapest first, up to the first that meets the target."""
        found: list[Trial] = []
        circuits = {self.measure.circuit(trial.variant) for trial in self.trials}
        for variant in variants(start.variant, stage, self.held):
            circuit = self.measure.circuit(variant)
            if circuit in circuits:  # as where a stall span is longer than the transform anyway
                continue
            circuits.add(circuit)
            trial = Trial(variant)
            found.append(trial)
            try:
                trial.estimate = self.measure.estimate(trial.variant)
            except HadacastError as error:
                trial.failed(error)
        for trial in sorted(found, key=lambda t: (t.estimate or 0, t.latency)):
            self.trials.append(trial)
            if not trial.verdict:
                self._try(trial)
            if trial.verdict == MEETS:
                return trial
        return self._fastest()

    def _try(self, trial: Trial) -> None:
        """One seed, and the others if it comes near."""
        try:
            self._place(trial, self.seeds[:1])
            if len(self.seeds) == 1:
                return
            if trial.clock < NEAR * self.target:
                trial.verdict = RULED_OUT
            else:
                self._place(trial, self.seeds)
        except HadacastError as error:
            trial.failed(error)

    def _place(self, trial: Trial, seeds: Sequence[int]) -> None:
        trial.result = self.measure.place(trial.variant, seeds)
        trial.verdict = MEETS if trial.clock >= self.target else MISSES
        seeds_ = "1 seed" if len(seeds) == 1 else f"{len(seeds)} seeds"
        cells = f"{trial.result.logic_cells:,} logic cells"
        self.news(f"{trial.variant.label}: {trial.clock:g} MHz by {seeds_}, {cells}")

    def _fastest(self) -> Trial:
        """The fastest trial over all seeds. The fastest that one seed ruled out gets its others too, if that
        seed leaves it a chance."""
        placed = [trial for trial in self.trials if trial.verdict in (MEETS, MISSES)]
        best = max(placed, key=lambda t: t.clock)
        ruled_out = [trial for trial in self.trials if trial.verdict == RULED_OUT]
        hope = max(ruled_out, key=lambda t: t.clock, default=best)
        if hope is best or hope.clock < NEAR * best.clock:
            return best
        try:
            self._place(hope, self.seeds)
        except HadacastError as error:
            hope.failed(error)
            return best
        return max(best, hope, key=lambda t: t.clock)

    def _stage(self, trial: Trial, done: Collection[int]) -> int | None:
        """A stage worth a trial: the slowest path runs through it, and it has registers to offer."""
        assert trial.result is not None
        spec, path = trial.variant.spec, trial.result.critical_path
        offering = [i for i in range(len(spec.stages)) if choices(spec, i, self.held)]
        through = [] if path is None else stages_of(path, spec)
        names = " and ".join(f"stage {i}, {spec.stages[i].kind}," for i in through)
        if path is not None and not through and not inside(path):
            through = offering  # names that synthesis made up tell nothing
            names = "the stages"
        for index in through:
            if index in offering and index not in done:
                return index
        if set(through) & set(done):
            self.why = f"all that {names} can add was tried"
        elif through:
            self.why = f"the slowest path runs through {names} with no registers to add"
        else:
            self.why = "the slowest path runs through no stage that has registers to add"
        return None


def check(target: float) -> None:
    """Raise HadacastError unless a target clock in MHz is one."""
    if not 0 < target <= MAX_TARGET:
        raise HadacastError(f"fmax is {target:g}: it must be above 0 and at most {MAX_TARGET:,.0f} MHz")


def stages_of(path: Path, spec: Pipeline) -> list[int]:
    """The numbers of the stages that a path runs through, by the names of its cells and nets."""
    words = [path.start, path.end, *(where for _, _, where in path.steps)]
    return [
        index
        for index, stage in enumerate(spec.stages)
        if any(word.startswith(f"core.{stage.kind}_{index}.") for word in words)
    ]


def inside(path: Path) -> bool:
    """Whether both ends of a path are named after a part of the core."""
    return path.start.startswith("core.") and path.end.startswith("core.")
