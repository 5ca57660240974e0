"""The leading one of a number."""

import numpy as np
import pytest
from hw.core.pipe_bench import run

from hadacast.core.quantizer.leading import LeadingOne
from hadacast.scale.latency import leading_latency


@pytest.mark.parametrize(
    ("width", "keep"),
    [(1, 1), (2, 1), (3, 3), (5, 2), (8, 8), (9, 1), (16, 4), (17, 17), (21, 1), (32, 32), (48, 7)],
)
def test_zeros_and_what_follows_the_leading_one(width, keep):
    rng = np.random.default_rng(width)
    if width <= 9:
        numbers = np.arange(1 << width)
    else:
        ones = 1 << np.arange(width)
        random = rng.integers(0, 1 << width, 200) >> rng.integers(0, width, 200)
        numbers = np.concatenate([[0], ones, ones - 1, ones | 1, random])
    pipe = LeadingOne(width, keep)
    assert pipe.latency == leading_latency(width)
    found = run(pipe, [{"i": int(n)} for n in numbers], ["zeros", "top"])
    for number, (zeros, top) in zip(map(int, numbers), found, strict=True):
        if number:
            assert zeros == width - number.bit_length()
            assert top == number << zeros >> (width - keep)
        else:
            assert top >> (keep - 1) == 0
