"""One simulated run of a core, held against the exact result, and its figures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadacast.cli import available
from hadacast.core.top import AxiTop
from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.sim import SIMULATORS, Stimulus, compare
from hadacast.sim import simulate as run_simulator
from hadacast.sim.trace import Trace
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import Fwht
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.rotate import Rotate
from hadacast.spec.stage import Stage
from hadacast.synth.gates import Gates

# Amaranth's simulator interprets: a fixed cost for a cycle, one for each butterfly, adder or multiplier of a
# matrix in it, and one for each lane of any other stage.
CYCLE_SECONDS = 0.4e-3
BUTTERFLY_SECONDS = 15e-6
LANE_SECONDS = 100e-6
BUDGET_SECONDS = 60
COMPILE_SECONDS = 12  # what a compiled simulator takes before its first cycle, at the least

COMPILED = ("cxxrtl", "verilator")
"""Compiled simulators, the sooner started first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation:
    """What a run showed.

    Attributes
    ----------
    simulator: its name. gaps, stalls, seed: of the stimulus.
    frames, samples: sent and compared. cycles: simulated.
    latency_cycles: from the first beat taken to the first beat offered; None if nothing came out.
    latency_stated: what the pipeline says, which holds for a stream without gaps and stalls.
    beats_per_cycle: the sustained rate: beats of elements in a frame over the cycles that a frame takes, from
        the end of the first frame of results to the end of the last; of one frame alone, its output beats
        after the first over the cycles between them. It is 1 for a core that never idles while input waits.
    mismatches: wrong samples and flags, missing and surplus beats.
    problems: everything wrong, one text each, the most important first.
    seconds, build_seconds: wall time of the run, and of what came before it.
    outputs: (frames, N) results, or packed bytes, or None where not every beat came out.
    """

    simulator: str
    gaps: float
    stalls: float
    seed: int
    frames: int
    samples: int
    cycles: int
    latency_cycles: int | None
    latency_stated: int
    beats_per_cycle: float
    mismatches: int
    problems: tuple[str, ...]
    seconds: float
    build_seconds: float
    outputs: Ints | None

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.problems

    @property
    def samples_per_second(self) -> float:
        """Elements simulated per second of wall time."""
        return self.samples / self.seconds if self.seconds > 0 else 0.0

    @property
    def cycles_per_second(self) -> float:
        """Cycles simulated per second of wall time."""
        return self.cycles / self.seconds if self.seconds > 0 else 0.0

    @property
    def verdict(self) -> str:
        """One line."""
        if self.ok:
            return f"0 mismatches in {self.samples:,} samples"
        if self.mismatches:
            return f"{self.mismatches:,} mismatches in {self.samples:,} samples; first: {self.problems[0]}"
        return f"{len(self.problems)} problems; first: {self.problems[0]}"

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "outputs"}
        return {
            "ok": self.ok,
            **shown,
            "problems": list(self.problems),
            "samples_per_second": round(self.samples_per_second, 1),
            "cycles_per_second": round(self.cycles_per_second, 1),
        }


def run(
    spec: Pipeline,
    frames: Ints,
    *,
    simulator: str = "amaranth",
    gaps: float = 0.0,
    stalls: float = 0.0,
    seed: int = 0,
    waves: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    netlist: Gates | None = None,
) -> Simulation:
    """Send (frames, N) codes through the core on a simulator, or through a netlist of it, and compare.

    Without gaps and stalls the latency must be the stated one and the rate one beat per cycle:
    anything else is a problem too. Raises HadacastError as `hadacast.sim.simulate` does, and for a core with
    ports beside its two streams.
    """
    refuse(spec)
    travelling = spec.abreast(frames).reshape(-1, spec.in_beats * spec.in_lanes)
    stimulus = Stimulus.frames(travelling, spec.in_lanes, gap_rate=gaps, stall_rate=stalls, seed=seed)
    if netlist:
        from hadacast.sim import run_gates

        stimulus = stimulus.reset_first()
        trace = run_gates.run(
            netlist, AxiTop(spec), stimulus, simulator=simulator, seed=seed, progress=progress
        )
    else:
        trace = run_simulator(AxiTop(spec), stimulus, simulator, waves=waves, progress=progress)
    comparison = compare(spec, stimulus, trace)
    problems = [*comparison.problems]
    rate = _rate(spec, trace)
    if not gaps and not stalls and trace.beats:
        if trace.latency != spec.latency:
            problems.append(f"the latency is {trace.latency} cycles; {spec.latency} is stated")
        if rate != 1:
            problems.append(f"the core sustains {rate:.6g} beats per cycle; 1 is right")
    complete = trace.beats * spec.copies == len(frames) * spec.out_beats
    return Simulation(
        simulator=simulator,
        gaps=gaps,
        stalls=stalls,
        seed=seed,
        frames=len(frames),
        samples=comparison.samples,
        cycles=trace.cycles,
        latency_cycles=trace.latency,
        latency_stated=spec.latency,
        beats_per_cycle=rate,
        mismatches=comparison.mismatches,
        problems=tuple(problems),
        seconds=round(trace.seconds, 4),
        build_seconds=round(trace.build_seconds, 4),
        outputs=spec.apart(trace.data) if complete else None,
    )


def refuse(spec: Pipeline) -> None:
    """Raises HadacastError for a core with data ports beside its two streams."""
    if spec.scales is not None:
        raise HadacastError("layout is 'stream': a simulation takes one stream; take beside, ahead or behind")
    if spec.random_bits:
        raise HadacastError("random is 'port': nothing in a simulation drives it; take xorshift32")


def _rate(spec: Pipeline, trace: Trace) -> float:
    ends = trace.cycle[spec.out_beats - 1 :: spec.out_beats]
    if len(ends) > 1:
        # A packed side has other beats than the elements, and no more of them.
        return (len(ends) - 1) * spec.beats / float(ends[-1] - ends[0])
    return trace.beats_per_cycle if spec.out_beats == spec.beats else 1.0


def fastest(spec: Pipeline, frames: int) -> str:
    """The simulator that has the results of so many frames soonest, of those that can run here: Amaranth's
    own where it is done before another one is compiled, or where there is no other."""
    if frames <= (affordable_frames(spec, "amaranth", COMPILE_SECONDS) or 0):
        return "amaranth"
    return next((name for name in COMPILED if not available.why_not(name)), "amaranth")


def affordable_frames(spec: Pipeline, simulator: str, budget: float | None = None) -> int | None:
    """How many frames Amaranth's simulator does in about a minute, or in `budget` seconds, at least 1; None:
    no limit.

    An estimate from the recipe alone, so that the same recipe gives the same figures everywhere.
    """
    if simulator != "amaranth":
        return None
    others = sum(stage.lanes for stage in spec.stages if not isinstance(stage, Fwht | Cast))
    units = sum(stage.lanes * _units(stage) for stage in spec.stages)
    seconds = CYCLE_SECONDS + (BUTTERFLY_SECONDS * units + LANE_SECONDS * others) * spec.copies
    cycles = (budget or BUDGET_SECONDS) / seconds
    return max(1, int((cycles - 2 * spec.latency) / max(spec.in_beats, spec.out_beats))) * spec.copies


def _units(stage: Stage) -> int:
    """Butterflies, adders or multipliers for each lane."""
    if isinstance(stage, Fwht):
        return stage.stages
    if isinstance(stage, Hadamard):
        return stage.plan.adders
    return stage.order if isinstance(stage, Rotate) else 0


def waves_suffix(simulator: str) -> str:
    """Suffix of the waveform files that a simulator writes."""
    return SIMULATORS[simulator].waves
