"""The benches find nearly all faults of a small core; what they don't find is proved equal to it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.core.top import AxiTop
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.minifloat import Minifloat
from hadacast.mutate.equal import EQUAL, Proofs
from hadacast.mutate.mutants import mutate
from hadacast.recipe import load
from hadacast.sim import campaign, mutation, pace
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


@pytest.fixture(scope="module")
def top():
    stage = Fwht(frame=8, lanes=2, input=Format(width=4, signed=True))
    return AxiTop(Pipeline(name="tiny", stages=(stage,)))


@pytest.fixture(scope="module")
def mutated(top):
    return mutate(top, 60, seed=2)


@pytest.fixture(scope="module")
def bench(top, mutated):
    # It passes without a mutant, or this raises.
    return mutation.Bench(top, mutated)


def test_found_or_equal(bench, mutated):
    verdicts = mutation.run(bench, mutated.mutants)
    alive = [verdict.mutant for verdict in verdicts if not verdict.killed]
    assert len(alive) <= 6
    assert {verdict.check for verdict in verdicts} > {"data", "missing"}
    if alive:
        proofs = Proofs(mutated)
        assert {mutant.number: proofs.prove(mutant, 20).verdict for mutant in alive} == {
            mutant.number: EQUAL for mutant in alive
        }


def test_a_core_that_fails_without_a_mutant_is_no_bench(top, mutated):
    """A mutant in the place of the core: its bench can't judge."""
    number = next(m.number for m in mutated.mutants if m.mode == "inv")
    old = f"connect \\B 16'{number:016b}"
    assert old in mutated.text
    with pytest.raises(HadacastError, match="the core without a mutant fails"):
        mutation.Bench(top, replace(mutated, text=mutated.text.replace(old, f"connect \\B 16'{0:016b}")))


def trace(accept, offer, cycle):
    beats = len(offer)
    return Trace(
        data=np.zeros((beats, 1), dtype=np.int64),
        last=np.zeros(beats, dtype=bool),
        user=np.zeros(beats, dtype=bool),
        cycle=np.array(cycle),
        offer=np.array(offer),
        accept=np.array(accept),
        resets=np.array([]),
        error_cycle=np.array([]),
        cycles=100,
        seconds=0.0,
    )


def test_pace():
    stage = Fwht(frame=2, lanes=1, input=Format(width=4, signed=True))
    spec = Pipeline(name="tiny", stages=(stage,))
    late = spec.latency
    sent = Stimulus.frames(np.zeros((3, 2), dtype=np.int64), 1)
    beats = np.arange(6)
    assert pace.check(spec, sent, trace(beats, beats + late, beats + late)) == []
    ((kind, text),) = pace.check(spec, sent, trace(beats, beats + late + 1, beats + late + 1))
    assert (kind, text) == ("latency", f"the latency is {late + 1} cycles; {late} is stated")
    slow = beats + (beats > 3)
    ((kind, text),) = pace.check(spec, sent, trace(slow, beats + late, beats + late))
    assert (kind, text) == ("rate", "beat 4 had to wait 1 cycles though nothing stalled")
    ((kind, text),) = pace.check(spec, sent, trace(beats, slow + late, slow + late))
    assert (kind, text) == ("rate", "1 cycles without a beat before output 4")
    # A stalled receiver is no fault of the core.
    stalled = replace(sent, ready=np.array([True, False]))
    assert pace.check(spec, stalled, trace(slow, beats + late, beats + late)) == []


