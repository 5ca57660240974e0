"""NVFP4 and other groups under floating-point scales: two libraries' float32, and the definition."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from sw_ref.oracles import exact, packages
from sw_ref.oracles.blocks import framed, groups
from sw_ref.oracles.tally import Comparison, Outcome, Rule

from hadacast.minifloat import E2M1, E2M3, E4M3, UE5M3, Minifloat
from hadacast.scale.floating import Floating

SIZE = 16
TENSORS = 64  # tensor constants in a chunk


def tensors(rng: np.random.Generator, count: int) -> Iterator[tuple[Any, int, Any, Fraction]]:
    """Tensors of groups: x, power, float32 values, and a tensor_amax: the tensor's own, any, one far above
    (tiny blocks in a large tensor), or one below (saturated scales). Half of the tensors have 8 significant
    bits, as bfloat16 has, and a quarter small integers under a tensor_amax of 7·k·2^n, where scales and
    elements meet boundaries exactly.
    """
    for index in range(TENSORS):
        kind = index % 8
        x, _, _ = groups(rng, -(-count // SIZE // TENSORS), SIZE)
        bits = np.frexp(np.abs(x).astype(np.float64))[1]
        if kind in (0, 1, 2, 3):  # any float32 that the input's 25 bits hold
            x = x >> np.maximum(bits.max(axis=1, keepdims=True) - 24, 0)
            x = x >> rng.integers(0, 25, (len(x), 1)) * rng.integers(0, 2, (len(x), 1))
        else:
            x = x >> np.maximum(bits if kind == 4 else bits.max(axis=1, keepdims=True), 8) - 8
        power = int(rng.integers(-70, 40))
        amax = float(np.abs(x).max()) or 1.0
        small = int(rng.integers(1, 19))
        tensor = {
            0: amax,
            1: amax * (1 + rng.random()),
            2: amax * 2.0 ** rng.integers(1, 30),
            3: amax * rng.random() + 1,
            4: amax,
            5: float(rng.integers(128, 256)),
            6: 7.0 * small * 2.0 ** rng.integers(0, 8),
            7: 7.0 * small * 2.0 ** rng.integers(-6, 3),
        }[kind]
        tensor = float(np.float32(np.ldexp(tensor, power)))
        yield x, power, np.ldexp(x.astype(np.float32), power), Fraction(min(max(tensor, 2.0**-64), 2.0**64))


def ours(scale: Floating, x: Any, power: int, element: Minifloat = E2M1) -> tuple[Any, Any]:
    codes, sides = scale.quantize(framed(x, np.full(len(x), power)), element, "even", "saturate")
    return sides["scale"][:, 0], codes[:, 0]


def run_library(library: str, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """A library's arithmetic against the library: every bit, no rules."""
    if not packages.installed(library):
        return
    for x, power, reals, tensor in tensors(rng, count):
        scale, codes = ours(Floating(arithmetic=library, tensor_amax=tensor), x, power)
        run = packages.nvfp4 if library == "torchao" else packages.te_nvfp4
        theirs, theirs_codes = run(reals, float(tensor))
        yield Outcome(library, scale, theirs)
        yield Outcome(library, codes, theirs_codes)


