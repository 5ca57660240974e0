"""What a Block's numbers are, in exact fractions, and Blocks of every kind that a quantizer leaves."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from hadacast.elements import element as named
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import BF16, E4M3, E5M2, E8M0, FP16, FP32
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.quantize import Quantize
from hadacast.table import Table

F = Fraction
X12 = Format(width=12, fraction=4)


def quantized(code, scale, input_=X12, frame=16, lanes=4, **settings):
    """The Block that a quantizer leaves."""
    return Quantize(frame=frame, lanes=lanes, input=input_, code=code, scale=scale, **settings).output


def kind(name, **settings):
    return {"kind": name, **settings}


ALIGNED = exponents(Format(width=10, fraction=6), 16)
BLOCKS = {
    "int4 exact": quantized("int4", "maximum", group=8),
    "int8 127.5 clip": quantized("int8", kind("maximum", divisor="127.5", clip="0.9"), group=2),
    "int8 fp16": quantized("int8", kind("maximum", store="fp16")),
    "fp8 bf16": quantized("e4m3", kind("maximum", store="bf16"), ALIGNED),
    "int4 or int8": quantized("int4", "maximum", group=8, wide="int8", above=100),
    "bfp4 or bfp8": quantized("bfp4", "exponent", group=4, wide="bfp8", above=100),
    "range": quantized("uint4", "range", group=8),
    "range clamped": quantized("uint2", kind("range", zero="clamped", store="fp16"), group=4),
    "range far": quantized("uint4", kind("range", include_zero=False, clip="0.5", floor=50)),
    "range float": quantized("uint4", kind("range", zero="float"), group=8),
    "range float fp16": quantized("uint3", kind("range", zero="float", store="fp16"), group=8),
    "range float fp32": quantized("uint2", kind("range", zero="float", store="fp32"), ALIGNED, group=4),
    "mxfp4": quantized("e2m1", "exponent", group=4),
    "mxfp8": quantized("e5m2", "exponent", group=8),
    "mxint8 tile": quantized("mxint8", "exponent", group=4, rows=4),
    "mxfp6 frame": quantized("e3m2", "exponent", ALIGNED),
    "nvfp4": quantized("e2m1", kind("floating", tensor_amax="37.5"), group=4),
    "nvfp4 one level": quantized("e2m1", kind("floating", format="ue5m3"), group=8),
    "static": quantized("int8", kind("static", step="0.013")),
    "static channels": quantized(
        "uint8", kind("static", step=[F(n, 7) for n in range(1, 17)], zero=[*range(16)])
    ),
    "static fp8": quantized("e4m3", kind("static", threshold=7)),
    "plain e4m3": Block(element=E4M3, group=16),
    "plain bf16": Block(element=BF16, group=16),
    "plain int4": Block(element=named("x", "int4"), group=16),
    "table": Block(element=Table(width=3, values=(0, 1, 2, 4, 0, -1, -2, -4), fraction=1), group=16),
    "table scaled": Block(element=Table(width=2, values=(-5, 3, 9)), group=4, scale=E8M0),
    "fp32 infinities": Block(element=E5M2, group=4, scale=FP32, offset=FP16),
}


def codes_of(block, frames, rng, frame=16, specials=0.05):
    """Random codes and sides: every short code; scales mostly of moderate exponents, and some of any."""

    def some(format_, shape, near):
        values = rng.integers(format_.min, format_.max + 1, shape)
        if near and hasattr(format_, "exponent"):
            spread = rng.integers(-6, 7, shape) + format_.bias + near
            low = rng.integers(0, 1 << format_.mantissa, shape)
            moderate = np.clip(spread, 0, (1 << format_.exponent) - 1) << format_.mantissa | low
            values = np.where(rng.random(shape) < specials, values, moderate)
        return values

    k = block.groups(frame)
    widest = block.wide if block.width > block.element.width else block.element
    codes = some(widest, (frames, frame), 0)
    every = np.arange(widest.min, widest.max + 1)
    if len(every) <= codes.size:
        codes.reshape(-1)[: len(every)] = every
    sides = {}
    for name in block.sides:
        if name == "wide":
            sides[name] = rng.integers(0, 2, (frames, k))
        else:
            near = {FP16: 3, BF16: 3, FP32: 3}.get(getattr(block, name), 1)
            sides[name] = some(getattr(block, name), (frames, k), near)
    if block.wide is not None:
        # Codes of narrow groups are the narrow format's.
        narrow = some(block.element, (frames, frame), 0)
        flag = np.zeros((frames, k, block.group * block.rows), dtype=np.int64) + sides["wide"][..., None]
        codes = np.where(block.ungrouped(flag) == 1, codes, narrow)
    return Frames(codes=codes, **sides)


def exact(block, frames):
    """The numbers of a Block as Fractions, or as float infinities and NaN, (f, N) lists."""
    f, n = frames.codes.shape
    group = block.ungrouped(
        np.zeros((1, block.groups(n), block.group * block.rows), dtype=np.int64)
        + np.arange(block.groups(n))[:, None]
    )[0]
    result = []
    for row in range(f):
        numbers = []
        for place in range(n):
            k = group[place]
            wide = frames.wide is not None and frames.wide[row, k] == 1
            element = block.wide if wide else block.element
            gain = (block.wide_gain if wide and block.wide_gain else block.gain)[place % len(block.gain)]

            def of(name, neutral, k=k, row=row):
                side = getattr(frames, name)
                return neutral if side is None else real(getattr(block, name), side[row, k])

            value = real(element, frames.codes[row, place])
            point = block.zero_point[place % len(block.zero_point)]
            value = minus(value, of("zero", F(0)) + point)
            value = times(times(value, of("scale", F(1))), gain)
            numbers.append(plus(value, of("offset", F(0))))
        result.append(numbers)
    return result


def real(format_, code):
    number = float(format_.decode(np.array([code]))[0])
    return F(number) if math.isfinite(number) else number


def times(a, b):
    return a * b if isinstance(a, F) and isinstance(b, F) else _float(a) * _float(b)


def plus(a, b):
    return a + b if isinstance(a, F) and isinstance(b, F) else _float(a) + _float(b)


def minus(a, b):
    return a - b if isinstance(a, F) else a


def _float(a):
    """A sign, 0 or itself: enough for what infinities and NaN become."""
    return float((a > 0) - (a < 0)) if isinstance(a, F) else a


def rounded(number, format_, mode):
    """A number in a Format, by the definition of each rounding."""
    if not isinstance(number, F):
        return 0 if math.isnan(number) else (format_.max if number > 0 else format_.min)
    scaled = number * F(2) ** format_.fraction
    below = math.floor(scaled)
    rest = scaled - below
    half = F(1, 2)
    if mode == "zero":
        code = math.trunc(scaled)
    elif mode == "even":
        code = below + (rest > half or (rest == half and below % 2 == 1))
    elif mode == "up":
        code = below + (rest >= half)
    else:
        code = below + (rest > half or (rest == half and scaled > 0))
    return min(max(code, format_.min), format_.max)


def stages(name, lanes=4):
    """A few stages for a Block."""
    block = BLOCKS[name]
    first = Dequantize(frame=16, lanes=lanes, input=block, width=16, fraction=6)
    narrow = replace(first, width=9, fraction=1, rounding="away")
    return [first, narrow]