def test_pace_behind_short_frames():
    stage = Fwht(frame=2, lanes=1, input=Format(width=4, signed=True))
    spec = Pipeline(name="tiny", stages=(stage,))
    sent = campaign.paused(spec, np.zeros((12, 2), dtype=np.int64), np.random.default_rng(0))
    lengths = np.diff(np.flatnonzero(sent.last), prepend=-1)
    assert set(lengths) == {1, 2}
    # Pauses are before first beats alone, and long enough for a frame.
    first = np.flatnonzero(sent.last)[:-1] + 1
    assert set(sent.gap[first]) == {0, 4, 8}
    assert sent.gap.sum() == sent.gap[first].sum()
    accept = np.cumsum(sent.gap + 1) - 1
    none = np.zeros(0, dtype=np.int64)
    assert pace.rested(spec, sent, trace(accept, none, none)) == []
    beat = int(np.flatnonzero(sent.gap)[0])
    late = accept + (np.arange(len(accept)) >= beat)
    assert pace.rested(spec, sent, trace(late, none, none)) == [
        ("rate", f"beat {beat} had to wait 1 cycles, after a pause of {sent.gap[beat]}")
    ]
    # Without a pause, the rest of a short frame may keep a beat waiting.
    beat = int(np.flatnonzero(sent.gap[1:] == 0)[0]) + 1
    assert pace.rested(spec, sent, trace(accept + (np.arange(len(accept)) >= beat), none, none)) == []


@pytest.mark.parametrize("recipe", ["rotate128", "mxfp4_32_bf16", "whitepaper_uint8", "kv_int2_g128_read"])
def test_frames_fit_any_input(recipe):
    spec = load(recipe).pipeline
    rng = np.random.default_rng(0)
    for kind in (campaign.scaled, campaign.simple, campaign.nudged, campaign.sparse, campaign.coarse):
        found = kind(spec, 20, rng)
        assert found.shape[1] == spec.in_beats * spec.in_lanes
        assert len(found) >= 20
        assert found.min() >= spec.input.min
        assert found.max() <= spec.input.max
        if isinstance(spec.input, Minifloat):
            assert len(np.unique(found)) > 20


def test_simple_frames_have_ties():
    """Behind the transform too, elements are multiples of the frame's largest over a small number."""
    spec = load("rotate128", ("stream.frame=16",)).pipeline
    found = campaign.simple(spec, 50, np.random.default_rng(1))
    turned = spec.respond(found[50:].reshape(50, 4, 4)).reshape(50, 16)
    for rows in (found[:50], turned):
        step = np.gcd.reduce(rows, axis=1)
        assert (np.abs(rows).max(axis=1) // step <= max(campaign.STEPS)).all()
        assert (step > 1).mean() > 0.8


@pytest.mark.parametrize("recipe", ["mxfp4_32", "mxfp4_32_bf16"])
def test_uneven_frames_have_groups_of_different_scales(recipe):
    """Behind the transform too, the largest magnitudes of two groups are often eight times apart."""
    spec = load(recipe, ("stream.frame=16", "stage.quantize.group=4")).pipeline
    found = campaign.uneven(spec, 100, np.random.default_rng(1))
    values = spec.input.decode(found)
    spectra = values[100:] @ hadamard(16)
    for rows, ratio, share in ((values[:100], 8, 0.3), (spectra[:100], 8, 0.3), (spectra[100:], 300, 0.05)):
        peaks = np.abs(rows).reshape(100, 4, 4).max(axis=2)
        assert (peaks.max(axis=1) >= ratio * peaks.min(axis=1)).mean() > share


def test_nudged_frames_lie_beside_simple_ones():
    """A large element or three, and beside them some last bits, or of floating-point input still less."""
    rng = np.random.default_rng(2)
    found = np.abs(campaign.nudged(load("rotate128", ("stream.frame=16",)).pipeline, 200, rng))
    assert ((found > 2).sum(axis=1) <= 3).all()
    assert (((found > 0) & (found <= 2)).sum(axis=1) > 0).mean() > 0.5
    spec = load("mxfp4_32_bf16").pipeline
    values = np.abs(spec.input.decode(campaign.nudged(spec, 200, rng)))
    small = (values > 0) & (values < values.max(axis=1, keepdims=True) / 4096)
    assert (small.sum(axis=1) > 0).mean() > 0.2


def test_coarse_frames_have_round_sums():
    """Behind the transform, negative powers of two are no accident."""
    spec = load("rotate128", ("stream.frame=16", "input.width=8")).pipeline
    found = campaign.coarse(spec, 2000, np.random.default_rng(3))
    turned = spec.respond(found.reshape(2000, 4, 4))
    for power in (256, 512):
        assert (turned == -power).sum() > 10
