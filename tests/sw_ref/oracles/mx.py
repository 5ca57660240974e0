"""Blocks under power-of-two scales (OCP MX, block floating point), against torchao and the definition."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from sw_ref.oracles import exact, packages
from sw_ref.oracles.blocks import framed, groups
from sw_ref.oracles.tally import Comparison, Outcome, Rule

from hadacast.elements import element as named
from hadacast.format import Codes
from hadacast.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2, Minifloat
from hadacast.scale.exponent import RULES, Exponent

ELEMENTS = {"MXFP4": E2M1, "MXFP6 E2M3": E2M3, "MXFP6 E3M2": E3M2, "MXFP8 E4M3": E4M3, "MXFP8 E5M2": E5M2}
TORCHAO_RULES = ("floor", "ceil", "even", "rceil")
SIZE = 32


def up(element: Codes, rule: str, mantissa: Any) -> Any:
    """Whether a rule takes the next exponent, for amax/2^floor(log2 amax) in [1, 2), exactly."""
    largest = exact.number(element, exact.top(element))
    while largest >= 2:
        largest /= 2
    bits = element.mantissa if isinstance(element, Minifloat) else element.width - 2
    return {
        "floor": mantissa < 0,
        "ceil": mantissa > 1,
        "even": np.floor(mantissa * 2**bits + 0.5) >= 2 ** (bits + 1),  # half up to the element's mantissa
        "rceil": mantissa > float(largest),
        "three_quarters": mantissa * 4 / 3 >= 2,
    }[rule]


def definition(x: Any, power: Any, element: Codes, rule: str) -> tuple[Any, Any]:
    """E8M0 codes and element codes from float64, which holds amax, x/scale and all midpoints exactly."""
    amax = np.abs(x).max(axis=1).astype(np.float64)
    mantissa, exponent = np.frexp(amax)
    limit = exact.number(element, exact.top(element))
    emax = next(e for e in range(-32, 256) if Fraction(2) ** (e + 1) > limit)
    if rule == "three_quarters":  # 4/3 of it is no float64: 3·2^k is where it turns
        more = amax >= np.ldexp(1.5, exponent - 1)
    else:
        more = up(element, rule, 2 * mantissa)
    scale = np.clip(exponent - 1 + power - emax + more + 127, 0, 254)
    scale = np.where(amax == 0, 0, scale).astype(np.int64)
    return scale, elements(x, power, scale, element)


def elements(x: Any, power: Any, scale: Any, element: Codes) -> Any:
    """Element codes under E8M0 scale codes. An integer has no -0."""
    values = np.ldexp(x.astype(np.float64), (power - (scale - 127))[:, None])
    return exact.cast(element, values)


def run(element: Codes, rule: str, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    x, power, reals = groups(rng, -(-count // SIZE), SIZE)
    codes, sides = Exponent(rule=rule).quantize(framed(x, power), element, "even", "saturate")
    scale, codes = sides["scale"][:, 0], codes[:, 0]
    right, those = definition(x, power, element, rule)
    yield Outcome("definition", scale, right)
    yield Outcome("definition", codes, those)
    if element in ELEMENTS.values() and rule in TORCHAO_RULES and packages.installed("torchao"):
        theirs, theirs_codes = packages.mx(reals, element, rule)
        yield Outcome("torchao", scale, theirs, scale_rules(element, rule, reals, scale))
        yield Outcome("torchao", codes, theirs_codes, element_rules(element, rule, x, power, scale, theirs))


def run_library(element: Codes, rule: str, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """torchao's arithmetic against torchao: no rule is needed."""
    if not packages.installed("torchao"):
        return
    x, power, reals = groups(rng, -(-count // SIZE), SIZE)
    scale = Exponent(rule=rule, arithmetic="torchao")
    codes, sides = scale.quantize(framed(x, power), element, "even", "saturate")
    theirs, theirs_codes = packages.mx(reals, element, rule)
    yield Outcome("torchao", sides["scale"][:, 0], theirs)
    yield Outcome("torchao", codes[:, 0], theirs_codes)


def scale_rules(element: Minifloat, rule: str, reals: Any, scale: Any) -> tuple[Rule, ...]:
    if rule != "rceil":
        return ()
    # RCEIL takes the logarithm of amax/largest in float32: 2^k·(1 + 2^-18) comes out as k where k is large.
    ratio = np.abs(reals).max(axis=1).astype(np.float64) / float(exact.number(element, exact.top(element)))
    mantissa, exponent = np.frexp(ratio)
    near = (mantissa > 0.5) & (np.ldexp(mantissa - 0.5, exponent) <= np.maximum(ratio * 2.0**-18, 2.0**-149))
    return (Rule("RCEIL: float32 log2 next to a power of two, one less", near, scale - 1, always=False),)


def element_rules(
    element: Minifloat, rule: str, x: Any, power: Any, scale: Any, theirs: Any
) -> tuple[Rule, ...]:
    under = elements(x, power, theirs, element)
    other = (scale != theirs) & (theirs != 0)
    found = [Rule("elements under torchao's own scale", other[:, None], under)]
    lowest = 127 if rule == "rceil" else 1  # it multiplies by 1, or divides by 2^-126: never by 2^-127
    least = elements(x, power, np.full_like(theirs, lowest), element)
    what = (
        "RCEIL, scale code 0: elements under 2^0"
        if rule == "rceil"
        else "scale code 0: elements under 2^-126"
    )
    return (Rule(f"{what}, not 2^-127", (theirs == 0)[:, None], least), *found)


BFP = tuple((f"BFP{bits}", named("code", f"bfp{bits}")) for bits in (3, 4, 6, 8, 12))
INTEGERS = (("MXINT8", named("code", "mxint8")), *BFP)

COMPARISONS = (
    *(
        Comparison(
            "block", f"{name} {rule}", ("definition", "torchao"), partial(run, element, rule), row=name
        )
        for name, element in ELEMENTS.items()
        for rule in TORCHAO_RULES
    ),
    *(
        Comparison(
            "block",
            f"{name} {rule}, arithmetic 'torchao'",
            ("torchao",),
            partial(run_library, element, rule),
            row=f"{name}, arithmetic 'torchao'",
        )
        for name, element in ELEMENTS.items()
        for rule in TORCHAO_RULES
    ),
    *(
        Comparison("block", f"{name} ¾", ("definition",), partial(run, element, "three_quarters"), row=name)
        for name, element in ELEMENTS.items()
    ),
    *(
        Comparison("block", f"{name} {rule}", ("definition",), partial(run, element, rule), row=name)
        for name, element in INTEGERS
        for rule in (RULES if name == "MXINT8" else ("floor", "even"))
    ),
)
