"""Plans of permutations, run as programs, against NumPy indexing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sw_ref.permuting import model

from hadacast.permuting import gf2
from hadacast.permuting.banked import Banked, scattered
from hadacast.permuting.in_place import InPlace
from hadacast.permuting.lanes import Lanes
from hadacast.permuting.plan import least_memory, period, plan


def check(source, lanes, frames=5):
    source = np.array(source)
    found = plan(source, lanes)
    x = np.random.default_rng(1).integers(0, 1 << 30, (frames, len(source)))
    assert np.array_equal(model.run(found, x, lanes), x[:, source])
    if not isinstance(found, Lanes):
        flow = found.flow
        assert flow.lag * lanes == least_memory(source, lanes)
        assert flow.capacity >= flow.lag + 1  # full rate
        assert found.memory >= least_memory(source, lanes)
        assert found.memory == found.flow.beats * lanes * (1 if isinstance(found, InPlace) else found.halves)
    return found


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_permutation(data):
    lanes = data.draw(st.integers(1, 9))
    beats = data.draw(st.integers(1, 12))
    blocks = data.draw(st.integers(1, 3))
    part = data.draw(st.permutations(range(lanes * beats)))
    source = np.concatenate([np.array(part) + k * len(part) for k in range(blocks)])
    check(source, lanes)


@st.composite
def affine(draw, most=8):
    """A random affine permutation of 2^n places, mostly with bits that stay."""
    n = draw(st.integers(1, most))
    columns = gf2.identity(n)
    for _ in range(draw(st.integers(0, 3 * n))):
        a, b = draw(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))
        if a != b and draw(st.booleans()):
            columns[a] ^= columns[b]
        else:
            columns[a], columns[b] = columns[b], columns[a]
    constant = draw(st.integers(0, (1 << n) - 1))
    return np.array([gf2.apply(columns, i) ^ constant for i in range(1 << n)])


@settings(deadline=None, max_examples=80)
@given(source=affine(), data=st.data())
def test_affine_permutations_take_one_block(source, data):
    lanes = 1 << data.draw(st.integers(0, len(source).bit_length() - 1))
    found = check(source, lanes, frames=6)
    assert not isinstance(found, Banked)
    assert found.memory <= len(source)


@given(source=affine(6))
def test_affine_maps_are_recognised(source):
    columns, constant = gf2.affine(source)
    assert [gf2.apply(columns, i) ^ constant for i in range(len(source))] == source.tolist()
    assert [gf2.apply(gf2.inverse(columns), c) for c in columns] == gf2.identity(len(columns))
    if len(source) > 4:
        source[[0, 1]] = source[[1, 0]]
        assert gf2.affine(source) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 63), max_size=8))
def test_bases_and_kernels(columns):
    basis, masks = gf2.independent(columns)
    assert [gf2.apply(basis, mask) for mask in masks] == columns
    spanned = {gf2.apply(columns, v) for v in range(1 << len(columns))}
    assert len(spanned) == 1 << len(basis)
    kernel = gf2.kernel(columns)
    assert len(kernel) + len(basis) == len(columns)
    assert all(gf2.apply(columns, v) == 0 for v in kernel)
    assert len(gf2.independent(kernel)[0]) == len(kernel)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_scatter(data):
    lanes = data.draw(st.integers(1, 6))
    frame = lanes * data.draw(st.integers(1, 9))
    order = data.draw(st.permutations(range(frame)))
    places = order[: data.draw(st.integers(1, frame))]
    found = scattered(places, frame, lanes)
    size = found.flow.in_beats * lanes
    x = np.random.default_rng(1).integers(0, 1 << 30, (4, size))
    right = np.zeros((4, frame), dtype=np.int64)
    right[:, places] = x[:, : len(places)]
    assert np.array_equal(model.run(found, x, lanes), right)
    assert found.memory == 2 * size


@pytest.mark.parametrize(
    ("source", "lanes", "kind", "memory"),
    [
        ([1, 0, 3, 2], 2, Lanes, 0),  # the same in each beat: wires
        ([1, 0, 2, 3], 2, Lanes, 0),
        ([2, 3, 0, 1], 2, InPlace, 4),
        ([2, 3, 0, 1, 6, 7, 4, 5], 2, InPlace, 4),  # in blocks of 4
        ([0, 2, 1], 1, Banked, 3),  # elements move little: one block
        ([0, 2, 1, 3, 4, 5, 6], 1, Banked, 7),
        ([6, 5, 4, 3, 2, 1, 0], 1, Banked, 14),
        ([4, 5, 2, 3, 0, 1], 2, Banked, 12),
        ([1, 0, 2, 4, 3, 5], 3, Lanes, 0),
    ],
)
def test_the_least_circuit_is_found(source, lanes, kind, memory):
    found = check(source, lanes)
    assert isinstance(found, kind)
    assert found.memory == memory


def test_wires_have_no_latency():
    assert plan(np.array([1, 0, 3, 2]), 2).latency == 0
    assert plan(np.array([1, 0, 2, 3]), 2).latency == 2


def test_whole_beats_need_no_switches_and_one_memory():
    beats = np.array([3, 0, 2, 4, 1, 5, 6])
    found = check((beats[:, None] * 4 + [2, 0, 1, 3]).ravel(), 4)
    assert (found.write.registers, found.read.registers) == (0, 0)
    assert found.groups == (0, 0, 0, 0)


def test_a_part_that_repeats_is_found():
    assert period(np.array([1, 0, 2, 4, 3, 5]), 3) == 3
    assert period(np.array([1, 0, 2, 4, 3, 5]), 1) == 3
    assert period(np.array([1, 0, 2, 4, 3, 5]), 2) == 6
