"""Frames, groups and lanes that are no powers of two, through every stage that takes them."""

from fractions import Fraction

import numpy as np
import pytest
from hw.core import stage_bench

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.minifloat import BF16
from hadacast.spec.align import Align
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.lookup import Lookup
from hadacast.spec.normalize import Normalize
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize
from hadacast.spec.requantize import Requantize
from hadacast.spec.signs import Signs

INT = Format(width=9, fraction=4)


def quantize(frame, lanes, group=0, rows=1, scale="maximum", code="int4", input_=INT, **settings):
    return Quantize(
        frame=frame, lanes=lanes, input=input_, code=code, group=group, rows=rows, scale=scale, **settings
    )


QUANTIZERS = [
    # Groups of several beats, of one, several in one; the whole frame; on lanes of odd factors too.
    quantize(24, 4, 8),
    quantize(40, 4),
    quantize(384, 12, 12),
    quantize(72, 24, 8),
    quantize(60, 12),
    quantize(36, 3, 9),
    quantize(45, 1, 15, code="e2m1"),
    quantize(24, 12, 3),
    quantize(20, 20),
    quantize(24, 4, 8, scale="range", code="uint4"),
    quantize(60, 12, scale="range", code="uint4"),
    quantize(96, 4, 32, scale="exponent", code="e2m1"),
    quantize(96, 12, scale={"kind": "exponent", "rule": "rceil"}, code="e4m3"),
    quantize(48, 12, 3, scale="exponent", code="e2m1"),
    quantize(80, 8, 16, scale="floating", code="e2m1"),
    quantize(48, 2, 6, code="e2m1", wide="e3m2", above=Fraction(3)),
    # Tiles.
    quantize(72, 4, 8, rows=3),
    quantize(96, 2, 4, rows=6, scale="exponent", code="e2m1"),
    quantize(60, 12, 3, rows=10),
    quantize(60, 3, 3, rows=4),
    # Exponents, constant scales, random numbers.
    quantize(24, 4, 12, input_=exponents(INT, 24), scale="exponent", code="e2m1"),
    quantize(40, 8, scale={"kind": "static", "step": "3/16"}),
    quantize(12, 4, scale={"kind": "static", "step": [f"{i}/16" for i in range(1, 13)]}),
    quantize(24, 6, 6, scale="exponent", code="e2m1", rounding="stochastic", seed=5),
]


def label(spec):
    parts = [spec.kind, f"n{spec.frame}", f"p{spec.lanes}"]
    if isinstance(spec, Quantize):
        parts += [f"g{spec.rows}x{spec.group}", spec.scale.kind]
    return "-".join(parts)


def codes(spec, seed):
    """Random elements of many magnitudes behind frames of the extremes: some twelve, of which eight are
    broken."""
    rng = np.random.default_rng(seed)
    low, high, width = spec.element.min, spec.element.max, spec.element.width
    count = max(16, 60 // spec.beats)
    x = rng.integers(low, high + 1, (count, spec.frame)) >> rng.integers(0, width, (count, 1))
    x[0], x[-1], x[-2] = low, high, 0
    return x


@pytest.mark.parametrize("spec", QUANTIZERS, ids=label)
def test_quantizers_equal_their_specs(spec):
    x = codes(spec, spec.frame)
    if spec.floating:
        scale = np.random.default_rng(2).integers(120, 135, (len(x), 1))
        stage_bench.check(spec, Frames(codes=x, scale=scale))
    else:
        stage_bench.check(spec, x)


@pytest.mark.parametrize("spec", QUANTIZERS[:10:3] + QUANTIZERS[10:22:3], ids=label)
def test_their_inverses_equal_theirs(spec):
    frames = spec.compute(codes(spec, 3)) if not spec.floating else None
    if frames is not None:
        back = Dequantize(frame=spec.frame, lanes=spec.lanes, input=spec.output, width=12, fraction=4)
        stage_bench.check(back, frames)


TABLED = {"family": "table", "thresholds": (-3, 0, 5), "values": (-4, -1, 2, 6)}
OTHERS = [
    Signs(frame=40, lanes=4, input=INT, seed=9),
    Signs(frame=384, lanes=3, input=INT, seed=9),
    Signs(frame=24, lanes=12, input=INT, pattern="+--+-+"),
    Signs(frame=36, lanes=4, input=INT, pattern="+--"),
    Normalize(frame=24, lanes=3, input=INT, size=8, fraction=4),
    Normalize(frame=20, lanes=20, input=INT, size=4, fraction=4),
    Requantize(frame=12, lanes=2, input=INT, multiplier=tuple(range(1, 13)), shift=(3,)),
    Pvq(frame=24, lanes=4, input=INT, group=8, pulses=2),
    Pvq(frame=12, lanes=6, input=INT, group=2, pulses=2),
    Align(frame=24, lanes=3, input=BF16),
    Align(frame=60, lanes=12, input=BF16, nan="zero"),
    Align(frame=20, lanes=20, input=BF16),
]


@pytest.mark.parametrize("spec", OTHERS, ids=label)
def test_other_stages_equal_their_specs(spec):
    stage_bench.check(spec, codes(spec, spec.frame))


def test_lookup():
    spec = Lookup(frame=60, lanes=12, input=INT, bits=0, **TABLED)
    stage_bench.check(spec, codes(spec, 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"frame": 36, "lanes": 12, "group": 9},
            "lanes is 12: with groups of 9 elements it must divide them, ",
        ),
        ({"frame": 36, "lanes": 12, "group": 5}, "group is 5: it must divide the frame, 36"),
        ({"frame": 36, "lanes": 12, "group": 3, "rows": 2}, "lanes is 12: with rows of 18 elements it must "),
        ({"frame": 36, "lanes": 4, "rows": 5}, "rows is 5: it must divide the frame, 36"),
        ({"frame": 36, "lanes": 5}, "lanes is 5: it must divide the frame, 36"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(HadacastError, match="^" + message):
        quantize(**settings)