def run_single(rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """Without a tensor constant: torchao's single level, and Transformer Engine at S = 1."""
    for x, power, reals, _ in tensors(rng, count // 2):
        if packages.installed("torchao"):
            scale, codes = ours(Floating(arithmetic="torchao"), x, power)
            theirs, theirs_codes = packages.nvfp4(reals, None)
            yield Outcome("torchao", scale, theirs)
            yield Outcome("torchao", codes, theirs_codes)
        if packages.installed("transformer_engine"):
            scale, codes = ours(Floating(arithmetic="transformer_engine"), x, power)
            theirs, theirs_codes = packages.te_nvfp4(reals, 2688.0)
            yield Outcome("transformer_engine", scale, theirs)
            yield Outcome("transformer_engine", codes, theirs_codes)


def ideal_scale(x: Any, power: int, tensor: Fraction | None, element: Minifloat, form: Minifloat) -> Any:
    """Above and below of amax·S/e, whole numbers or float64 that are exact."""
    amax = np.ldexp(np.abs(x).max(axis=1).astype(np.float64), power)
    if tensor is None:
        return amax, float(exact.number(element, exact.top(element)))
    return amax * float(exact.number(form, exact.top(form))), float(tensor)


def definition(
    x: Any, power: int, tensor: Fraction | None, element: Minifloat, form: Minifloat
) -> tuple[Any, Any, Any, Any]:
    """Scale codes, element codes, and how near each ideal value lies to a boundary, relatively.

    Everything is a product of small integers and powers of two, exact in float64: a boundary m counts as
    reached where amax·S·tensor ≥ m·tensor.
    """
    above, below = ideal_scale(x, power, tensor, element, form)
    scale, near = _reached(form, above, below)
    value = exact.numbers(form)[scale]
    top = float(exact.number(element, exact.top(element)))
    limit = float(exact.number(form, exact.top(form)))
    gain, divisor = (top * limit, float(tensor)) if tensor is not None else (1.0, 1.0)
    ideal = np.ldexp(x.astype(np.float64), power) * gain
    codes, element_near = _reached(element, np.abs(ideal), (value * divisor)[:, None])
    codes = codes | np.where((x < 0), element.sign_bit, 0)
    codes = np.where((value == 0)[:, None], 0, codes)
    return scale, codes, near, element_near


def _reached(form: Minifloat, above: Any, below: Any) -> tuple[Any, Any]:
    """Codes of above/below, ties to even, saturated, and the relative distance to the nearest boundary."""
    table = exact.numbers(form)[:-1]
    middles = (table[:-1] + table[1:]) / 2
    codes = np.zeros(np.broadcast(above, below).shape, dtype=np.int64)
    near = np.full(codes.shape, np.inf)
    for code, middle in enumerate(middles):
        bound = middle * below
        codes += (above > bound) | ((above == bound) & (code % 2 == 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            near = np.fmin(near, np.abs(above - bound) / bound)
    return codes, near


def run_exact(
    form: Minifloat, element: Minifloat, single: bool, rng: np.random.Generator, count: int
) -> Iterator[Outcome]:
    for x, power, _, tensor in tensors(rng, count):
        found = None if single else tensor
        scale, codes = ours(Floating(format=form, tensor_amax=found), x, power, element)
        right, those, _, _ = definition(x, power, found, element, form)
        yield Outcome("definition", scale, right)
        yield Outcome("definition", codes, those)


def run_against_exact(library: str, rng: np.random.Generator, count: int) -> Iterator[Outcome]:
    """The definition against a library: where and how float32 differs."""
    if not packages.installed(library):
        return
    torchao = library == "torchao"
    for x, power, reals, tensor in tensors(rng, count):
        minimum = Fraction(1, 64) if torchao else Fraction(0)
        scale, codes = ours(Floating(tensor_amax=tensor, minimum=minimum), x, power)
        theirs, theirs_codes = (packages.nvfp4 if torchao else packages.te_nvfp4)(reals, float(tensor))
        _, _, near, _ = definition(x, power, tensor, E2M1, E4M3)
        close = near <= FLOAT32
        yield Outcome(
            library,
            scale,
            theirs,
            tuple(
                Rule("scale next to a boundary of E4M3, float32 rounds otherwise", close, scale + step, False)
                for step in (-1, 1)
            ),
        )
        other = (scale != theirs)[:, None]
        zero = (theirs == 0)[:, None]
        under, element_near = _under(x, power, tensor, theirs)
        yield Outcome(
            library,
            codes,
            theirs_codes,
            (
                Rule(
                    "Transformer Engine, scale 0: codes ±6 for what isn't 0, not 0",
                    zero & (x != 0),
                    np.where(x < 0, 15, 7),
                ),
                Rule("elements under the library's other scale", other & (element_near > FLOAT32), under),
                *(
                    Rule(
                        "element next to a boundary of E2M1, float32 rounds otherwise",
                        (element_near <= FLOAT32) & ~zero,
                        under + step,
                        False,
                    )
                    for step in (-1, 0, 1)
                ),
            ),
        )


# Relative error of four float32 roundings: amax/6, the tensor's constant, their ratio, the reciprocal.
FLOAT32 = 4 * 2.0**-24


def _under(x: Any, power: int, tensor: Fraction, scale: Any) -> tuple[Any, Any]:
    """Exact element codes under given scale codes, and their distance to a boundary."""
    value = exact.numbers(E4M3)[scale]
    ideal = np.abs(np.ldexp(x.astype(np.float64), power)) * 2688
    codes, near = _reached(E2M1, ideal, (value * float(tensor))[:, None])
    return codes | np.where(x < 0, 8, 0), near


COMPARISONS = (
    *(
        Comparison("NVFP4", f"arithmetic {name!r}", (name,), partial(run_library, name))
        for name in ("torchao", "transformer_engine")
    ),
    Comparison(
        "NVFP4", "both libraries' arithmetic, one level", ("torchao", "transformer_engine"), run_single
    ),
    Comparison("NVFP4", "exact", ("definition",), partial(run_exact, E4M3, E2M1, False)),
    Comparison("NVFP4", "exact, one level", ("definition",), partial(run_exact, E4M3, E2M1, True)),
    Comparison("NVFP4", "exact, UE5M3 scales", ("definition",), partial(run_exact, UE5M3, E2M1, False)),
    Comparison("NVFP4", "exact, E2M3 elements", ("definition",), partial(run_exact, E4M3, E2M3, False)),
    *(
        Comparison("NVFP4", f"exact, beside {name}", (name,), partial(run_against_exact, name))
        for name in ("torchao", "transformer_engine")
    ),
)
