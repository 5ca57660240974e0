"""Stimuli that try to break a core, and the configurations they are tried on."""

from dataclasses import dataclass

import numpy as np

from hadacast.format import Format, Ints
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


@dataclass(frozen=True)
class Config:
    """One configuration of the transform: N, P, input width, and how it is built."""

    frame: int
    lanes: int
    width: int
    storage: str = "auto"
    registers: int = 1
    span: int = 8
    signed: bool = True

    def __str__(self) -> str:
        sign = "s" if self.signed else "u"
        return f"n{self.frame}-p{self.lanes}-{sign}{self.width}-{self.storage}-r{self.registers}-s{self.span}"

    @property
    def pipeline(self) -> Pipeline:
        fwht = Fwht(
            frame=self.frame,
            lanes=self.lanes,
            input=Format(width=self.width, signed=self.signed),
            storage=self.storage,
            registers=self.registers,
            stall_span=self.span,
        )
        cast = Cast(frame=self.frame, lanes=self.lanes, input=fwht.output)
        return Pipeline(name="core", stages=(fwht, cast))


# Sizes, lanes, widths and storage from end to end, each dimension with its extremes.
CONFIGS = [
    *(Config(2, p, w) for p, w in ((1, 1), (2, 16), (1, 32))),
    *(Config(4, p, w) for p, w in ((1, 8), (2, 2), (4, 16))),
    Config(8, 1, 5, signed=False),
    Config(8, 2, 16, registers=0),
    Config(8, 8, 12, registers=2),
    Config(16, 1, 16, storage="bram"),
    Config(16, 2, 16, storage="lutram"),
    Config(16, 4, 16),
    Config(16, 16, 8, span=1),
    Config(32, 1, 1, signed=False),
    Config(32, 2, 12, storage="ff"),
    Config(32, 4, 8, registers=2, span=2),
    Config(32, 32, 16, registers=0),
    Config(64, 1, 8, storage="bram", span=3),
    Config(64, 2, 24, storage="lutram", registers=2),
    Config(64, 4, 16),
    Config(64, 4, 16, storage="ff"),
    Config(64, 8, 16, span=1),
    Config(64, 16, 4, signed=False, storage="lutram"),
    Config(128, 1, 32),
    Config(128, 2, 16, registers=0, storage="bram"),
    Config(128, 4, 16),
    Config(128, 8, 16, storage="bram", registers=2),
    Config(128, 16, 8, span=2, registers=0),
    Config(256, 1, 16, storage="ff"),
    Config(256, 2, 8, storage="lutram", span=1, registers=0),
    Config(256, 4, 12, signed=False),
    Config(256, 32, 4),
    Config(512, 1, 16, storage="bram"),
    Config(512, 8, 16),
    Config(1024, 1, 16),
    Config(1024, 4, 32, signed=False, registers=2),
    Config(1024, 16, 16, storage="bram"),
    Config(2048, 2, 20, span=4),
    Config(4096, 1, 16, storage="bram", registers=2),
    Config(4096, 8, 8),
    Config(8192, 4, 16, storage="bram", span=2),
    Config(16384, 1, 24, storage="bram"),
    Config(32768, 2, 3, signed=False, storage="bram"),
    Config(65536, 1, 16, storage="bram"),
    Config(65536, 4, 32, storage="bram", registers=2),
]


def frames(spec: Pipeline, samples: int, rng: np.random.Generator) -> Ints:
    """At least `samples` random lanes of input in whole frames, behind the vectors that find the most.

    These are: all basis vectors up to N = 1,024 and 64 of them beyond, at the largest magnitude of
    either sign; frames of the most negative and the most positive code; and the frames of extreme
    codes that reach the largest outputs, the signs of rows of the Hadamard matrix.
    """
    n, low, high = spec.in_beats * spec.in_lanes, spec.input.min, spec.input.max
    which = np.arange(n) if n <= 1024 else np.sort(rng.choice(n, 64, replace=False))
    basis = np.zeros((len(which), n), dtype=np.int64)
    basis[np.arange(len(which)), which] = rng.choice([low or high, high or low], len(which))
    rows = rng.choice(n, min(n, 16), replace=False)
    minus = np.bitwise_count(rows[:, None] & np.arange(n)) & 1 == 1
    extremes = np.concatenate(
        [np.full((1, n), low), np.full((1, n), high), np.where(minus, low, high), np.where(minus, high, low)]
    )
    random = rng.integers(low, high + 1, (max(-(-samples // n), 6), n))
    return np.concatenate([extremes, basis, random])


def stimulus(spec: Pipeline, samples: int, seed: int) -> Stimulus:
    """Frames back to back with random gaps and stalls, some too short or too long, and resets amid frames."""
    rng = np.random.default_rng(seed)
    return disturbed(spec, frames(spec, samples, rng), rng, seed)


def disturbed(spec: Pipeline, x: Ints, rng: np.random.Generator, seed: int) -> Stimulus:
    """The same of the frames `x`, (frames, N)."""
    # Half of the frames come at full rate on both sides, half with gaps and stalls.
    rates = {"gap_rate": rng.choice([0.05, 0.5]), "stall_rate": rng.choice([0.05, 0.5])}
    plan = Stimulus.frames(x, spec.in_lanes, seed=seed, **rates)
    gap, ready = plan.gap.copy(), plan.ready.copy()
    gap[len(gap) // 2 :] = 0
    ready[len(ready) // 2 :] = True
    plan = Stimulus(plan.data, plan.last, gap, ready)

    chosen = rng.choice(len(x), max(8, len(x) // 40), replace=False)
    half = len(chosen) // 2
    longer = {int(f): int(rng.integers(1, 2 * spec.in_beats + 2)) for f in chosen[:half]}
    shorter = {int(f): -int(rng.integers(1, spec.in_beats)) for f in chosen[half:] if spec.in_beats > 1}
    plan = plan.resize(longer | shorter).lose_last(rng.choice(len(x), 1))
    resets = np.unique(rng.choice(plan.beats, 4, replace=False))
    return plan.with_resets(*(int(beat) for beat in resets))
