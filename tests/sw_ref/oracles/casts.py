"""Element formats: real numbers to codes, every rounding, against casts that nobody here wrote."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sw_ref.oracles import exact, packages
from sw_ref.oracles.tally import Comparison, Outcome, Rule

from hadacast.minifloat import (
    BF16,
    E2M1,
    E2M3,
    E3M2,
    E4M3,
    E5M2,
    E8M0,
    FP16,
    FP32,
    UE5M3,
    Minifloat,
)
from hadacast.rounding import to_codes

OCP = (E2M1, E2M3, E3M2, E4M3, E5M2, E8M0)

# The four meanings of UE5M3's codes at the top: one NaN, all finite, or IEEE's; and NaN beyond the largest
# number, which is an overflow policy.
UE5M3_FINITE = Minifloat(exponent=5, mantissa=3, sign=False, name="ue5m3 finite")
UE5M3_IEEE = Minifloat(exponent=5, mantissa=3, sign=False, top="ieee", name="ue5m3 ieee")
UE5M3_TOPS = (UE5M3, UE5M3_FINITE, UE5M3_IEEE)

# Corners of what a Minifloat can be: no mantissa, one exponent bit, biases far off, 15 and 16 bits.
OTHERS = (
    Minifloat(exponent=3, mantissa=0, name="e3m0"),
    Minifloat(exponent=1, mantissa=2, name="e1m2"),
    Minifloat(exponent=4, mantissa=1, bias=-20, name="e4m1 bias -20"),
    Minifloat(exponent=4, mantissa=3, bias=8, top="nan", name="e4m3 bias 8"),
    Minifloat(exponent=6, mantissa=1, top="ieee", name="e6m1"),
    Minifloat(exponent=3, mantissa=4, top="ieee", sign=False, name="ue3m4"),
    FP16,
    BF16,
)

GFLOAT_MODES = {"even": "TiesToEven", "away": "TiesToAway", "zero": "TowardZero"}


def values(rng: np.random.Generator, count: int, element: Minifloat) -> Any:
    """Finite float32: any bit patterns; spread over the format's range and beyond; ties, and what lies one
    step of float32 beside them; the format's numbers; zeros of both signs and float32's extremes."""
    table = exact.numbers(element)
    part = count // 4
    patterns = rng.integers(0, 1 << 32, part, dtype=np.uint64).astype(np.uint32).view(np.float32)
    low, high = np.log2(table[table > 0][0]) - 4, np.log2(table[-1]) + 2
    with np.errstate(over="ignore"):
        spread = np.exp2(rng.uniform(low, high, count - 3 * part)).astype(np.float32)
        middles = ((table[:-1] + table[1:]) / 2).astype(np.float32)
        near = np.nextafter(rng.choice(middles, part), rng.choice([0, np.inf], part).astype(np.float32))
        ties = np.where(rng.integers(0, 2, part) == 0, rng.choice(middles, part), near)
        numbers = rng.choice(table.astype(np.float32), part)
    found = np.concatenate([np.where(np.isfinite(patterns), patterns, np.float32(0)), spread, ties, numbers])
    found = np.where(np.isfinite(found), found, np.finfo(np.float32).max)
    extremes = np.array([0, np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal], np.float32)
    found[: len(extremes)] = extremes[: len(found)]
    if element.sign:
        found = np.where(rng.integers(0, 2, count) == 0, found, -found)
    return np.abs(found) if not element.sign else found


def integers(reals: Any) -> tuple[Any, Any]:
    """Float32 numbers as x·2^power, exactly."""
    significand, power = np.frexp(reals.astype(np.float64))
    return np.ldexp(significand, 24).astype(np.int64), power.astype(np.int64) - 24


def signed_zero(codes: Any, reals: Any, element: Minifloat) -> Any:
    """Integers have no -0: the sign of a float that does."""
    return np.where((reals == 0) & np.signbit(reals), codes | element.sign_bit, codes)


def run_cast(element: Minifloat, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    reals = values(rng, count, element)
    ours = element.encode(reals)
    x, power = integers(reals)
    exactly = signed_zero(to_codes(x, 1, 1, power, element, "even"), reals, element)
    yield Outcome("definition", ours, exact.cast(element, reals.astype(np.float64)))
    yield Outcome("definition", exactly, ours)
    if packages.installed("gfloat"):
        known = in_gfloat(element, reals)
        theirs = packages.gfloat_codes(element, reals[known].astype(np.float64))
        yield Outcome("gfloat", ours[known], theirs, one_digit(element, reals[known]))
    if element in packages.ML_DTYPES:
        if packages.installed("ml_dtypes"):
            with np.errstate(invalid="ignore", over="ignore"):
                theirs = reals.astype(packages.ml_dtypes(element)).view(np.uint8).astype(np.int64)
            yield Outcome("ml_dtypes", ours, theirs, ml_dtypes_rules(element, reals))
            policy = {E4M3: "nan", E5M2: "inf"}.get(element)
            if policy:
                over = to_codes(x, 1, 1, power, element, "even", policy)
                yield Outcome("ml_dtypes", signed_zero(over, reals, element), theirs)
        if packages.installed("torchao"):
            yield Outcome("torchao", ours, packages.torch_codes(element, reals), torch_rules(element, reals))


def rounds_beyond(element: Minifloat, reals: Any) -> Any:
    """Which finite numbers round, to nearest even, beyond the largest number."""
    table = exact.numbers(element)
    middle, odd = (table[-2] + table[-1]) / 2, (len(table) - 2) % 2 == 1
    if element.mantissa == 0:
        odd = True
    return (np.abs(reals) > middle) | ((np.abs(reals) == middle) & odd)


def in_gfloat(element: Minifloat, reals: Any) -> Any:
    """What gfloat's encode has a code for: without zero and subnormals, nothing below the least number."""
    return np.abs(reals) >= exact.numbers(element)[0]


