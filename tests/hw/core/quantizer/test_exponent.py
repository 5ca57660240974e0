"""Power-of-two scales and the codes under them, against the reference."""

import numpy as np
import pytest
from hw.core.quantizer.units_bench import check, groups

from hadacast.core.quantizer.units import UNITS
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import Minifloat
from hadacast.rounding import MODES
from hadacast.scale.exponent import RULES
from hadacast.scale.exponent_plan import plan, rises_from
from hadacast.spec.quantize import Quantize

UNSIGNED = Minifloat(exponent=2, mantissa=4, sign=False)
NO_MANTISSA = Minifloat(exponent=3, mantissa=0)
FAR = Minifloat(exponent=3, mantissa=1, bias=-250)  # scales of small inputs have no E8M0 code
CODES = [
    *("e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "int4", "mxint8", "bfp6", "uint4", "ue5m3", "e8m0", "bf16"),
    *(UNSIGNED, NO_MANTISSA, FAR, Format(width=5, fraction=-3)),
]


def stage(code, rule="floor", mode="even", fixed=None, floating=False, factor=1, **settings):
    fixed = fixed or Format(width=13, fraction=7)
    return Quantize(
        frame=4,
        input=exponents(fixed, 4) if floating else fixed,
        code=code,
        scale={"kind": "exponent", "rule": rule, "factor": factor},
        rounding=mode,
        **settings,
    )


def checked(spec, count=8, seed=1):
    x = np.clip(groups(spec, count, seed), spec.element.min, spec.element.max)
    check(spec, UNITS["exponent"], x, seed)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_format_and_rule(code, rule):
    index = CODES.index(code) + RULES.index(rule)
    # Modes of rounding and inputs with exponents change along.
    checked(stage(code, rule, MODES[index % 5], floating=index % 2 == 1), seed=index)


@pytest.mark.parametrize("code", CODES, ids=str)
def test_three_quarters_of_every_format(code):
    """Elements three times, at all widths of the window; rules and modes change along."""
    index = CODES.index(code)
    for floating in (False, True):
        mode = MODES[(index + floating) % 5]
        checked(stage(code, RULES[index % 5], mode, floating=floating, factor="3/4"), 6, seed=index)


@pytest.mark.parametrize("width", [1, 2, 3, 8, 21, 33, 46])
def test_three_quarters_of_every_width(width):
    for signed in (False, True):
        checked(stage("e2m1", fixed=Format(width=width, fraction=3, signed=signed), factor="3/4"), 6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("code", ["e2m1", "e4m3", "int4"])
@pytest.mark.parametrize("floating", [False, True])
def test_every_mode_of_rounding(code, mode, floating):
    checked(stage(code, "even", mode, floating=floating))


@pytest.mark.parametrize("width", [1, 2, 3, 8, 21, 33, 48])
@pytest.mark.parametrize("signed", [False, True])
def test_every_width(width, signed):
    for code, floating in (("e2m1", True), ("e5m2", False), ("mxint8", False)):
        fixed = Format(width=width, fraction=width // 2, signed=signed)
        checked(stage(code, "rceil", fixed=fixed, floating=floating), 6)


@pytest.mark.parametrize("fraction", [-64, 0, 128])
@pytest.mark.parametrize("code", ["e2m1", "e4m3", "bfp8", FAR], ids=str)
def test_scales_that_are_held_in_range(code, fraction):
    spec = stage(code, "ceil", fixed=Format(width=12, fraction=fraction))
    assert plan(spec).held == (fraction == 128 or code is FAR)
    checked(spec)


@pytest.mark.parametrize("fraction", range(-8, 16))
@pytest.mark.parametrize("code", ["e2m1", "mxint8"])
def test_what_goes_past_the_top_where_scales_are_held(code, fraction):
    """At the top, and one and more below, for every way in which distance and headroom can lie."""
    spec = stage(code, "even", fixed=Format(width=14, fraction=fraction), floating=True)
    low, high = spec.element.min, spec.element.max
    steps = np.arange(14)
    x = np.stack([low >> steps, high >> steps, (high >> steps) // 2 + 1, (low >> steps) // 3], axis=-1)
    check(spec, UNITS["exponent"], np.concatenate([x] * 6), top=254)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("e4m3", {"overflow": "nan"}),
        ("e5m2", {"overflow": "inf"}),
        ("int4", {"overflow": "wrap"}),
        ("bfp6", {"narrow": True}),
    ],
)
@pytest.mark.parametrize("rule", ["floor", "rceil"])
def test_overflow(code, settings, rule):
    for floating in (False, True):
        if floating and settings.get("overflow") == "wrap":
            with pytest.raises(
                HadacastError, match="overflow is 'wrap': scales of this input can lie outside"
            ):
                stage(code, rule, floating=floating, **settings)
        else:
            checked(stage(code, rule, floating=floating, **settings), 30)


def test_what_the_rules_decide_at_their_bounds():
    """Groups with amax at every rule's bound and one beside it, by brute force."""
    for rule in RULES:
        spec = stage("e2m1", rule, fixed=Format(width=8))
        amax = np.arange(1, 128)
        x = np.stack([amax, -amax, amax // 2, amax // 3], axis=-1)
        x[:, 1] = np.where(np.arange(127) % 2, -amax, amax // 5)
        check(spec, UNITS["exponent"], x)


@pytest.mark.parametrize("rule", ["floor", "even", "rceil"])
@pytest.mark.parametrize(("width", "fraction"), [(21, 10), (25, 130 - 8), (25, -64)])
@pytest.mark.parametrize("floating", [False, True])
def test_a_librarys_arithmetic(rule, width, fraction, floating):
    """Scale code 0, and amax just above the powers of two that a float32 logarithm takes for integers."""
    fixed = Format(width=width, fraction=fraction)
    for code in ("e2m1", "e4m3"):
        scale = {"kind": "exponent", "rule": rule, "arithmetic": "torchao"}
        spec = Quantize(frame=4, input=exponents(fixed, 4) if floating else fixed, code=code, scale=scale)
        least = np.array([least for _, least in rises_from(spec)])
        amax = np.unique(np.concatenate([least - 1, least, least + 1]))
        amax = np.concatenate([np.minimum(amax, fixed.max), amax >> 2])
        near = np.stack([amax, -amax // 2, amax // 3, amax % 5], axis=-1)
        low = groups(spec, 6, 3) >> (width // 2)
        check(spec, UNITS["exponent"], np.concatenate([near, -(near >> 2), groups(spec, 6, 2), low]))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_anything(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        width, signed = int(rng.integers(1, 49)), bool(rng.integers(2))
        fixed = Format(width=width, fraction=int(rng.integers(-64, 129)), signed=signed)
        code, rule, mode = (some[rng.integers(len(some))] for some in (CODES, RULES, MODES))
        checked(stage(code, rule, mode, fixed, bool(rng.integers(2))), 20, int(rng.integers(1 << 30)))
