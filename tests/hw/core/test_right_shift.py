"""Variable shifts."""

import random

import pytest
from hw.core import pipe_bench

from hadacast.core.right_shift import RightShift


@pytest.mark.parametrize(("width", "largest"), [(8, 0), (1, 1), (9, 5), (20, 31), (7, 100)])
def test_what_is_left_and_what_is_lost(width, largest):
    rng = random.Random(1)
    words, expected = [], []
    for _ in range(100):
        i, shift, sticky = rng.getrandbits(width), rng.randint(0, largest), rng.random() < 0.2
        words.append({"i": i, "shift": shift, "sticky": sticky})
        expected.append((i >> shift, bool(i & ((1 << shift) - 1)) | sticky))
    assert pipe_bench.run(RightShift(width, largest), words, ("o", "lost")) == expected
