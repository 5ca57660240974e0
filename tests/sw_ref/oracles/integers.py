"""Integers and FP8 under scales from the group's maximum or range, against the order of operations that
published code uses in float32 (QuaRot, RotateKV, HQQ, torchao), float64, and whole numbers."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from sw_ref.oracles import exact, packages
from sw_ref.oracles.tally import Comparison, Outcome, Rule

from hadacast.elements import element as named
from hadacast.minifloat import E4M3, E5M2, Minifloat
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import Groups

SIZE = 128
HALF = Fraction(1, 2)

# Relative error of float32 division by a rounded scale, and of what is added to that.
FLOAT32 = 2.0**-22


def frames(rng: np.random.Generator, count: int) -> Any:
    """About `count` numbers in rows of 128 integers, 4 to 24 bits a row: normal, uniform, one outlier, all to
    one side, constant, zeros. Rows of few bits are full of ties.
    """
    rows = -(-count // SIZE)
    bits = rng.integers(3, 24, (rows, 1))
    kind = rng.integers(0, 8, (rows, 1))
    normal = rng.standard_normal((rows, SIZE)) / 4
    uniform = rng.uniform(-1, 1, (rows, SIZE))
    outlier = np.where(np.arange(SIZE) == rng.integers(0, SIZE, (rows, 1)), uniform, normal / 64)
    shifted = uniform / 3 + np.sign(uniform[:, :1]) / 2
    constant = np.broadcast_to(uniform[:, :1], uniform.shape)
    found = np.select(
        [kind == k for k in range(6)], [normal, uniform, outlier, shifted, constant, uniform / 16], 0.0
    )
    return np.clip(np.rint(np.ldexp(found, bits)), -(1 << 24) + 1, (1 << 24) - 1).astype(np.int64)


def one(x: Any) -> Groups:
    """Each frame one group of fixed point."""
    return Groups(x=x[:, None, :], fraction=0)


def run_symmetric(
    bits: int, divisor: Fraction | None, rng: np.random.Generator, count: int
) -> Iterator[Outcome]:
    """INTn, s = amax/divisor: whole numbers; float64; QuaRot's and torchao's float32."""
    element = named("code", f"int{bits}")
    x = frames(rng, count)
    codes, _ = Maximum(divisor=divisor).quantize(one(x), element, "even", "saturate")
    ours, amax = codes[:, 0], np.maximum(np.abs(x).max(axis=1), 1)[:, None]
    ratio = divisor or Fraction(element.max)
    above, below = np.abs(x) * ratio.numerator, amax * ratio.denominator
    right = exact.nearest(above, below)
    yield Outcome("definition", ours, np.clip(np.sign(x) * right, element.min, element.max))
    # One rounding to 53 bits, which decides no tie of ratios of 24-bit integers.
    theirs = np.rint(x * ratio.numerator / below.astype(np.float64))
    yield Outcome("numpy", ours, np.clip(theirs, element.min, element.max))
    if packages.installed("torch"):
        t = packages.torch()
        reals = t.from_numpy(x.astype(np.float32))
        scale = reals.abs().amax(dim=1, keepdim=True) / float(ratio)
        scale[scale == 0] = 1
        theirs = t.clamp(t.round(reals / scale), element.min, element.max).numpy()
        yield Outcome("torch", ours, theirs, near_ties(x, above, below, element.min, element.max))
    if divisor == Fraction(255, 2) and packages.installed("torchao"):
        theirs = torchao_int8(x.astype(np.float32))
        yield Outcome("torchao", ours, theirs, near_ties(x, above, below, element.min, element.max))


def torchao_int8(reals: Any) -> Any:
    """torchao's dynamic quantization of activations per token, symmetric int8: s = amax/127.5."""
    packages.torchao_mx()
    from torchao.quantization.quant_primitives import MappingType, choose_qparams_affine, quantize_affine

    t, tensor, block = packages.torch(), packages.torch().from_numpy(reals), (1, reals.shape[1])
    scale, zero = choose_qparams_affine(tensor, MappingType.SYMMETRIC, block, t.int8, -128, 127, eps=1e-30)
    return quantize_affine(tensor, block, scale, zero, t.int8, -128, 127).numpy().astype(np.int64)


