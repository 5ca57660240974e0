"""Pyramid vector quantization against a greedy search in fractions, and against the best there is."""

import re
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import FP16
from hadacast.spec.pvq import Pvq


def greedy(x: list[int], pulses: int) -> list[int]:
    """The definition, one group, in fractions."""
    a = [Fraction(abs(v)) for v in x]
    if not any(a):
        return [pulses] + [0] * (len(x) - 1)
    y = [int(pulses * v / sum(a)) for v in a]
    while sum(y) < pulses:
        scores = []
        for place in range(len(a)):
            z = [c + (i == place) for i, c in enumerate(y)]
            along = sum(v * c for v, c in zip(a, z, strict=True))
            scores.append(along**2 / sum(c * c for c in z))
        y[scores.index(max(scores))] += 1  # index(): the first of several
    return [-c if v < 0 else c for v, c in zip(x, y, strict=True)]


def check(spec: Pvq, x: np.ndarray) -> None:
    out = spec.compute(x)
    spec.output.check(out)
    groups = x.reshape(-1, spec.group)
    want = [greedy([int(v) for v in row], spec.pulses) for row in groups]
    np.testing.assert_array_equal(out.codes.reshape(-1, spec.group), want)
    np.testing.assert_array_equal(out.scale.ravel(), np.abs(groups).sum(axis=-1))


