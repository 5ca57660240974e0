"""Stimuli that try to break any core: extreme frames, gaps, stalls, resets, and frames of a wrong length."""

import numpy as np
from numpy.typing import NDArray

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
    ones. For floating-point input, exponents of a frame lie close to one that is anywhere, or to the largest,
    with signs by which a transform adds up.
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
    exponent = np.clip(_anywhere(top, count, rng)[:, None] + rng.integers(-4, 5, (count, n)), 0, top - 2)
    codes = exponent << mantissa | rng.integers(0, 1 << mantissa, (count, n))
    if format_.sign:
        codes |= rng.integers(0, 2, (count, n)) << (format_.width - 1)
    # Sums beyond the largest exponent: codes more or less close to the largest, with the signs of rows of the
    # Hadamard matrix.
    far = rng.integers(1, 1 << rng.integers(0, mantissa + 3, (count, 1)), (count, n), endpoint=True)
    less = rng.integers(0, 6, (count, 1)) * rng.integers(0, 2, (count, 1)) << mantissa
    loud = np.clip((top - 1 << mantissa) - far - less, 0, None)
    if format_.sign:
        minus = np.bitwise_count(rng.integers(0, n, (count, 1)) & np.arange(n)) & 1
        loud |= (minus ^ rng.integers(0, 2, (count, 1))) << (format_.width - 1)
    return np.concatenate([np.zeros((2, n), dtype=np.int64), codes, loud])


def _anywhere(top: int, count: int, rng: np.random.Generator) -> Ints:
    """Numbers below `top`, a third of them close to either end: exponents, and what clips there."""
    near = rng.integers(0, min(top, 12), count)
    choices = [rng.integers(0, top, count), near, top - 1 - near]
    return np.asarray(np.choose(rng.choice(3, count, p=(2 / 3, 1 / 6, 1 / 6)), choices))


STEPS = (1, 3, 5, 6, 7, 8, 12, 14, 15, 24)
"""Small numbers of which ratios lie where codes of integers and of small floating-point numbers meet."""


def simple(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of small multiples of one number each, and frames whose Hadamard transform is such a frame.

    So ratios to the largest magnitude, or to the range, are simple fractions, behind a transform too:
    quotients come out even, and rounding finds ties."""
    few = _few(spec, count, rng)
    return _times(spec, np.concatenate([few, *_turned(spec, few)]), rng)[0]


def uneven(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """As `simple`, with one half of each frame, every second, or every other 2^k, larger than the rest; also
    behind a Hadamard transform. So a quantizer's groups have scales of their own.

    Last come frames of a pair of equal magnitudes and small numbers: where the pair's places differ in one
    bit, half of a spectrum is of the small ones alone, however small they are."""
    few = _few(spec, count, rng)
    count, n = few.shape
    half = np.arange(n) >> rng.integers(0, max(n.bit_length() - 1, 1), (count, 1)) & 1
    few <<= (half ^ rng.integers(0, 2, (count, 1))) * rng.integers(1, 6, (count, 1))
    pairs = rng.integers(-3, 4, (count, n)) << rng.integers(0, 3, (count, n))
    first, bit = rng.integers(0, n, count), 1 << rng.integers(0, max(n.bit_length() - 1, 1), count)
    large = 1 << rng.integers(2, min(spec.input.width, 16) - 1, count) if spec.input.width > 4 else 4
    pairs[np.arange(count), first] = large
    pairs[np.arange(count), (first ^ bit) % n] = rng.choice([-1, 1], count) * large
    return _times(spec, np.concatenate([few, *_turned(spec, few), pairs]), rng)[0]


def _few(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of small integers, one of them the largest of its frame."""
    n = spec.in_beats * spec.in_lanes
    steps = rng.choice(STEPS, (count, 1))
    few = rng.integers(-steps, steps + 1, (count, n))
    few[np.arange(count), rng.integers(0, n, count)] = rng.choice([-1, 1], count) * steps[:, 0]
    return few


def _turned(spec: Pipeline, x: Ints) -> list[Ints]:
    """The Hadamard transforms of frames, where there is one and the input can hold them."""
    count, n = x.shape
    negative = spec.input.sign if isinstance(spec.input, Minifloat) else spec.input.signed
    if n & (n - 1) or not negative:
        return []
    for bit in range(n.bit_length() - 1):
        half = x.reshape(count, -1, 2, 1 << bit)
        x = np.stack([half[:, :, 0] + half[:, :, 1], half[:, :, 0] - half[:, :, 1]], 2).reshape(count, n)
    return [x]


def nudged(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Frames of one to three elements of simple ratios, and beside them some of the smallest there are.

    So sums lie a last bit beside where rounding turns, or of floating-point input less than a last bit."""
    n = spec.in_beats * spec.in_lanes
    steps = rng.choice(STEPS, (count, 1))
    place = rng.permuted(np.tile(np.arange(n), (count, 1)), axis=1)
    large = rng.integers(-steps, steps + 1, (count, n))
    large[place >= rng.integers(1, 4, (count, 1))] = 0
    large[place == 0] = steps[:, 0]
    codes, power = _times(spec, large, rng)
    rest = (place >= 3) & (place < 3 + rng.integers(0, 5, (count, 1)))
    if isinstance(spec.input, Minifloat):
        tiny = np.ldexp(rng.integers(-255, 256, (count, n)), power - rng.integers(0, 24, (count, n)))
        return np.where(rest, _encoded(spec.input, tiny), codes)
    tiny = rng.integers(-2, 3, (count, n))
    return np.clip(np.where(rest, tiny, codes), spec.input.min, spec.input.max)


def _times(spec: Pipeline, x: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Frames of small integers, each times another number, as codes; of floating-point input that number is
    a power of two, the second result (frames, 1)."""
    count = len(x)
    if isinstance(spec.input, Minifloat):
        format_ = spec.input
        power = format_.unit + format_.mantissa + _anywhere((1 << format_.exponent) - 1, count, rng)[:, None]
        power = power - np.ceil(np.log2(np.abs(x).max(axis=1, keepdims=True).clip(1))).astype(np.int64) // 2
        return _encoded(format_, np.ldexp(x, power)), power
    low, high = spec.input.min, spec.input.max
    most = np.abs(x).max(axis=1, keepdims=True).clip(1)
    times = 1 + rng.integers(0, np.maximum(high // most, 1))
    return np.clip(x * times, low, high), times


def _encoded(format_: Minifloat, values: NDArray[np.float64]) -> Ints:
    return format_.encode(values if format_.sign else np.abs(values))


def coarse(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Random frames whose low bits are 0, from all of them to none: sums are often round numbers, such as
    powers of two, where carries are long."""
    x = rng.integers(spec.input.min, spec.input.max + 1, (count, spec.in_beats * spec.in_lanes))
    low = rng.integers(0, spec.input.width, (count, 1))
    return x >> low << low


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


def paused(spec: Pipeline, x: Ints, rng: np.random.Generator) -> Stimulus:
    """The frames `x`, (frames, N), some of them too short, and pauses between frames in which the rest of a
    short one can be made up."""
    plan = Stimulus.frames(x, spec.in_lanes)
    if spec.in_beats > 1:
        chosen = rng.choice(len(x), max(4, len(x) // 4), replace=False)
        plan = plan.resize({int(f): -int(rng.integers(1, spec.in_beats)) for f in chosen})
    first = np.flatnonzero(plan.last)[:-1] + 1
    gap = plan.gap.copy()
    gap[first] = rng.integers(0, 3, len(first)) * 2 * spec.in_beats
    return Stimulus(plan.data, plan.last, gap, plan.ready)
