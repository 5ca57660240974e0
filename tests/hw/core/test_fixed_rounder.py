"""The last step of stages that leave fixed point, against the definition of every rounding."""

import random
from fractions import Fraction

import pytest
from hw.core import pipe_bench

from hadacast import fixed_rounder as spec_module
from hadacast import rounding
from hadacast.core.fixed_rounder import FixedRounder
from hadacast.format import Format

OUTPUTS = [Format(width=4), Format(width=1), Format(width=5, signed=False), Format(width=1, signed=False)]
# Unsigned formats have no most negative code to leave out.
CASES = [(o, v) for o in OUTPUTS for v in ("saturate", "wrap", "narrow") if o.signed or v != "narrow"]
ZEROS = [(0,), (3,), (-40, 0, 100)]


@pytest.mark.parametrize("mode", rounding.MODES)
@pytest.mark.parametrize(("output", "overflow"), CASES, ids=str)
@pytest.mark.parametrize("zeros", ZEROS, ids=str)
def test_equals_the_definition(mode, output, zeros, overflow):
    narrow = overflow == "narrow"
    spec = spec_module.FixedRounder(
        output=output,
        rounding=mode,
        overflow="saturate" if narrow else overflow,
        narrow=narrow,
        zeros=zeros,
    )
    rng = random.Random(1)
    words, expected = [], []
    bits = spec.integer + spec.fraction
    for _ in range(80):
        quotient = rng.getrandbits(rng.randint(1, bits + 3))
        over = quotient >> bits != 0
        sticky, negative = rng.random() < 0.5, rng.random() < 0.5
        zero, r = rng.choice(zeros), rng.getrandbits(8)
        word = {
            "negative": negative,
            "quotient": quotient & ((1 << bits) - 1),
            "sticky": sticky,
            "over": over,
        }
        word |= {"zero": zero} if len(zeros) > 1 else {}
        word |= {"random": r} if mode == "stochastic" else {}
        words.append(word)
        # The sticky bit stands for anything below: a third of the last place will do.
        exact = (Fraction(quotient) + (Fraction(1, 3) if sticky else 0)) / 2**spec.fraction
        n = exact.numerator * (-1 if negative else 1)
        code = rounding.to_integers(n, 1, exact.denominator, 0, mode, r) + zero
        code = int(rounding.clamp(code, output, spec.overflow))
        expected.append((max(code, -output.max) if narrow else code,))
    assert pipe_bench.run(FixedRounder(spec), words, ("o",)) == expected