@pytest.mark.parametrize("pulses", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("group", [2, 4, 8])
def test_equals_the_definition(group, pulses):
    """Random groups: of all magnitudes, of a few values (ties), mostly zeros, with one that is huge."""
    rng = np.random.default_rng(10 * group + pulses)
    spec = Pvq(frame=16, group=group, pulses=pulses, input=Format(width=12))
    shape = (24, 16)
    wild = rng.integers(-2048, 2048, shape)
    few = rng.integers(-2, 3, shape)
    sparse = np.where(rng.integers(0, 4, shape) == 0, wild, 0)
    huge = np.where(rng.integers(0, 8, shape) == 0, -2048, few)
    check(spec, np.concatenate([wild, few, sparse, huge]))


@given(st.lists(st.integers(-6, 6), min_size=4, max_size=4), st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_ties_go_to_the_lowest_index(x, pulses):
    check(Pvq(frame=4, group=4, pulses=pulses, input=Format(width=4)), np.array([x]))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("group", "pulses"), [(32, 32), (32, 31), (16, 32)])
def test_the_largest_sizes_and_numbers(group, pulses, signed):
    """Squares and products at their largest stay exact: the definition in integers of any size."""
    rng = np.random.default_rng(group + pulses)
    input_ = Format(width=20, signed=signed)
    x = rng.integers(input_.min, input_.max + 1, (8, 32))
    x[0], x[1] = input_.min, input_.max
    x[2] = np.where(np.arange(32) == 5, input_.min or input_.max, 0)
    x[3] = np.where(np.arange(32) % 16 == 5, input_.max, rng.integers(0, 9, 32))
    x[4] = input_.max - rng.integers(0, 3, 32)
    check(Pvq(frame=32, group=group, pulses=pulses, input=input_), x)


def test_so_many_pulses_are_left_at_most():
    """What floors cut off of n fractions is less than n, and no more than K; both are reached."""
    most = {}
    for group, pulses in ((2, 4), (4, 2), (4, 8), (8, 5)):
        x = np.random.default_rng(3).integers(0, 60, (4000, group))
        x[0] = 1
        x[:: pulses + 1] = np.maximum(x[:: pulses + 1], 1)
        left = pulses - (pulses * x // np.maximum(x.sum(axis=-1, keepdims=True), 1)).sum(axis=-1)
        most[group, pulses] = left[x.any(axis=-1)].max()
        assert most[group, pulses] == Pvq(frame=8, group=group, pulses=pulses).units
    assert most == {(2, 4): 1, (4, 2): 2, (4, 8): 3, (8, 5): 5}


def test_what_a_code_stands_for():
    """x̂ = y·L1/K has the signs and the L1 norm of x; zeros are positive, and so is a group of zeros."""
    rng = np.random.default_rng(5)
    spec = Pvq(frame=32, group=8, pulses=6, input=Format(width=10, fraction=4))
    x = rng.integers(-512, 512, (50, 32))
    x[:, :8] = 0
    out = spec.compute(x)
    values = spec.output.decode(out)
    assert (np.abs(out.codes.reshape(-1, 8)).sum(axis=-1) == 6).all()
    np.testing.assert_allclose(
        np.abs(values.reshape(-1, 8)).sum(axis=-1), np.abs(x / 16).reshape(-1, 8).sum(axis=-1)
    )
    assert (values * x >= 0).all()
    np.testing.assert_array_equal(out.codes[:, :8], np.broadcast_to([6, 0, 0, 0, 0, 0, 0, 0], (50, 8)))
    assert not values[:, :8].any()
    assert (out.codes[x == 0] >= 0).all()


def pyramid(group: int, pulses: int) -> np.ndarray:
    """All y ≥ 0 with sum K."""
    found = []
    for bars in combinations(range(pulses + group - 1), group - 1):
        edges = (-1, *bars, pulses + group - 1)
        found.append([b - a - 1 for a, b in pairwise(edges)])
    return np.array(found)


def closeness(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """cos² of the angle between x and y, as exact as float64 is."""
    x, y = np.abs(x).astype(np.float64), np.abs(y).astype(np.float64)
    return (x * y).sum(axis=-1) ** 2 / ((x * x).sum(axis=-1) * (y * y).sum(axis=-1))


@pytest.mark.parametrize(
    ("group", "pulses", "share", "loss"),
    [(4, 3, 0.9999, 1e-6), (4, 8, 0.94, 5e-4), (8, 4, 0.98, 2e-4), (8, 6, 0.94, 8e-4)],
)
def test_how_far_from_the_best(group, pulses, share, loss):
    """On Gaussian data greedy is the best choice nearly always, and loses next to nothing where it isn't."""
    rng = np.random.default_rng(2)
    x = np.rint(rng.normal(0, 300, (4000, group))).astype(np.int64)
    x = np.clip(x, -2048, 2047)
    out = Pvq(frame=group, group=group, pulses=pulses, input=Format(width=12)).compute(x)
    every = pyramid(group, pulses)
    along = np.abs(x).astype(np.float64) @ every.T
    best = (along**2 / (every**2).sum(axis=-1)).max(axis=-1) / (x.astype(np.float64) ** 2).sum(axis=-1)
    found = closeness(x, out.codes)
    assert (found <= best * (1 + 1e-12)).all()
    assert (found >= best * (1 - 1e-12)).mean() >= share
    assert (1 - found / best).mean() <= loss


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"group": 3}, "group is 3: it must be a power of two from 2 to 32"),
        ({"group": 64}, "group is 64: it must be a power of two from 2 to 32"),
        ({"group": 1}, "group is 1: it must be a power of two from 2 to 32"),
        ({"frame": 4, "group": 8}, "group is 8: it must be a power of two from 2 to 4"),
        ({"pulses": 0}, "pulses is 0: it must be an integer from 1 to 32"),
        ({"pulses": 33}, "pulses is 33: it must be an integer from 1 to 32"),
        ({"input": Format(width=21)}, "width is 21: a pvq stage takes 1 to 20 input bits"),
        ({"input": FP16}, "input is fp16: a pvq stage takes plain fixed point"),
        ({"input": exponents(Format(width=8), 64)}, "a pvq stage takes plain fixed point"),
        ({"lanes": 16, "pulses": 5}, "lanes · min(pulses, group - 1) must be at most 64"),
    ],
    ids=str,
)
def test_what_is_refused(settings_, message):
    with pytest.raises(HadacastError, match=re.escape(message)) as caught:
        Pvq(**{"frame": 64, "input": Format(width=8), **settings_})
    assert "\n" not in str(caught.value)