def near_ties(x: Any, above: Any, below: Any, low: int, high: int, zero: Any = 0) -> tuple[Rule, ...]:
    """Where the quotient is half an integer but for what float32 loses, it may go to the other neighbour."""
    quotient = above / below
    half = np.floor(quotient) + 0.5
    near = np.abs(quotient - half) <= FLOAT32 * quotient
    return tuple(
        Rule(
            "float32 x/s on a tie or next to one: the other neighbour",
            near,
            np.clip(np.where(x < 0, -1, 1) * (np.floor(quotient) + step) + zero, low, high),
            always=False,
        )
        for step in (0, 1)
    )


def zero_ties(rng: np.random.Generator, rows: int, most: int) -> Any:
    """Rows whose zero point lies halfway between two integers: s is 2t and min an odd multiple of -t."""
    t = 1 << rng.integers(0, 12, (rows, 1))
    low = -(2 * rng.integers(0, most, (rows, 1)) + 1) * t
    x = rng.integers(low, low + 2 * most * t + 1, (rows, SIZE))
    x[:, :1], x[:, 1:2] = low, low + 2 * most * t
    return x


def run_asymmetric(bits: int, clip: Fraction, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """RotateKV's and QuaRot's order: s = (max - min)·c/(2^n - 1), z = round(-min/s), round(x/s) + z."""
    element = named("code", f"uint{bits}")
    x = frames(rng, count)
    x[::4] = zero_ties(rng, len(x[::4]), element.max)
    codes, sides = Range(clip=clip).quantize(one(x), element, "even", "saturate")
    ours, zero = codes[:, 0], sides["zero"]
    low, high = np.minimum(x.min(axis=1), 0)[:, None], np.maximum(x.max(axis=1), 0)[:, None]
    span = np.maximum(high - low, 1)
    steps = element.max * clip.denominator
    below = span * clip.numerator
    right_zero = exact.nearest(-low * steps, below)
    right = np.sign(x) * exact.nearest(np.abs(x) * steps, below) + right_zero
    yield Outcome("definition", zero, right_zero)
    yield Outcome("definition", ours, np.clip(right, 0, element.max))
    theirs_zero = np.rint(-low * steps / below.astype(np.float64))
    theirs = np.rint(x * steps / below.astype(np.float64)) + theirs_zero
    yield Outcome("numpy", ours, np.clip(theirs, 0, element.max))
    if packages.installed("torch"):
        t = packages.torch()
        reals = t.from_numpy(x.astype(np.float32))
        least = reals.amin(dim=1, keepdim=True).clamp(max=0)
        scale = (reals.amax(dim=1, keepdim=True).clamp(min=0) - least) * float(clip) / element.max
        scale[scale == 0] = 1
        found_zero = t.round(-least / scale)
        theirs = t.clamp(t.round(reals / scale) + found_zero, 0, element.max).numpy()
        theirs_zero = found_zero.numpy().astype(np.int64)
        nil = (x == 0).all(axis=1, keepdims=True)
        yield Outcome("torch", zero, theirs_zero, near_ties(-low * 0, -low * steps, below, 0, 1 << 24))
        # A zero point rounded the other way moves every code of its group.
        rules = near_ties(x, np.abs(x) * steps, below, 0, element.max, theirs_zero)
        moved = np.clip(right - right_zero + theirs_zero, 0, element.max)
        other = (theirs_zero != right_zero) & ~nil
        rule = Rule("float32 zero point: the group's codes move by one", other, moved, always=False)
        yield Outcome("torch", ours, theirs, (rule, *rules))


def run_offset(bits: int, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """HQQ's kind of zero point, a number: round((x - min)/s), whatever the signs."""
    element = named("code", f"uint{bits}")
    x = frames(rng, count)
    scale = Range(zero="float", include_zero=False)
    codes, sides = scale.quantize(one(x), element, "even", "saturate")
    ours, low, high = codes[:, 0], x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    span = np.maximum(high - low, 1)
    yield Outcome("definition", sides["offset"], low)
    yield Outcome("definition", ours, exact.nearest((x - low) * element.max, span))
    theirs = np.rint((x - low) * element.max / span.astype(np.float64))
    yield Outcome("numpy", ours, theirs)
    if packages.installed("torch"):
        t = packages.torch()
        reals = t.from_numpy(x.astype(np.float32))
        least, most = reals.amin(dim=1, keepdim=True), reals.amax(dim=1, keepdim=True)
        step = element.max / (most - least).clamp(min=1)
        theirs = t.clamp(t.round(reals * step + -least * step), 0, element.max).numpy()
        yield Outcome("torch", ours, theirs, hqq_ties(x - low, low, element.max, span))


def hqq_ties(above: Any, low: Any, most: int, span: Any) -> tuple[Rule, ...]:
    """HQQ adds a rounded zero point to a rounded product: its error grows with |min|/(max - min)."""
    quotient = above * most / span
    half = np.floor(quotient) + 0.5
    near = np.abs(quotient - half) <= 2.0**-21 * (quotient + np.abs(low) * most / span + 1)
    return tuple(
        Rule(
            "float32 x/s + z on a tie or next to one: the other neighbour",
            near,
            np.clip(np.floor(quotient) + step, 0, most),
            always=False,
        )
        for step in (0, 1)
    )


def run_float(element: Minifloat, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """FP8 per token: s = amax/448 or amax/57344."""
    x = frames(rng, count)
    codes, _ = Maximum().quantize(one(x), element, "even", "saturate")
    ours, amax = codes[:, 0], np.maximum(np.abs(x).max(axis=1), 1)[:, None]
    table = exact.numbers(element)[:-1]
    middles = (table[:-1] + table[1:]) / 2
    # x·largest ≥ middle·amax, all exact in float64.
    above = np.abs(x) * table[-1]
    right = np.zeros(x.shape, dtype=np.int64)
    near = np.full(x.shape, False)
    for code, middle in enumerate(middles):
        bound = middle * amax
        right += (above > bound) | ((above == bound) & (code % 2 == 1))
        near |= np.abs(above - bound) <= FLOAT32 * bound
    sign = np.where(x < 0, element.sign_bit, 0)
    yield Outcome("definition", ours, right | sign)
    if packages.installed("torchao"):
        theirs = torchao_float8(x.astype(np.float32), element)
        other = tuple(
            Rule(
                "float32 x/s next to a boundary: the other neighbour",
                near,
                (right | sign) + step,
                always=False,
            )
            for step in (-1, 1)
        )
        yield Outcome("torchao", ours, theirs, other)


def torchao_float8(reals: Any, element: Minifloat) -> Any:
    """torchao's float8 of activations, a scale for each row."""
    packages.torchao_mx()
    from torchao.quantization.quant_primitives import _choose_scale_float8, _quantize_affine_float8

    t, tensor = packages.torch(), packages.torch().from_numpy(reals)
    kind = getattr(t, packages.TORCH_CASTS[element])
    scale = _choose_scale_float8(tensor, [1, reals.shape[1]], kind)
    scale[scale == 0] = 1
    return _quantize_affine_float8(tensor, scale, kind).view(t.uint8).numpy().astype(np.int64)


PACKAGES = ("definition", "numpy", "torch")
COMPARISONS = (
    *(
        Comparison("integer", f"INT{bits} symmetric", PACKAGES, partial(run_symmetric, bits, None))
        for bits in range(2, 9)
    ),
    Comparison(
        "integer",
        "INT8 symmetric, s = a/127.5",
        (*PACKAGES, "torchao"),
        partial(run_symmetric, 8, Fraction(255, 2)),
    ),
    *(
        Comparison(
            "integer",
            f"INT{bits} asymmetric" + (f", clip {clip}" if clip != 1 else ""),
            PACKAGES,
            partial(run_asymmetric, bits, clip),
        )
        for bits, clip in (*((bits, Fraction(1)) for bits in range(2, 9)), (2, Fraction(4, 5)))
    ),
    *(
        Comparison("integer", f"INT{bits} asymmetric, real zero point", PACKAGES, partial(run_offset, bits))
        for bits in (2, 3, 4, 8)
    ),
    *(
        Comparison(
            "FP8 per token", str(element).upper(), ("definition", "torchao"), partial(run_float, element)
        )
        for element in (E4M3, E5M2)
    ),
)