def one_digit(element: Minifloat, reals: Any) -> tuple[Rule, ...]:
    """Between powers of two both significands are odd: IEEE 754 takes the larger, gfloat the even code."""
    if element.mantissa:
        return ()
    table = exact.numbers(element)
    below = np.clip(np.searchsorted(table, np.abs(reals), side="right") - 1, 0, len(table) - 2)
    tie = (np.abs(reals) == (table[below] + table[below + 1]) / 2) & (table[below] > 0)
    theirs = np.minimum(below + below % 2, len(table) - 2) + np.where(np.signbit(reals), element.sign_bit, 0)
    return (Rule("ties without mantissa bits: to the even code, not to the larger number", tie, theirs),)


def ml_dtypes_rules(element: Minifloat, reals: Any) -> tuple[Rule, ...]:
    sign = np.where(np.signbit(reals), element.sign_bit, 0)
    over = rounds_beyond(element, reals)
    if element == E4M3:
        return (Rule("beyond the largest: NaN, not saturated", over, sign | E4M3.nan_code),)
    if element == E5M2:
        return (Rule("beyond the largest: Inf, not saturated", over, sign | E5M2.inf_code),)
    if element == E8M0:
        return (
            Rule("zero: NaN, not 2^-127", reals == 0, E8M0.nan_code),
            *torch_rules(element, reals),
        )
    return ()


def torch_rules(element: Minifloat, reals: Any) -> tuple[Rule, ...]:
    sign = np.where(np.signbit(reals), element.sign_bit, 0)
    over = rounds_beyond(element, reals)
    if element == E5M2:
        return (Rule("beyond the largest: Inf, not saturated", over, sign | E5M2.inf_code),)
    if element == E8M0:
        least = 2.0**-127
        return (
            Rule("beyond the largest: NaN, not saturated", over, E8M0.nan_code),
            Rule(
                "from 1 to 1½ · 2^-127, subnormal in float32: up", (reals > least) & (reals < 1.5 * least), 1
            ),
        )
    return ()


