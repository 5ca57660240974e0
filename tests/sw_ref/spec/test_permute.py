"""Permutations against NumPy indexing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.packed import Packed
from hadacast.spec.permute import Permute
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.scatter import Scatter


@settings(deadline=None)
@given(data=st.data())
def test_tables(data):
    count, unit, blocks = (data.draw(st.integers(1, n)) for n in (20, 4, 3))
    frame = count * unit * blocks
    if frame < 2:
        return
    table = tuple(data.draw(st.permutations(range(count))))
    x = np.random.default_rng(1).integers(-99, 99, (3, frame))
    units = x.reshape(3, blocks, count, unit)
    found = Permute(frame=frame, table=table, unit=unit).compute(x)
    assert np.array_equal(found, units[:, :, list(table)].reshape(3, frame))
    back = Permute(frame=frame, table=table, unit=unit, inverse=True).compute(found)
    assert np.array_equal(back, x)


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ({"rule": "xor", "mask": 5}, lambda x: x[[i ^ 5 for i in range(24)]]),
        ({"rule": "reverse"}, lambda x: x[::-1]),
        ({"rule": "rotate", "shift": 5}, lambda x: np.roll(x, -5)),
        ({"rule": "rotate", "shift": -5}, lambda x: np.roll(x, 5)),
        ({"rule": "transpose", "rows": 4}, lambda x: x.reshape(4, 6).T.ravel()),
        ({"rule": "transpose", "rows": 4, "inverse": True}, lambda x: x.reshape(6, 4).T.ravel()),
        ({"rule": "rotate", "shift": 5, "inverse": True}, lambda x: np.roll(x, 5)),
        ({"rule": "reverse", "block": 6}, lambda x: x.reshape(4, 6)[:, ::-1].ravel()),
        ({"rule": "reverse", "block": 6, "unit": 2}, lambda x: x.reshape(4, 3, 2)[:, ::-1].ravel()),
        ({"rule": "bit_reverse", "unit": 3}, lambda x: x.reshape(8, 3)[[0, 4, 2, 6, 1, 5, 3, 7]].ravel()),
        # A shuffle of the channels of 3 groups.
        (
            {"rule": "transpose", "rows": 3, "unit": 2},
            lambda x: x.reshape(3, 4, 2).transpose(1, 0, 2).ravel(),
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "expected",
)
def test_rules(rule, right):
    x = np.random.default_rng(1).integers(-99, 99, 24)
    assert np.array_equal(Permute(frame=24, **rule).compute(x), right(x))


@settings(deadline=None)
@given(data=st.data())
def test_scatter(data):
    frame = data.draw(st.integers(2, 40))
    lanes = data.draw(st.sampled_from([p for p in range(1, frame + 1) if frame % p == 0]))
    places = data.draw(st.lists(st.integers(0, frame - 1), min_size=1, max_size=frame, unique=True))
    spec = Scatter(frame=frame, lanes=lanes, places=tuple(places))
    size = spec.in_beats * lanes
    assert len(places) <= size < len(places) + lanes
    x = np.random.default_rng(1).integers(-99, 99, (2, size))
    right = np.zeros((2, frame), dtype=np.int64)
    for k, place in enumerate(places):
        right[:, place] = x[:, k]
    assert np.array_equal(spec.compute(x), right)


def test_exponents_pass():
    spec = Permute(frame=3, input=exponents(Format(width=4), 3), table=(2, 0, 1))
    found = spec.compute(Frames(codes=np.array([1, 2, 3]), scale=np.array([7])))
    assert (found.codes.tolist(), found.scale.tolist()) == ([3, 1, 2], [7])


def test_specs_compare_and_hash():
    table = (2, 0, 1)
    assert Permute(frame=6, table=table) == Permute(frame=6, table=table)
    assert len({Permute(frame=6, table=table), Permute(frame=6, table=(1, 0))}) == 2


def test_a_scatter_stage_stands_where_so_many_beats_come():
    first = Permute(frame=8, rule="reverse")
    with pytest.raises(HadacastError, match="scatter takes frames of 2 beats: permute before it leaves 8"):
        Pipeline(name="p", stages=(first, Scatter(frame=8, places=(1, 2))))
    Pipeline(name="p", stages=(Scatter(frame=8, places=(1, 2)), first))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "needs a table or a rule, and not both"),
        ({"table": (1, 0), "rule": "reverse"}, "needs a table or a rule, and not both"),
        ({"table": (1, 0, 1)}, "table[2] is 1, as is one before"),
        ({"table": (1, 2)}, "table[1] is 2: it must be an integer from 0 to 1"),
        ({"table": (1, 0.0)}, "table[1] is 0.0"),
        (
            {"table": (1, 0, 2, 3, 4)},
            "table has 5 numbers: with 1 elements each, they must divide the frame, 24",
        ),
        ({"table": "abc"}, "table is 'abc'"),
        ({"table": (1, 0), "block": 2}, "block is 2: a table says how long a block is"),
        ({"rule": "sort"}, "rule is 'sort': it must be one of xor, reverse"),
        ({"rule": "xor"}, "mask is 0: it must be an integer from 1"),
        ({"rule": "xor", "mask": 8}, "mask is 8: 16, the power of two above it, must divide 24 places"),
        ({"rule": "xor", "mask": 1, "shift": 1}, "shift is 1: it must be an integer from 0 to 0"),
        ({"rule": "rotate", "shift": 24}, "shift is 24"),
        ({"rule": "transpose", "rows": 5}, "rows is 5: it must divide 24 places"),
        ({"rule": "transpose"}, "rows is 0"),
        ({"rule": "bit_reverse"}, "24 places are no power of two"),
        ({"rule": "reverse", "block": 5}, "block is 5: it must divide the frame, 24"),
        ({"rule": "reverse", "unit": 5}, "unit is 5: it must divide the frame, 24"),
        ({"rule": "reverse", "block": 6, "unit": 4}, "unit is 4: it must divide the block, 6"),
        ({"rule": "reverse", "inverse": 1}, "inverse is 1: it must be true or false"),
        ({"rule": "reverse", "input": Block(element=Format(), group=4, scale=Format())}, "no groups"),
        (
            {"rule": "reverse", "frame": 16, "input": Packed(content=Format(), frame=16, lanes=1)},
            "unpack them first",
        ),
    ],
)
def test_errors(settings, text):
    with pytest.raises(HadacastError) as error:
        Permute(**{"frame": 24, **settings})
    assert text in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ((), "places has 0 numbers"),
        (tuple(range(9)), "places has 9 numbers: it must have 1 to 8"),
        ((1, 8), "places[1] is 8"),
        ((1, 1), "places[1] is 1, as is one before"),
        ("12", "places is '12'"),
    ],
)
def test_errors_of_scatter(places, text):
    with pytest.raises(HadacastError) as error:
        Scatter(frame=8, places=places)
    assert text in str(error.value)


def test_scatter_takes_plain_elements_with_a_zero():
    with pytest.raises(HadacastError, match="takes plain elements"):
        Scatter(frame=8, places=(1,), input=exponents(Format(), 8))
