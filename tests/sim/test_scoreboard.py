"""The scoreboard against a slow walk over the beats, and on traces made by hand."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sim.standin import AddOne

from hadacast.sim import Stimulus, Trace, compare
from hadacast.sim.scoreboard import expect

SPEC = AddOne()


def perfect(spec, stimulus) -> Trace:
    """What a core that takes a beat a cycle, and answers each frame in the cycles after it, would show."""
    assert not stimulus.resets
    (want,) = expect(spec, stimulus)
    cycle = np.zeros(len(want.data), dtype=np.int64)
    for beat, done in enumerate(want.done):
        cycle[beat] = max(done + 1, cycle[beat - 1] + 1 if beat else 0)
    none = np.zeros(0, dtype=np.int64)
    return Trace(
        data=want.data,
        last=np.arange(len(want.data)) % spec.beats == spec.beats - 1,
        user=want.user,
        cycle=cycle,
        offer=cycle,
        accept=np.arange(stimulus.beats),
        resets=none,
        error_cycle=want.dropped + 1,
        cycles=stimulus.beats + 99,
        seconds=1.0,
    )


def walk(spec, stimulus):
    """The rules, beat by beat, as lists of (data, user) for each segment, and the frames dropped in it."""
    segments, out, dropped, frame, bad = [], [], 0, [], False
    for beat in range(stimulus.beats):
        if beat in stimulus.resets:
            segments.append((out, dropped))
            out, dropped, frame, bad = [], 0, [], False
        frame.append(stimulus.data[beat].tolist())
        if stimulus.last[beat]:
            if len(frame) == spec.beats:
                result = spec.compute(np.array(frame).reshape(-1)).reshape(spec.beats, spec.lanes).tolist()
                out += [(row, bad) for row in result]
                bad = False
            else:
                dropped += 1
                bad = True
            frame = []
    return [*segments, (out, dropped)]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([1, 2, 3, 4, 4, 4, 4, 5, 9]), max_size=12),
    st.integers(0, 5),
    st.sets(st.integers(0, 40), max_size=4),
)
def test_expect_follows_the_rules(lengths, tail, resets):
    beats = sum(lengths) + tail
    last = np.zeros(beats, dtype=bool)
    last[np.cumsum(lengths, dtype=int) - 1] = True
    data = np.arange(2 * beats).reshape(beats, 2)
    resets = tuple(sorted(r for r in resets if r < beats))
    sent = Stimulus(data, last, np.zeros(beats, dtype=int), [True], resets)
    found = [
        (list(zip(s.data.tolist(), s.user.tolist(), strict=True)), len(s.dropped)) for s in expect(SPEC, sent)
    ]
    assert found == walk(SPEC, sent)


@pytest.fixture
def sent():
    x = np.random.default_rng(2).integers(-2048, 2048, (20, SPEC.frame))
    return Stimulus.frames(x, SPEC.lanes).resize({3: 1, 4: -1, 9: 1})


def test_perfect_passes(sent):
    result = compare(SPEC, sent, perfect(SPEC, sent))
    assert result.ok
    assert result.first_mismatch == ""
    assert (result.mismatches, result.frames, result.dropped, result.samples) == (0, 17, 3, 17 * 8)


def changed(array, index, value):
    copy = array.copy()
    copy[index] = value
    return copy


@pytest.mark.parametrize(
    ("spoil", "mismatches", "says"),
    [
        (
            lambda t: {"data": changed(t.data, (13, 1), 9999)},
            1,
            "output frame 3, beat 1 (cycle 25), lane 1: 9999 came out, 46 is right; 1 of 136",
        ),
        (lambda t: {"last": changed(t.last, 7, False)}, 1, "m_axis_tlast is 0, 1 is right"),
        (lambda t: {"user": changed(t.user, 0, True)}, 1, "m_axis_tuser is 1, 0 is right"),
        (lambda t: {"error_cycle": t.error_cycle[:2]}, 0, "frame_error was 1 in 2 cycles; 3 is right"),
        (lambda t: {"error_cycle": np.append(t.error_cycle, 90)}, 0, "frame_error was 1 in 4 cycles"),
        (lambda t: {"accept": changed(t.accept, -1, -1)}, 0, "beat 80 of 81 was never taken"),
        (lambda t: {"offer": t.offer + 50, "cycle": t.cycle + 50}, 0, "does valid wait for ready?"),
        (lambda t: {"violations": ("cycle 7: rule broken",)}, 0, "cycle 7: rule broken"),
    ],
)
def test_each_thing_is_looked_at(sent, spoil, mismatches, says):
    trace = perfect(SPEC, sent)
    result = compare(SPEC, sent, replace(trace, **spoil(trace)))
    assert not result.ok
    assert result.mismatches == mismatches
    assert says in result.first_mismatch


def cut(trace, keep):
    fields = {name: getattr(trace, name)[keep] for name in ("data", "last", "user", "cycle", "offer")}
    return replace(trace, **fields)


def test_missing_and_surplus_beats(sent):
    trace = perfect(SPEC, sent)
    result = compare(SPEC, sent, cut(trace, slice(0, -1)))
    assert (result.mismatches, result.first_mismatch) == (1, "1 of 68 beats didn't come out")
    result = compare(SPEC, sent, cut(trace, [*range(68), 67]))
    assert (result.mismatches, result.first_mismatch) == (1, "1 beats came out beyond the 68 that are right")
    # One beat lost in the middle makes everything after it wrong, not just the count.
    assert compare(SPEC, sent, cut(trace, [*range(30), *range(31, 68)])).mismatches > 50
    assert not compare(SPEC, sent, cut(trace, slice(0, 0))).ok


def test_a_million_samples_take_little_time():
    spec = AddOne(beats=16, lanes=4)
    sent = Stimulus.frames(np.zeros((16384, spec.frame), dtype=int), 4)
    trace = perfect(spec, sent)
    started = time.perf_counter()
    result = compare(spec, sent, trace)
    assert result.ok
    assert result.samples == 1 << 20
    assert time.perf_counter() - started < 1
