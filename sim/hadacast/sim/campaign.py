"""Stimuli that try to break any core: extreme frames, gaps, stalls, resets, and frames of a wrong length."""

import numpy as np

from hadacast.format import Ints
from hadacast.minifloat import Minifloat
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.pipeline import Pipeline


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


def scaled(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of values over many scales: of zeros, of small numbers, and of those with one huge outlier.

    What a quantizer does with a frame hangs on its largest magnitude, which is about the same in all uniform
    ones. For floating-point input, exponents of a frame lie close to one that is anywhere.
    """
    n = spec.in_beats * spec.in_lanes
    if isinstance(spec.input, Minifloat):
        return _floats(spec.input, count, n, rng)
    low, high, width = spec.input.min, spec.input.max, spec.input.width
    few = rng.integers(-3, 4, (count, n)) << rng.integers(0, max(width - 3, 1), (count, 1))
    sized = rng.integers(low, high + 1, (count, n)) >> rng.integers(0, width, (count, 1))
    outlier = few.copy()
    outlier[np.arange(count), rng.integers(0, n, count)] = rng.choice([low, high], count)
    return np.clip(np.concatenate([np.zeros((2, n), dtype=np.int64), few, sized, outlier]), low, high)


def _floats(format_: Minifloat, count: int, n: int, rng: np.random.Generator) -> Ints:
    mantissa = format_.mantissa
    top = 1 << format_.exponent
    center = rng.integers(0, top, (count, 1))
    exponent = np.clip(center + rng.integers(-4, 5, (count, n)), 0, top - 2)
    codes = exponent << mantissa | rng.integers(0, 1 << mantissa, (count, n))
    if format_.sign:
        codes |= rng.integers(0, 2, (count, n)) << (format_.width - 1)
    return np.concatenate([np.zeros((2, n), dtype=np.int64), codes])


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
