"""Bins against their definition on dense spectra, and the plan of samples against the transform."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.sparse.plan import bins_of, delays, places
from hadacast.spec.bins import EMPTY, SEVERAL, SINGLE, Bins
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


def front(bits, hash_, offsets, lanes=1, width=10, **settings):
    """A transform and bins; nothing is rounded, so observations are B times those of the spectrum."""
    size, per_bin = 1 << len(hash_[0]), len(offsets) * (bits - len(hash_[0]) + 1)
    shape = {"frame": len(hash_) * size * per_bin, "lanes": lanes}
    fwht = Fwht(**shape, input=Format(width=width), size=size, stride=per_bin)
    stage = Bins(**shape, input=fwht.output, bits=bits, hash=hash_, offsets=offsets, **settings)
    return Pipeline(name="front", stages=(fwht, stage))


FRONTS = {
    "2 of 3": (3, ((2,), (0,)), (5,)),
    "4 of 5": (5, ((0, 1), (4, 2), (3, 0)), (0, 31)),
    "8 of 8": (8, ((7, 0, 3), (1, 2, 4)), (77, 178, 1)),
}


@pytest.mark.parametrize("name", FRONTS)
def test_observations_are_those_of_the_definition(name):
    """x = H X by a matrix; what a bin shows is Σ X_k (-1)^<d, k> over its k, by the definition, in a loop."""
    bits, hash_, offsets = FRONTS[name]
    spec = front(bits, hash_, offsets)
    stage = bins_of(spec)
    rng = np.random.default_rng(bits)
    spectrum = np.where(rng.random(1 << bits) < 0.2, rng.integers(-9, 10, 1 << bits), 0)
    x = hadamard(1 << bits) @ spectrum
    values = stage.split(spec.compute(x[places(spec)])).values
    for c, group in enumerate(hash_):
        free = [q for q in range(bits) if q not in group]
        wanted = list(offsets) + [o ^ 1 << q for q in free for o in offsets]
        assert delays(stage)[c].tolist() == wanted
        for j in range(stage.bins):
            inside = [
                k for k in range(1 << bits) if all(k >> q & 1 == j >> t & 1 for t, q in enumerate(group))
            ]
            assert len(inside) << len(group) == 1 << bits
            for at, d in enumerate(wanted):
                total = sum(int(spectrum[k]) * (-1) ** (d & k).bit_count() for k in inside)
                assert values[c, j, at] == stage.bins * total


@pytest.mark.parametrize("name", FRONTS)
def test_one_coefficient_is_found_wherever_it_is(name):
    bits, hash_, offsets = FRONTS[name]
    spec = front(bits, hash_, offsets)
    matrix, order = hadamard(1 << bits), places(spec)
    for k in range(1 << bits):
        for a in (-7, 3):
            seen = bins_of(spec).split(spec.compute(a * matrix[k][order]))
            assert (seen.kind == SINGLE).sum(-1).tolist() == [1] * len(hash_)
            assert (seen.kind == SEVERAL).sum() == 0
            assert (seen.index[seen.kind == SINGLE] == k).all()


def test_two_in_a_bin_are_told_from_one():
    """With offsets that differ in each bit, two coefficients of any size never look like one, without noise,
    if an odd number of free bits tells them apart."""
    spec = front(5, ((0, 1),), (9, 22))
    stage, matrix, order = bins_of(spec), hadamard(32), places(spec)
    for k, other in ((0, 4), (0, 28), (6, 2), (31, 15)):
        for a, b in ((1, 1), (1, -1), (2, -3)):
            seen = stage.split(spec.compute((a * matrix[k] + b * matrix[other])[order]))
            assert sorted(seen.kind.ravel().tolist()) == [EMPTY, EMPTY, EMPTY, SEVERAL]


def exact(spec, values):
    """Kind and index bits of one bin by the definition, in fractions."""
    d = len(values)
    mean = Fraction(sum(abs(v) for v in values), d)
    square = Fraction(sum(v * v for v in values), d)
    variance = sum((abs(v) - mean) ** 2 for v in values) / d
    kind = EMPTY if square <= spec.zero else SINGLE if variance <= spec.spread else SEVERAL
    p = len(spec.offsets)
    votes = [
        sum(-values[p * i + o] if values[o] < 0 else values[p * i + o] for o in range(p))
        for i in range(1, d // p)
    ]
    return kind, [int(vote < 0) for vote in votes]


@pytest.mark.parametrize("width", [1, 4, 9, 18])
def test_kinds_and_bits_are_those_of_the_definition(width):
    top = 1 << 2 * width - 2
    spec = Bins(
        frame=192,
        lanes=3,
        input=Format(width=width),
        bits=6,
        hash=((0, 1, 2), (3, 4, 5)),
        offsets=(3, 60, 21),
        zero=top // 16,
        spread=top // 40,
    )
    rng = np.random.default_rng(width)
    low, high = spec.input.min, spec.input.max
    x = rng.integers(low, high + 1, (30, 16, 12)) >> rng.integers(0, width, (30, 16, 1))
    equal = rng.integers(low, high + 1, (10, 16, 1)) * rng.choice([-1, 1], (10, 16, 12))
    x[:10] = np.clip(equal + rng.integers(-high // 8, high // 8 + 1, equal.shape), low, high)
    x[10], x[11] = low, high
    x = x.reshape(30, 192)
    seen = spec.split(spec.compute(x))
    values = seen.values.reshape(30 * 16, 12).tolist()
    assert (seen.values.reshape(30, 192) == x).all()
    expected = [exact(spec, row) for row in values]
    assert seen.kind.ravel().tolist() == [kind for kind, _ in expected]
    if width > 1:
        assert {EMPTY, SINGLE, SEVERAL} == set(seen.kind.ravel().tolist())
    for (f, c, j), (_, bits) in zip(np.ndindex(30, 2, 8), expected, strict=True):
        index, group = int(seen.index[f, c, j]), spec.hash[c]
        assert [index >> q & 1 for q in group] == [j >> t & 1 for t in range(3)]
        assert [index >> q & 1 for q in range(6) if q not in group] == bits


def test_elements_are_laid_out_as_stated():
    spec = Bins(frame=12, input=Format(width=5), bits=3, hash=((1,),), offsets=(0, 7), zero=4, spread=1)
    # Bin 0: one coefficient, -8, with bit 0 of its index. Bin 1: a mean square of 11/6; its vote on bit 0 is
    # 0 - 1, that on bit 2 is 2 + 2.
    x = np.array([-8, -8, 8, 8, -8, -8, 1, -1, 0, 1, 2, -2])
    expected = x & 31
    expected[[3, 9]] += 1 << 5
    expected[5] += SINGLE << 6
    codes = spec.compute(x)
    assert codes.tolist() == expected.tolist()
    seen = spec.split(codes)
    assert (seen.kind[0].tolist(), int(seen.index[0, 0])) == ([SINGLE, EMPTY], 1)
    assert spec.output == Format(width=8, signed=False)


def test_a_plan_needs_its_transform():
    spec = front(5, ((0, 1),), (0, 31))
    with pytest.raises(HadacastError, match="no bins stage"):
        places(Pipeline(name="p", stages=spec.stages[:1]))
    shape = {"frame": spec.frame, "lanes": 1}
    other = Fwht(**shape, input=Format(width=10), size=4, stride=1)
    stages = (other, Bins(**shape, input=other.output, bits=5, hash=((0, 1),), offsets=(0, 31)))
    with pytest.raises(HadacastError, match="size 4 and stride 8"):
        places(Pipeline(name="p", stages=stages))
    assert (places(spec.stages[1]) == places(spec)).all()


GOOD = {"frame": 32, "input": Format(width=8), "bits": 5, "hash": ((0, 1),), "offsets": (0, 31)}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"input": Format(width=19)}, "19-bit"),
        ({"input": Format(width=8, signed=False)}, "unsigned"),
        ({"bits": 33}, "bits is 33"),
        ({"bits": True}, "bits is True"),
        ({"hash": ()}, "one group or more"),
        ({"hash": ((0, 1), (2,))}, "as many bits each"),
        ({"hash": (0, 1)}, "lists of bit positions"),
        ({"hash": ((0, 0),)}, "each bit once"),
        ({"hash": ((0, 5),)}, "a bit of hash is 5"),
        ({"hash": ((0, 1, 2, 3, 4),)}, "fewer than 5 bits"),
        ({"offsets": ()}, "list of delays"),
        ({"offsets": (0, 32)}, "an offset is 32"),
        ({"offsets": (3, 3)}, "each delay once"),
        ({"frame": 64}, "each take 32"),
        ({"lanes": 16}, "lanes is 16"),
        ({"offsets": (0, 1, 2), "frame": 48, "lanes": 4}, "with 3 offsets"),
        ({"zero": -1}, "zero is -1"),
        ({"spread": 1 << 32}, "spread is 4294967296"),
        ({"loadable": 1}, "loadable is 1"),
    ],
)
def test_errors_quote_the_value(settings, says):
    assert Bins(**GOOD).frame == 32
    with pytest.raises(HadacastError, match=says):
        Bins(**(GOOD | settings))


def test_split_refuses_what_cannot_have_left():
    spec = Bins(**GOOD)
    with pytest.raises(HadacastError, match="the last axis must be 32"):
        spec.split(np.zeros(31, dtype=np.int64))
    with pytest.raises(HadacastError, match="holds 0 to 2,047"):
        spec.split(np.full(32, 2048))


def test_thresholds_are_registers():
    assert Bins(**GOOD).settings == ()
    zero, spread = Bins(**GOOD, zero=7, spread=9, loadable=True).settings
    assert (zero.name, zero.init, zero.low, zero.high) == ("zero", 7, 0, 1 << 14)
    assert (spread.name, spread.init) == ("spread", 9)