def run_modes(element: Minifloat, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """Away, up, zero and stochastic, a share of the numbers each."""
    for mode in ("away", "up", "zero", "stochastic"):
        reals = values(rng, count // 4, element)
        random = rng.integers(0, 256, len(reals)) if mode == "stochastic" else np.int64(0)
        x, power = integers(reals)
        ours = signed_zero(to_codes(x, 1, 1, power, element, mode, "saturate", random), reals, element)
        wide = reals.astype(np.float64)
        yield Outcome("definition", ours, exact.cast(element, wide, mode, random))
        if not packages.installed("gfloat"):
            continue
        known = in_gfloat(element, reals)
        ours, wide = ours[known], wide[known]
        if mode in GFLOAT_MODES:
            yield Outcome("gfloat", ours, packages.gfloat_codes(element, wide, GFLOAT_MODES[mode]))
        if mode == "stochastic":
            bits = {"srbits": random[known], "srnumbits": 8}
            yield Outcome("gfloat", ours, packages.gfloat_codes(element, wide, "StochasticFastest", **bits))


def run_overflow(element: Minifloat, policy: str, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """Overflow to NaN or infinity, as gfloat without saturation."""
    reals = values(rng, count, element)
    x, power = integers(reals)
    ours = signed_zero(to_codes(x, 1, 1, power, element, "even", policy), reals, element)
    code = element.nan_code if policy == "nan" else element.inf_code
    sign = np.where(np.signbit(reals), element.sign_bit, 0)
    within = exact.cast(element, reals.astype(np.float64))
    yield Outcome("definition", ours, np.where(rounds_beyond(element, reals), sign | code, within))
    if packages.installed("gfloat"):
        known = in_gfloat(element, reals)
        ours = ours[known]
        theirs = packages.gfloat_codes(element, reals[known].astype(np.float64), sat=False)
        if policy == "nan":  # NaN has no sign that counts
            nan = (ours & ~element.sign_bit) == element.nan_code
            ours = np.where(nan, element.nan_code, ours)
            theirs = np.where((theirs & ~element.sign_bit) > element.max_code, element.nan_code, theirs)
        yield Outcome("gfloat", ours, theirs, one_digit(element, reals[known]))


def run_store(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """Stored scales: integers over integers to fp32, fp16 and bf16, overflow to infinity."""
    amax = rng.integers(1, 1 << 24, count) >> rng.integers(0, 24, count)
    power = rng.integers(-160, 130, count)
    for element, denominator in ((FP32, 1), (FP32, 7), (FP16, 1), (FP16, 7), (BF16, 1), (BF16, 127)):
        near = power // (8 if element == FP16 else 1)
        ours = to_codes(amax, 1, denominator, near, element, "even", "inf")
        with np.errstate(over="ignore", under="ignore"):
            if denominator == 1:  # a float64 holds it
                wide = np.ldexp(amax.astype(np.float64), near)
            else:  # rounds once to 53 bits, which decides no 24-bit rounding of a ratio of small integers
                wide = np.ldexp(amax.astype(np.float64) / denominator, near)
            if element == FP32:
                theirs = wide.astype(np.float32).view(np.uint32)
            elif element == FP16:
                theirs = wide.astype(np.float16).view(np.uint16)
            elif packages.installed("ml_dtypes"):
                import ml_dtypes

                # float64 to bfloat16 goes through float32; odd rounding there keeps the second exact.
                theirs = _odd_float32(wide).astype(ml_dtypes.bfloat16).view(np.uint16)
            else:
                continue
        yield Outcome("ml_dtypes" if element == BF16 else "numpy", ours, theirs.astype(np.int64))


def _odd_float32(wide: Any) -> Any:
    """Rounded to odd: what is cut off leaves its mark in the last bit, so that rounding again is exact."""
    cut = wide.astype(np.float32)
    beyond = cut.astype(np.float64) > wide
    cut = np.where(beyond, np.nextafter(cut, np.float32(0)), cut)
    inexact = cut.astype(np.float64) != wide
    return (cut.view(np.uint32) | inexact).view(np.float32)


def _title(element: Minifloat) -> str:
    first, *others = str(element).split()
    return " ".join([first.upper(), *others])


PACKAGES = ("definition", "gfloat")
COMPARISONS = (
    *(
        Comparison(
            "element",
            f"{_title(element)}, to nearest even",
            (*PACKAGES, *(("ml_dtypes", "torchao") if element in OCP else ())),
            partial(run_cast, element),
            row=_title(element),
        )
        for element in (*OCP, *UE5M3_TOPS, *OTHERS)
    ),
    *(
        Comparison(
            "element",
            f"{_title(element)}, away, up, to zero, stochastic",
            PACKAGES,
            partial(run_modes, element),
            row=_title(element),
        )
        for element in (*OCP, *UE5M3_TOPS, *OTHERS)
    ),
    *(
        Comparison(
            "element",
            f"{_title(element)}, overflow to {policy}",
            PACKAGES,
            partial(run_overflow, element, policy),
            row=_title(element),
        )
        for element, policy in (
            (E4M3, "nan"),
            (E5M2, "inf"),
            (UE5M3, "nan"),
            (UE5M3_IEEE, "inf"),
            (E8M0, "nan"),
            (FP16, "inf"),
        )
    ),
    Comparison("element", "ratios to FP32, FP16 and BF16", ("numpy", "ml_dtypes"), run_store),
)
