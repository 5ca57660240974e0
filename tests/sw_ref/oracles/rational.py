"""The definitions in Python's Fractions, number by number: slow, and as plain as they can be written."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from sw_ref.oracles import exact
from sw_ref.oracles.tally import Comparison, Outcome

from hadacast.elements import element as named
from hadacast.format import Codes, Format
from hadacast.minifloat import E2M1, E4M3, FP16, UE5M3, Minifloat
from hadacast.rounding import MODES, to_codes, to_integers
from hadacast.scale.exponent import RULES, Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import Groups
from hadacast.scale.static import Static

SIZE = 8
ONE, HALF = Fraction(1), Fraction(1, 2)


def two(power: Any) -> Fraction:
    return Fraction(2) ** int(power)


def rounded(value: Fraction, mode: str, random: int = 0) -> int:
    """To an integer."""
    if mode == "even":
        return round(value)  # Python's own: ties to even
    magnitude, negative = abs(value), value < 0
    up = {
        "away": magnitude % 1 >= HALF,
        "up": magnitude % 1 > HALF or (magnitude % 1 == HALF and not negative),
        "zero": False,
        "stochastic": magnitude % 1 + Fraction(random, 256) >= 1,
    }[mode]
    return (-1 if negative else 1) * (int(magnitude) + up)


def code(element: Codes, value: Fraction, mode: str = "even", random: int = 0) -> int:
    """An element code, saturated."""
    if isinstance(element, Minifloat):
        return exact.cast_fraction(element, value, mode, random)
    found = rounded(value * two(element.fraction), mode, random)
    return min(max(found, element.min), element.max)


def log2(value: Fraction) -> int:
    """Floor."""
    power = value.numerator.bit_length() - value.denominator.bit_length()
    return power if value >= two(power) else power - 1


ELEMENTS = tuple(
    named("code", name)
    for name in (
        "e2m1",
        "e2m3",
        "e3m2",
        "e4m3",
        "e5m2",
        "ue5m3",
        "e8m0",
        "int2",
        "int4",
        "int8",
        "uint4",
        "mxint8",
    )
)


def run_rounding(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """x·n/d·2^k for every element and mode: numbers of all lengths, shifts beyond every format."""
    for element in ELEMENTS:
        for mode in MODES:
            each = max(count // len(ELEMENTS) // len(MODES), 8)
            x = rng.integers(-(1 << 47), 1 << 47, each) >> rng.integers(0, 48, each)
            above = rng.integers(0, 1 << 40, each) >> rng.integers(0, 40, each)
            below = (rng.integers(1, 1 << 40, each) >> rng.integers(0, 40, each)) | 1
            far = rng.integers(-400, 400, each)
            middle = np.log2(np.abs(x) + 1) + np.log2(above + 1) - np.log2(below)
            near = rng.integers(-12, 12, each) - middle.astype(np.int64)
            shift = np.where(rng.integers(0, 4, each) == 0, far, near)
            random = rng.integers(0, 256, each)
            ours = to_codes(x, above, below, shift, element, mode, "saturate", random)
            values = [
                Fraction(int(a) * int(n), int(d)) * two(k)
                for a, n, d, k in zip(x, above, below, shift, strict=True)
            ]
            theirs = [code(element, value, mode, int(r)) for value, r in zip(values, random, strict=True)]
            if isinstance(element, Minifloat) and element.sign:
                zero = np.array([value == 0 for value in values]) & (x < 0)
                theirs = np.where(zero, element.sign_bit, theirs)  # the sign of x stays
            yield Outcome("definition", ours, theirs)
            whole = to_integers(x, above, below, shift, mode, random)
            right = [
                max(min(rounded(value, mode, int(r)), 1 << 48), -(1 << 48))
                for value, r in zip(values, random, strict=True)
            ]
            yield Outcome("definition", whole, right)


def frames(rng: np.random.Generator, count: int, bits: int = 20) -> Any:
    """Groups of eight integers: of every length, few bits, zeros, one alone."""
    rows = max(count // SIZE, 4)
    x = rng.integers(-(1 << bits), 1 << bits, (rows, SIZE)) >> rng.integers(0, bits, (rows, 1))
    x[::7] = rng.integers(-9, 10, x[::7].shape)
    x[::11, 1:] = 0
    x[::29] = 0
    return x


def groups(x: Any, power: Any = None, random: Any = 0, fraction: int = 0) -> Groups:
    exponent = 0 if power is None else power[:, None]
    return Groups(x=x[:, None, :], fraction=fraction, exponent=exponent, random=random)


def run_exponent(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    names = ("e2m1", "e3m2", "e4m3", "e5m2", "mxint8", "int4", "bfp6", "fp16", "fp32")
    for name in names:
        element = named("code", name)
        top = exact.number(element, exact.top(element))
        bits = element.mantissa if isinstance(element, Minifloat) else element.width - 2
        for rule in RULES:
            x = frames(rng, count // len(names) // len(RULES), 46 if name == "fp32" else 24)
            power = rng.integers(-180, 130, len(x))
            codes, sides = Exponent(rule=rule).quantize(groups(x, power), element, "even", "saturate")
            scales, elements = [], []
            for row, p in zip(x.tolist(), power, strict=True):
                amax = Fraction(max(map(abs, row)))
                scale = 0
                if amax:
                    mantissa = amax / two(log2(amax))
                    more = {
                        "floor": False,
                        "ceil": mantissa > 1,
                        "even": int(mantissa * two(bits) + HALF) == 2 ** (bits + 1),
                        "rceil": mantissa > top / two(log2(top)),
                        "three_quarters": mantissa >= Fraction(3, 2),
                    }[rule]
                    scale = min(max(log2(amax) + int(p) - log2(top) + more + 127, 0), 254)
                scales.append(scale)
                elements.append([code(element, v * two(p) / two(scale - 127)) for v in row])
            yield Outcome("definition", sides["scale"][:, 0], scales)
            yield Outcome("definition", codes[:, 0], elements)


def run_floating(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    settings = [
        (E4M3, E2M1, Fraction(1000, 3), Fraction(0)),
        (E4M3, E2M1, None, Fraction(1, 64)),
        (UE5M3, E2M1, Fraction(12345), Fraction(0)),
        (Minifloat(exponent=4, mantissa=2, sign=False), E4M3, Fraction(77, 1 << 20), Fraction(1, 10)),
    ]
    for form, element, tensor, minimum in settings:
        scale = Floating(format=form, tensor_amax=tensor, minimum=minimum)
        top, limit = (exact.number(item, exact.top(item)) for item in (element, form))
        constant = top * limit / tensor if tensor else ONE
        x = frames(rng, count // len(settings))
        power = rng.integers(-24, 4, len(x))
        codes, sides = scale.quantize(groups(x, power), element, "even", "saturate")
        scales, elements = [], []
        for row, p in zip(x.tolist(), power, strict=True):
            amax = max(map(abs, row)) * two(p)
            found = max(code(form, amax * constant / top), code(form, minimum))
            step = exact.number(form, found)
            scales.append(found)
            elements.append([code(element, v * two(p) * constant / step) if step else 0 for v in row])
        yield Outcome("definition", sides["scale"][:, 0], scales)
        yield Outcome("definition", codes[:, 0], elements)


def run_maximum(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    settings = [
        ("int4", Maximum(), "even"),
        ("int8", Maximum(divisor=Fraction(255, 2)), "away"),
        ("int4", Maximum(clip=Fraction(9, 10), floor=100, store="fp16"), "zero"),
        ("e4m3", Maximum(store="fp16"), "even"),
        ("int3", Maximum(clip=Fraction(1, 3), floor=0), "up"),
    ]
    for name, scale, mode in settings:
        element = named("code", name)
        top = exact.number(element, exact.top(element))
        x = frames(rng, count // len(settings))
        codes, sides = scale.quantize(groups(x), element, mode, "saturate")
        scales, elements = [], []
        for row in x.tolist():
            amax = max(*map(abs, row), scale.floor)
            step = scale.clip * (amax or 1) / (scale.divisor or top)
            if scale.store == "exact":
                scales.append(amax)
            else:
                beyond = step >= 65520  # what rounds beyond binary16's largest number
                scales.append(0x7C00 if beyond else code(FP16, step if any(row) else ONE))
            elements.append([code(element, v / step, mode) for v in row])
        yield Outcome("definition", sides["scale"][:, 0], scales)
        yield Outcome("definition", codes[:, 0], elements)


def run_range(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    settings = [
        ("uint4", Range(), "even"),
        ("uint2", Range(clip=Fraction(4, 5)), "even"),
        ("uint8", Range(include_zero=False, floor=3), "away"),
        ("uint4", Range(zero="clamped", include_zero=False), "up"),
        ("uint4", Range(zero="float", include_zero=False, clip=Fraction(9, 10)), "even"),
        ("uint3", Range(zero="float"), "zero"),
    ]
    for name, scale, mode in settings:
        element = named("code", name)
        x = frames(rng, count // len(settings))
        x[1::2] += np.abs(x[1::2]).max(axis=1, keepdims=True)
        codes, sides = scale.quantize(groups(x), element, mode, "saturate")
        found: dict[str, list[Any]] = {"scale": [], "zero": [], "offset": []}
        elements = []
        for row in x.tolist():
            low, high = (min(*row, 0), max(*row, 0)) if scale.include_zero else (min(row), max(row))
            span = max(high - low, scale.floor)
            step = scale.clip * span / element.max
            found["scale"].append(span)
            found["offset"].append(low)
            zero = rounded(-low / step, mode)
            if scale.zero == "clamped":
                zero = min(max(zero, 0), element.max)
            found["zero"].append(zero)
            if scale.zero == "float":
                line = [rounded((v - low) / step, mode) for v in row]
            else:
                line = [rounded(v / step, mode) + zero for v in row]
            elements.append([min(max(v, 0), element.max) for v in line])
        for side, values in sides.items():
            yield Outcome("definition", values[:, 0], found[side])
        yield Outcome("definition", codes[:, 0], elements)


def run_static(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    steps = tuple(Fraction(int(n), 1 << 12) for n in rng.integers(1, 1 << 20, SIZE))
    settings = [
        ("int8", Static(step=("0.037",))),
        ("int4", Static(threshold=(Fraction(1 << 17),))),
        ("uint8", Static(step=steps, zero=tuple(int(z) for z in rng.integers(0, 256, SIZE)))),
        ("e4m3", Static(threshold=steps)),
    ]
    for name, scale in settings:
        element = named("code", name)
        top = exact.number(element, exact.top(element))
        x = frames(rng, count // len(settings))
        codes, _ = scale.quantize(groups(x, fraction=6), element, "even", "saturate")
        given = scale.step or tuple(t / top for t in scale.threshold)
        found = given * SIZE if len(given) == 1 else given
        zeros = scale.zero * SIZE if len(scale.zero) == 1 else scale.zero
        elements = []
        for row in x.tolist():
            values = [Fraction(v, 64) / s for v, s in zip(row, found, strict=True)]
            if isinstance(element, Format):
                line = [
                    rounded(v * two(element.fraction), "even") + z for v, z in zip(values, zeros, strict=True)
                ]
                elements.append([min(max(v, element.min), element.max) for v in line])
            else:
                elements.append([code(element, v) for v in values])
        yield Outcome("definition", codes[:, 0], elements)


COMPARISONS = tuple(
    Comparison("Fraction, number by number", name, ("definition",), run, 10**5)
    for name, run in (
        ("rounding of ratios", run_rounding),
        ("power-of-two scales", run_exponent),
        ("floating-point scales", run_floating),
        ("scales from the maximum", run_maximum),
        ("scales from the range", run_range),
        ("constant scales", run_static),
    )
)
