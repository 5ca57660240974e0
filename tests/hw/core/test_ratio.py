"""Constant ratios in hardware."""

import random
from fractions import Fraction

import pytest
from hw.core import pipe_bench

from hadacast import ratio as spec_module
from hadacast.core.multiplier import Multiplier
from hadacast.core.ratio import Ratio

F = Fraction
SPECS = [
    spec_module.Ratio(largest=1, factors=(F(1),)),
    spec_module.Ratio(largest=128, factors=(F(0),)),
    spec_module.Ratio(largest=128, factors=(F(1, 16),)),
    spec_module.Ratio(largest=128, factors=(F(64),), fraction=0),
    spec_module.Ratio(largest=1 << 15, factors=(F(7, 16),)),
    spec_module.Ratio(largest=(1 << 12) - 1, factors=(F(1, 7),)),
    spec_module.Ratio(largest=100, factors=(F(181, 127),)),
    spec_module.Ratio(largest=7, factors=(F(12345, 6789),), fraction=20),
    spec_module.Ratio(largest=1 << 15, factors=(F(181, 256),)),
    spec_module.Ratio(largest=1 << 23, factors=(F(10000, 123),), fraction=8),
    spec_module.Ratio(largest=1 << 47, factors=(F(12345677, 9876543),), fraction=1),
    spec_module.Ratio(largest=1 << 15, factors=(F(1, 3), F(5, 8), F(0), F(100, 7), F(1, 1000))),
    spec_module.Ratio(largest=1 << 40, factors=(F(1, 3), F(2))),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.plan}-{s.bits}x{s.multiplier_bits}")
def test_equals_the_spec(spec):
    rng = random.Random(spec.bits)
    d = spec.factors[0].denominator
    xs = [0, 1, spec.largest, spec.largest - 1, spec.largest // d * d, max(spec.largest // d * d - 1, 0)]
    xs += [rng.randint(0, spec.largest) for _ in range(60)]
    words, expected = [], []
    for x in xs:
        index = rng.randrange(len(spec.factors))
        words.append({"i": x} | ({} if spec.constant else {"multiplier": spec.multipliers[index]}))
        expected.append(spec.compute(x, index))
    assert pipe_bench.run(Ratio(spec), words, ("quotient", "sticky")) == expected


@pytest.mark.parametrize("bits", [(1, 9), (3, 12), (12, 4), (5, 5), (18, 18), (19, 30), (40, 50), (72, 20)])
def test_multiplier(bits):
    rng = random.Random(1)
    words = [{"a": (1 << bits[0]) - 1, "b": (1 << bits[1]) - 1}]
    words += [{"a": rng.getrandbits(bits[0]), "b": rng.getrandbits(bits[1])} for _ in range(40)]
    found = pipe_bench.run(Multiplier(*bits), words, ("o",))
    assert found == [(w["a"] * w["b"],) for w in words]
