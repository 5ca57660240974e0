"""Soaking: batches of random frames through Verilator, for as long as one likes, each held against the exact
result.

A batch is decided by a plan and its number alone, so that any of them can be run again. It wakes the core in
a random state, resets it, and sends frames of several kinds under gaps and stalls whose rates change on the
way, with frames too long and too short and some resets among them.
"""

from __future__ import annotations

import ctypes
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from hadacast import checks
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.sim import compiled, verilated, verilator
from hadacast.sim.cycle import Job, Progress
from hadacast.sim.scoreboard import compare
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.pipeline import Pipeline

BATCH = 1 << 20
SECTIONS = 8
RATES = (0.0, 0.0, 0.1, 0.3, 0.6)
"""Gaps and stalls of a section where the plan doesn't say."""
BURSTS = (1, 2, 8, 40)
"""Cycles that a stall lasts, in the mean."""
BROKEN = 0.005
"""Share of frames that are too long or too short."""
RESETS = 4

KINDS = {"uniform": 0.4, "heavy": 0.2, "small": 0.15, "extreme": 0.15, "outlier": 0.07, "constant": 0.03}
"""Kinds of frames and their shares."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all batches have in common.

    seed: of all that is random. batch: elements in a batch, about. gap_rate, stall_rate: the share of cycles
    in which the sender idles and the receiver stalls, from 0 to below 1; None: another one in every section.

    Raises HadacastError for values out of range.
    """

    seed: int = 0
    batch: int = BATCH
    gap_rate: float | None = None
    stall_rate: float | None = None

    def __post_init__(self) -> None:
        checks.integer("seed", self.seed, 0, 1 << 31)
        checks.integer("batch", self.batch, 1, 1 << 26)
        for name in ("gap_rate", "stall_rate"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1:
                raise HadacastError(f"{name} is {value}: it must be from 0 up to, but not including, 1")

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a batch showed.

    samples: elements sent whose results were compared. cycles, seconds: simulated, and in the simulator.
    frames, dropped: good frames sent, and broken ones. resets: amid frames, the first one included.
    problems: everything wrong, one text each; empty when right.
    """

    number: int
    samples: int
    cycles: int
    frames: int
    dropped: int
    resets: int
    mismatches: int
    seconds: float
    problems: tuple[str, ...]


def refuse(spec: Pipeline) -> None:
    """Raises HadacastError for a core with data ports beside its two streams, which nothing here drives."""
    if spec.scales is not None:
        raise HadacastError("layout is 'stream': a soak compares one stream; take beside, ahead or behind")
    if spec.random_bits:
        raise HadacastError("random is 'port': nothing in a soak drives it; take xorshift32")


def verilog(spec: Pipeline) -> str:
    """The Verilog of a core as `hadacast generate` writes it, its registers without initial values."""
    return verilated.without_initials(to_verilog(AxiTop(spec)))


def library(spec: Pipeline, text: str) -> str:
    """The path of the simulator of a core, whose Verilog is `text`; built if need be (half a minute)."""
    return str(verilated.build(text, module_name(spec), verilated.tied(spec)))


def simulator() -> str:
    """Which Verilator it is."""
    return verilator.name()


def identity(spec: Pipeline, plan: Plan, text: str) -> list[str]:
    """Texts of which one is another where the outcome of a batch may be."""
    return [text, repr(spec), repr(plan), compiled.source("verilator_model.cc"), repr((KINDS, RATES, BURSTS))]


def frames(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """(count, elements) codes, frames of each of KINDS."""
    size, low, high = spec.in_beats * spec.in_lanes, spec.input.min, spec.input.max
    x = rng.integers(low, high, (count, size), endpoint=True)
    which = rng.choice(len(KINDS), count, p=list(KINDS.values()))
    rows = {name: np.flatnonzero(which == number) for number, name in enumerate(KINDS)}

    def shape(name: str) -> tuple[int, int]:
        return len(rows[name]), size

    def scale(name: str, most: float) -> Any:
        return np.exp2(rng.uniform(0, most, (len(rows[name]), 1)))

    bits = float(np.log2(max(high, -low, 2)))
    found = rng.standard_cauchy(shape("heavy")) * scale("heavy", bits)
    x[rows["heavy"]] = np.rint(np.clip(found, low, high))
    for name in ("small", "outlier"):
        x[rows[name]] = np.clip(
            np.rint(rng.uniform(-1, 1, shape(name)) * scale(name, min(bits, 5))), low, high
        )
    x[rows["outlier"], rng.integers(0, size, len(rows["outlier"]))] = rng.choice(
        [low, high], len(rows["outlier"])
    )
    # Signs at random, and one frame in four of a single sign: sums of the largest size.
    signs = rng.integers(0, 2, shape("extreme"))
    signs[::4] = signs[::4, :1]
    x[rows["extreme"]] = np.where(signs == 1, high, low)
    same = rng.choice([0, 0, low, high, low // 2], (len(rows["constant"]), 1))
    x[rows["constant"]] = np.clip(same, low, high)
    return x


def stimulus(spec: Pipeline, plan: Plan, number: int) -> Stimulus:
    """What batch `number` sends. The core is reset first, since it wakes in any state."""
    rng = np.random.default_rng([plan.seed, number])
    count = max(2, -(-plan.batch // (spec.frame * spec.copies)))
    beats = count * spec.in_beats
    last = np.zeros((count, spec.in_beats), dtype=np.bool_)
    last[:, -1] = True
    gap = np.zeros(beats, dtype=np.int64)
    for section in np.array_split(np.arange(beats), SECTIONS):
        rate = rng.choice(RATES) if plan.gap_rate is None else plan.gap_rate
        if rate and len(section):
            gap[section[0] : section[-1] + 1] = rng.geometric(1 - rate, len(section)) - 1
    if plan.gap_rate != 0:
        # Now and then the core runs dry.
        gap[rng.integers(0, beats, 4)] = spec.latency + rng.integers(0, spec.latency + 8, 4)
    sent = Stimulus(
        frames(spec, count, rng).reshape(beats, spec.in_lanes),
        last.ravel(),
        gap,
        _ready(spec, plan, beats, rng),
    )
    chosen = rng.choice(count, min(count // 2, 4 + int(BROKEN * count)), replace=False).tolist()
    half = len(chosen) // 2 if spec.in_beats > 1 else len(chosen)
    longer = {frame: int(rng.integers(1, 2 * spec.in_beats + 2)) for frame in chosen[:half]}
    shorter = {frame: -int(rng.integers(1, spec.in_beats)) for frame in chosen[half:]}
    sent = sent.resize(longer | shorter).lose_last(rng.choice(count, 1).tolist())
    sent.gap[0] = 0  # the reset comes in the first cycle
    resets = {0, *rng.integers(0, sent.beats, RESETS - 1).tolist()}
    return sent.with_resets(*sorted(resets))


def _ready(spec: Pipeline, plan: Plan, beats: int, rng: np.random.Generator) -> Any:
    """TREADY by cycle: stalls of some length and the cycles between them, and one long stall."""
    parts = []
    for _ in range(SECTIONS):
        cycles = -(-3 * beats // (2 * SECTIONS)) + 16
        rate = float(rng.choice(RATES)) if plan.stall_rate is None else plan.stall_rate
        if not rate:
            parts.append(np.ones(cycles, dtype=np.bool_))
            continue
        off = max(float(rng.choice(BURSTS)), rate / (1 - rate))
        on = off * (1 - rate) / rate
        runs = 2 * int(cycles / (off + on) + 4)
        lengths = np.empty(runs, dtype=np.int64)
        lengths[::2] = rng.geometric(1 / on, runs // 2)
        lengths[1::2] = rng.geometric(1 / off, runs // 2)
        parts.append(np.repeat(np.arange(runs) % 2 == 0, lengths))
    if plan.stall_rate != 0:
        # A core whose valid waits for ready has to show it.
        parts.insert(
            int(rng.integers(0, SECTIONS)), np.zeros(4 * spec.out_beats + spec.latency + 64, np.bool_)
        )
    parts.append(np.ones(1, dtype=np.bool_))
    return np.concatenate(parts)


def run(
    spec: Pipeline,
    plan: Plan,
    number: int,
    model: ctypes.CDLL,
    progress: Progress | None = None,
) -> Outcome:
    """Run one batch on a loaded `library`. A hung core is a problem too."""
    sent = stimulus(spec, plan, number)
    top = SimpleNamespace(spec=spec)  # ports are all that matters
    record = compiled.run(
        model, Job.of(top, sent), seed=(plan.seed * 1_000_003 + number) % (1 << 31), progress=progress
    )
    cycles, seconds = record.cycles, record.seconds
    try:
        result = compare(spec, sent, record.trace(top, "verilator"))
    except HadacastError as hung:
        none = dict.fromkeys(("samples", "frames", "dropped", "resets", "mismatches"), 0)
        return Outcome(number=number, cycles=cycles, seconds=seconds, problems=(str(hung),), **none)
    return Outcome(
        number=number,
        samples=result.samples // spec.out_lanes * spec.copies * spec.frame // spec.out_beats,
        cycles=cycles,
        frames=result.frames * spec.copies,
        dropped=result.dropped,
        resets=len(sent.resets),
        mismatches=result.mismatches,
        seconds=seconds,
        problems=result.problems,
    )
