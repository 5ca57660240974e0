"""Signs in the wiring of butterflies: the same numbers, and where it can't be."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast.format import Format
from hadacast.spec.folding import folded
from hadacast.spec.fwht import Fwht
from hadacast.spec.signs import Signs


def stages(pattern, frame=16, lanes=16, size=0, **settings):
    signs = Signs(frame=frame, lanes=lanes, input=Format(width=8), pattern=pattern, **settings)
    return signs, Fwht(frame=frame, lanes=lanes, input=signs.output, size=size)


def wired(signs, fwht, x):
    """What butterflies so wired make of x, and the most bits that any of their results takes."""
    bits = 0
    for distance, turns in zip(reversed(fwht.circuit), folded(signs, fwht), strict=True):
        y = x.copy()
        for lane, (reverse, up) in turns.items():
            a, b = x[..., lane], x[..., lane + distance]
            found = (a + b, b - a if reverse else a - b)
            y[..., lane], y[..., lane + distance] = found[::-1] if up else found
        x = y
        bits = max(bits, int(max(x.max(), -x.min() - 1)).bit_length() + 1)
    return x, bits


@pytest.mark.parametrize(
    ("pattern", "size"), [("0xD7E8", 16), ("0x8000", 16), ("+-+++---", 8), ("0x2C64", 4), ("+-", 2)]
)
def test_the_same_transform(pattern, size):
    signs, fwht = stages(pattern, size=size)
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.integers(-128, 128, (200, 16)), rng.choice([-128, 127], (400, 16))])
    s = np.where(np.tile(signs.negative, 16 // len(signs.negative)), -1, 1)
    matrix = np.kron(np.eye(16 // size, dtype=np.int64), hadamard(size))
    found, bits = wired(signs, fwht, x)
    np.testing.assert_array_equal(found, (x * s) @ matrix.T)
    assert bits <= 8 + fwht.stages


@pytest.mark.parametrize("size", [2, 8, 16])
def test_a_minus_at_the_start_stays(size):
    for mask in np.random.default_rng(2).integers(1, 1 << 16, 50):
        signs, fwht = stages(f"0x{mask:04X}", size=size)
        starts = any(signs.negative[place] for place in range(0, 16, size))
        assert (folded(signs, fwht) is None) == starts


def test_only_within_a_beat_and_for_good():
    assert folded(*stages("0xD7E8")) is not None
    assert folded(*stages("0xD7E8", lanes=8)) is None
    assert folded(*stages("0xD7E8", loadable=True)) is None
    signs, fwht = stages("0xD7E8")
    assert folded(fwht, signs) is None
    chosen = Fwht(frame=16, lanes=16, input=signs.output, up_to=16)
    assert folded(signs, chosen) is None
