"""The rounder alone against the meaning of rounding, on every quotient or on all that decide something."""

from itertools import product

import numpy as np
import pytest
from hw.core.pipe_bench import run

from hadacast.core.quantizer.rounder import Rounder
from hadacast.elements import element
from hadacast.format import Format
from hadacast.minifloat import Minifloat
from hadacast.rounding import MODES, to_codes
from hadacast.scale.latency import rounder_latency
from hadacast.spec.quantize import Quantize

EXHAUSTIVE = 7  # bits
E1M0 = Minifloat(exponent=1, mantissa=0, bias=0)
UNSIGNED_LOG = Minifloat(exponent=3, mantissa=0, sign=False, subnormal=False)
SIGNED_LOG = Minifloat(exponent=3, mantissa=2, subnormal=False)
CODES = [
    *("e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "ue5m3", "int2", "int4", "uint4", "mxint8", "bfp6"),
    *(E1M0, UNSIGNED_LOG, SIGNED_LOG, Format(width=1, signed=False)),
]
REACH = {"e4m3": 18, "e5m2": 32, "ue5m3": 34}  # bits of the largest number in units


def spec(code, mode, **settings):
    return Quantize(frame=2, code=code, rounding=mode, **settings)


def quotients(code, integer, fraction, seed):
    """All of them, or thresholds and codes of the format and what is next to them, powers of two, and
    random ones of all sizes."""
    bits = integer + fraction
    if bits <= EXHAUSTIVE:
        return np.arange(1 << bits)
    rng = np.random.default_rng(seed)
    parts = [rng.integers(0, 1 << bits, 20), rng.integers(0, 1 << bits, 20) >> rng.integers(0, bits, 20)]
    parts.append(1 << np.arange(bits))
    if isinstance(code, Minifloat):
        numbers = np.array([code.multiple(m) for m in range(code.max_code + 1)], dtype=np.int64)
        if len(numbers) > 24:
            numbers = np.concatenate([numbers[:6], numbers[-6:], rng.choice(numbers, 12)])
        halves = (numbers << fraction) + (np.append(numbers[1:], numbers[-1] + 1) - numbers << fraction >> 1)
        parts += [numbers << fraction, halves]
    else:
        largest = max(code.max, -code.min)
        parts.append((largest - 2 << fraction) + np.arange(5 << fraction) if largest > 2 else [0])
        parts.append(np.arange(8) << max(fraction - 1, 0))
    found = np.concatenate([np.asarray(p, dtype=np.int64)[:, None] + [-1, 0, 1] for p in parts], axis=None)
    return np.unique(np.clip(found, 0, (1 << bits) - 1))


def expected(spec, quotient, fraction, sticky, negative, over, random):
    """Two bits below the fraction's last stand for the sticky bit."""
    x = np.where(over, 1 << 45, quotient * 4 + sticky)
    unit = spec.code.unit if isinstance(spec.code, Minifloat) else -spec.code.fraction
    x = np.where(negative, -x, x)
    codes = to_codes(x, 1, 1, unit - fraction - 2, spec.code, spec.rounding, spec.overflow, random)
    # A magnitude of zero has a sign here; an integer 0 has none to keep.
    zero = spec.code.sign_bit if isinstance(spec.code, Minifloat) else 0
    codes = np.where(negative & (x == 0), codes | zero, codes)
    return np.maximum(codes, -spec.code.max) if spec.narrow else codes


def check(spec, integer, seed=1):
    pipe = Rounder(spec, integer)
    assert pipe.latency == rounder_latency(spec, integer)
    q = quotients(spec.code, integer, pipe.fraction, seed)
    rng = np.random.default_rng(seed)
    cases = np.array([(a, s, n) for a in q for s, n in product((0, 1), (0, 1))])
    quotient, sticky, negative = cases.T
    over = rng.random(len(cases)) < 0.1 if spec.overflow != "wrap" else np.zeros(len(cases), dtype=bool)
    random = rng.integers(0, 256, len(cases))
    words = [
        {"quotient": int(a), "sticky": int(s), "negative": int(n), "over": int(o)}
        | ({"random": int(r)} if spec.rounding == "stochastic" else {})
        for a, s, n, o, r in zip(quotient, sticky, negative, over, random, strict=True)
    ]
    found = np.array(run(pipe, words, ["code"], seed))[:, 0]
    right = expected(spec, quotient, pipe.fraction, sticky, negative == 1, over, random)
    bad = np.flatnonzero(found != right)
    assert not len(bad), (words[bad[0]], found[bad[0]], right[bad[0]], len(bad))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_mode_and_format(code, mode):
    integer = REACH.get(code, 0)
    code = element("code", code)
    if not integer:
        top = code.multiple(code.max_code) if isinstance(code, Minifloat) else max(code.max, 1)
        integer = top.bit_length()
    if mode == "stochastic" and isinstance(code, Minifloat):
        integer = min(integer, 18)
    check(spec(code, mode), integer, seed=integer)


@pytest.mark.parametrize("integer", [1, 2, 7, 12])
@pytest.mark.parametrize("code", ["e2m1", "e4m3", "int4", "uint2"])
def test_quotients_that_are_narrower_or_wider_than_the_code(code, integer):
    check(spec(code, "even"), integer)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("e4m3", {"overflow": "nan"}),
        ("e5m2", {"overflow": "nan"}),
        ("e5m2", {"overflow": "inf"}),
        ("int4", {"overflow": "wrap"}),
        ("uint4", {"overflow": "wrap"}),
        ("int4", {"narrow": True}),
        ("mxint8", {"narrow": True}),
    ],
)
@pytest.mark.parametrize("mode", ["even", "up"])
def test_overflow(code, settings, mode):
    check(spec(code, mode, **settings), REACH.get(code, 6) + 2)


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("code", ["e2m1", "e2m3", "e3m2", "int4", "uint4"])
def test_every_quotient(code, mode, monkeypatch):
    monkeypatch.setattr("hw.core.quantizer.test_rounder.EXHAUSTIVE", 18)
    code = element("code", code)
    top = code.multiple(code.max_code) if isinstance(code, Minifloat) else code.max
    check(spec(code, mode), top.bit_length() + 1)
