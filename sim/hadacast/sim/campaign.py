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


def simple(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of small multiples of one number each, and frames whose Hadamard transform is such a frame.

    So ratios to the largest magnitude, or to the range, are simple fractions, behind a transform too:
    quotients come out even, and rounding finds ties. Of floating-point input, multiples are of a few
    mantissas."""
    n = spec.in_beats * spec.in_lanes
    steps = rng.choice([1, 3, 7, 8, 14, 15], (count, 1))
    few = rng.integers(-steps, steps + 1, (count, n))
    few[np.arange(count), rng.integers(0, n, count)] = rng.choice([-1, 1], count) * steps[:, 0]
    if isinstance(spec.input, Minifloat):
        sign = (few < 0) & spec.input.sign
        middle = rng.integers(1, (1 << spec.input.exponent) - 1, (count, 1))
        tops = few & ((1 << min(3, spec.input.mantissa)) - 1)
        codes = middle << spec.input.mantissa | tops << max(spec.input.mantissa - 3, 0)
        return np.asarray(np.where(few, codes | sign * spec.input.sign_bit, 0))
    low, high = spec.input.min, spec.input.max
    found = [few * rng.integers(1, high // int(steps.max()) + 2, (count, 1))]
    if n & (n - 1) == 0 and spec.input.signed:
        turned = few
        for bit in range(n.bit_length() - 1):
            half = turned.reshape(count, -1, 2, 1 << bit)
            turned = np.stack([half[:, :, 0] + half[:, :, 1], half[:, :, 0] - half[:, :, 1]], 2)
            turned = turned.reshape(count, n)
        most = np.abs(turned).max(axis=1, keepdims=True).clip(1)
        found.append(turned * (1 + rng.integers(0, np.maximum(high // most, 1))))
    return np.clip(np.concatenate(found), low, high)


def sparse(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of one element that isn't zero, its codes from end to end of the input's range, then of two.

    Behind a transform all magnitudes of the first are equal, and so the largest magnitude, and with it what
    is looked up for it, takes each value there is, or `count` of them; the second have v + w and v - w.
    """
    n, low, high = spec.in_beats * spec.in_lanes, spec.input.min, spec.input.max
    count = min(count, high - low + 1)
    codes = low + (np.arange(count) * (high - low + 1) + rng.integers(0, high - low + 1)) // count
    found = np.zeros((2 * count, n), dtype=np.int64)
    found[np.arange(2 * count), rng.integers(0, n, 2 * count)] = rng.integers(low, high + 1, 2 * count)
    found[:count] = 0
    found[np.arange(count), rng.integers(0, n, count)] = low + (codes - low) % (high - low + 1)
    found[np.arange(count, 2 * count), rng.integers(0, n, count)] = rng.permutation(found[:count].sum(axis=1))
    return found


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
