"""Table quantizers in hardware."""

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.format import Format
from hadacast.spec.lookup import Lookup

X12 = Format(width=12, fraction=6)
SPECS = {
    "log2": Lookup(frame=16, lanes=4, input=X12, bits=4, exponent=4),
    "denseshift": Lookup(frame=16, lanes=2, input=X12, bits=3, exponent=2, zero=False, boundary="log"),
    "unsigned": Lookup(frame=16, lanes=16, input=Format(width=8, signed=False), bits=4, exponent=7),
    "twin log": Lookup(
        frame=16, lanes=4, input=X12, family="twin_log", delta=("0.5", 1), zero_point=(-9, -5), fraction=8
    ),
    "power": Lookup(frame=16, lanes=2, input=X12, family="power", bits=6, power="1/2", amax=30, fraction=8),
    "table": Lookup(
        frame=8, lanes=1, input=X12, family="table", bits=0, thresholds=(-3, "1/3", 5), values=(1, 9, 3, 7)
    ),
    "constant": Lookup(frame=8, lanes=2, input=X12, family="table", bits=0, thresholds=(99,), values=(1, 2)),
}


@pytest.mark.parametrize("name", SPECS)
def test_equals_the_spec(name):
    spec = SPECS[name]
    low, high = spec.input.min, spec.input.max
    rng = np.random.default_rng(1)
    x = rng.integers(low, high + 1, (60, spec.frame)).reshape(-1)
    limits = np.array([*spec.cells[0], low], dtype=np.int64)
    near = np.concatenate([limits - 1, limits, [low, high, 0]])
    x[: len(near)] = np.clip(near, low, high)
    stage_bench.check(spec, x.reshape(-1, spec.frame))


def test_the_search_is_as_deep_as_the_cells_are_many():
    assert SPECS["log2"].latency == 5
    assert SPECS["constant"].latency == 1
