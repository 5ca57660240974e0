"""Single values and blocks on which libraries, formats or rules part: the tables of docs/oracles.md.

Every cell is what a call gives when it is made, not what somebody wrote down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sw_ref.oracles import casts, exact, mx, packages
from sw_ref.oracles.blocks import framed

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2, E8M0, UE5M3, Minifloat
from hadacast.rounding import odd_parts
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.scale import Groups

INF, NAN = float("inf"), float("nan")
MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Case:
    """A row: what goes in, and for each column a call that says what comes out."""

    text: str
    cells: dict[str, Callable[[], str]]

    def run(self, known: dict[str, str] | None = None) -> dict[str, str]:
        """Each column's text; of columns whose package isn't installed, what is known."""
        found = {}
        for column, cell in self.cells.items():
            if all(packages.installed(oracle) for oracle in COLUMN_NEEDS.get(column, ())):
                found[column] = cell()
            elif known and column in known:
                found[column] = known[column]
        return found


COLUMN_NEEDS = {
    "ml_dtypes": ("ml_dtypes",),
    "gfloat": ("gfloat",),
    "torch, torchao": ("torchao",),
    "torchao": ("torchao",),
    "Transformer Engine": ("transformer_engine",),
    "torch float32": ("torch",),
}


def show(value: float) -> str:
    """A number as an engineer would write it."""
    if np.isnan(value):
        return "NaN"
    if value == 0:
        return "−0" if np.signbit(value) else "0"
    sign, magnitude = ("−" if value < 0 else ""), abs(float(value))
    if np.isinf(magnitude):
        return f"{sign}Inf"
    if magnitude == MAX:
        return f"{sign}FLT_MAX"
    odd, _, power = odd_parts(Fraction(magnitude))
    if not 2.0**-5 <= magnitude < 1e6 and odd < 64:
        return f"{sign}2^{power}" if odd == 1 else f"{sign}{odd}·2^{power}"
    return f"{sign}{magnitude:.10g}"


def _cast(call: Callable[[Any], Any], element: Minifloat, values: tuple[float, ...]) -> Callable[[], str]:
    def run() -> str:
        shown = []
        for value in values:
            try:
                with np.errstate(all="ignore"):
                    code = int(call(np.array([value], dtype=np.float32))[0])
                shown.append(show(float(element.decode(code))))
            except (HadacastError, ValueError, AssertionError):
                shown.append("error")
        return " ".join(shown)

    return run


def _definition(element: Minifloat, values: tuple[float, ...]) -> Callable[[], str]:
    """By Fraction; the definition of rounding says nothing of -0, infinities, NaN and missing signs."""

    def run() -> str:
        shown = []
        for value in values:
            zero = value == 0 and np.signbit(value)
            if not np.isfinite(value) or zero or (value < 0 and not element.sign):
                shown.append("–")
            else:
                shown.append(show(float(element.decode(exact.cast_fraction(element, Fraction(value))))))
        return " ".join(shown)

    return run


def cast_case(text: str, element: Minifloat, *values: float) -> Case:
    cells: dict[str, Callable[[], str]] = {
        "hadacast": _cast(element.encode, element, values),
        "definition": _definition(element, values),
    }
    if element in packages.ML_DTYPES:
        cells["ml_dtypes"] = _cast(
            lambda v: v.astype(packages.ml_dtypes(element)).view(np.uint8), element, values
        )
    cells["gfloat"] = _cast(lambda v: packages.gfloat_codes(element, v.astype(np.float64)), element, values)
    if element in packages.ML_DTYPES:
        cells["torch, torchao"] = _cast(lambda v: packages.torch_codes(element, v), element, values)
    name = str(element)
    return Case(f"{name.upper() if ' ' not in name else 'UE5M3' + name[5:]}: {text}", cells)


CASTS = (
    cast_case("ties 0.25 0.75 1.25 1.75 2.5 3.5 5", E2M1, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5),
    cast_case("just above a tie, 5 + 2^-21", E2M1, 5 + 2.0**-21),
    cast_case("−0, −0.1", E2M1, -0.0, -0.1),
    cast_case("7, 1e30, Inf", E2M1, 7, 1e30, INF),
    cast_case("NaN", E2M1, NAN),
    cast_case("7.75 (tie beyond the largest), Inf", E2M3, 7.75, INF),
    cast_case("30 (tie beyond the largest), −Inf", E3M2, 30, -INF),
    cast_case("2^-10, 3·2^-10 (ties of subnormals)", E4M3, 2.0**-10, 3 * 2.0**-10),
    cast_case("464 (tie), 465, Inf", E4M3, 464, 465, INF),
    cast_case("NaN", E4M3, NAN),
    cast_case("2^-17, 3·2^-17 (ties of subnormals)", E5M2, 2.0**-17, 3 * 2.0**-17),
    cast_case("61439, 61440 (tie), Inf", E5M2, 61439, 61440, INF),
    cast_case("NaN", E5M2, NAN),
    cast_case("118784 (tie), 118785, −1", UE5M3, 118784, 118785, -1),
    cast_case("118784, 126976 (ties)", casts.UE5M3_FINITE, 118784, 126976),
    cast_case("63487, 63488 (tie)", casts.UE5M3_IEEE, 63487, 63488),
    cast_case("0", E8M0, 0.0),
    cast_case("1.5, 3 (both significands odd)", E8M0, 1.5, 3),
    cast_case("1.25·2^-127", E8M0, 1.25 * 2.0**-127),
    cast_case("FLT_MAX, Inf", E8M0, MAX, INF),
    cast_case("NaN, −1", E8M0, NAN, -1),
)


def _block(amax: float) -> tuple[Any, Any, Any]:
    """A block of 32 of which only the first is not zero, as integers and as float32."""
    reals = np.zeros((1, 32), dtype=np.float32)
    reals[0, 0] = amax
    if not np.isfinite(amax):
        return None, None, reals
    x, power = casts.integers(reals)
    return np.where(np.arange(32) == 0, x, 0), power[:, 0], reals


def _mx_ours(element: Any, rule: str, amax: float) -> Callable[[], str]:
    def run() -> str:
        x, power, _ = _block(amax)
        if x is None:  # what an align stage leaves of NaN
            groups = Groups(x=np.zeros((1, 1, 32), np.int64), fraction=0, invalid=np.array([[True]]))
        else:
            groups = framed(x, power)
        codes, sides = Exponent(rule=rule).quantize(groups, element, "even", "saturate")
        return f"{sides['scale'][0, 0]} / {show(float(element.decode(codes[0, 0, 0])))}"

    return run


def _mx_theirs(element: Any, rule: str, amax: float) -> Callable[[], str]:
    def run() -> str:
        scale, codes = packages.mx(_block(amax)[2], element, rule)
        return f"{scale[0]} / {show(float(element.decode(codes[0, 0])))}"

    return run


def _mx_definition(element: Any, rule: str, amax: float) -> Callable[[], str]:
    def run() -> str:
        x, power, _ = _block(amax)
        if x is None:
            return "–"
        scale, codes = mx.definition(x, power, element, rule)
        return f"{scale[0]} / {show(float(element.decode(codes[0, 0])))}"

    return run


def mx_case(text: str, element: Any, rule: str, amax: float) -> Case:
    cells = {
        "hadacast": _mx_ours(element, rule, amax),
        "definition": _mx_definition(element, rule, amax),
    }
    if rule in mx.TORCHAO_RULES and isinstance(element, Minifloat):
        cells["torchao"] = _mx_theirs(element, rule, amax)
    name = next((name for name, item in mx.ELEMENTS.items() if item == element), "MXINT8")
    return Case(f"{name} {rule.replace('three_quarters', '¾')}: amax {text}", cells)


ABOVE_6144 = float(np.nextafter(np.float32(6144), np.float32(INF)))
MXINT8 = named("code", "mxint8")
MX = (
    *(
        mx_case(f"{amax}", E2M1, rule, amax)
        for amax in (5, 6, 7)
        for rule in (*mx.TORCHAO_RULES, "three_quarters")
    ),
    *(mx_case("FLT_MAX", E2M1, rule, MAX) for rule in mx.TORCHAO_RULES),
    mx_case("0: a block of zeros", E2M1, "floor", 0.0),
    mx_case("0: a block of zeros", E2M1, "rceil", 0.0),
    mx_case("6·2^-127, scale code 0", E2M1, "floor", 6 * 2.0**-127),
    mx_case("6·2^-127, scale code 0", E2M1, "rceil", 6 * 2.0**-127),
    mx_case("2^-149, float32's least", E5M2, "floor", 2.0**-149),
    mx_case("6144 + 2^-11, one float32 step above", E2M1, "rceil", ABOVE_6144),
    mx_case("NaN", E2M1, "floor", NAN),
    mx_case("NaN", E2M1, "rceil", NAN),
    mx_case("1.9375 (tie of the carry)", E4M3, "even", 1.9375),
    mx_case("255/128", MXINT8, "floor", 255 / 128),
    mx_case("255/128", MXINT8, "even", 255 / 128),
    mx_case("−2", MXINT8, "floor", -2.0),
)


def _nvfp4_ours(settings: dict[str, Any], x: Any, power: int) -> Callable[[], str]:
    def run() -> str:
        codes, sides = Floating(**settings).quantize(framed(x, np.array([power])), E2M1, "even", "saturate")
        return _nvfp4_text(sides["scale"][0, 0], codes[0, 0])

    return run


def _nvfp4_text(scale: int, codes: Any) -> str:
    return (
        f"{show(float(E4M3.decode(int(scale))))} / {' '.join(show(float(v)) for v in E2M1.decode(codes[:3]))}"
    )


def nvfp4_case(text: str, values: tuple[int, int, int], power: int, tensor_amax: float | None) -> Case:
    """A block of these three integers times 2^power and thirteen zeros."""
    x = np.zeros((1, 16), dtype=np.int64)
    x[0, :3] = values
    reals = np.ldexp(x.astype(np.float32), power)
    tensor = None if tensor_amax is None else Fraction(tensor_amax)
    settings = {"tensor_amax": tensor}

    def theirs(call: Callable[..., Any], amax: float | None) -> Callable[[], str]:
        def run() -> str:
            scale, codes = call(reals, amax)
            return _nvfp4_text(scale[0], codes[0])

        return run

    cells = {"hadacast, exact": _nvfp4_ours(settings, x, power)}
    for column, name in (("torchao", "torchao"), ("Transformer Engine", "transformer_engine")):
        cells[f"hadacast, {name}"] = _nvfp4_ours({**settings, "arithmetic": name}, x, power)
        call = packages.nvfp4 if name == "torchao" else packages.te_nvfp4
        amax = 2688.0 if tensor_amax is None and name != "torchao" else tensor_amax
        cells[column] = theirs(call, amax)
    return Case(text, cells)


# The last six are from a search among small integers: boundaries met exactly, where float32 errs.
NVFP4 = (
    nvfp4_case("the tensor's largest: 6 −3 1, tensor_amax 6", (6, -3, 1), 0, 6.0),
    nvfp4_case("block of zeros, tensor_amax 6", (0, 0, 0), 0, 6.0),
    nvfp4_case("no tensor_amax: 6 −3 1", (6, -3, 1), 0, None),
    nvfp4_case("no tensor_amax, tiny block: 6 −3 1 times 2^-12", (6, -3, 1), -12, None),
    nvfp4_case("tiny block in a large tensor: 1 −1 0, tensor_amax 2^20", (1, -1, 0), 0, 2.0**20),
    nvfp4_case("subnormal scale: 3 −2 1, tensor_amax 65,536", (3, -2, 1), 0, 65536.0),
    nvfp4_case("tensor_amax too small: 24 −12 6, tensor_amax 6", (24, -12, 6), 0, 6.0),
    nvfp4_case("scale tie: 125 −17 48, tensor_amax 280", (125, -17, 48), 0, 280.0),
    nvfp4_case("scale tie: 46 −7 46, tensor_amax 56", (46, -7, 46), 0, 56.0),
    nvfp4_case("scale tie: 85 −39 27, tensor_amax 280", (85, -39, 27), 0, 280.0),
    nvfp4_case("scale tie: 62 −37 11, tensor_amax 1,792", (62, -37, 11), 0, 1792.0),
    nvfp4_case("element tie: 121 −24 7, tensor_amax 56", (121, -24, 7), 0, 56.0),
    nvfp4_case("element tie: 87 −75 19, tensor_amax 840", (87, -75, 19), 0, 840.0),
)


def _integers_text(codes: Any) -> str:
    return " ".join(str(int(code)).replace("-", "−") for code in codes)


def symmetric_case(bits: int, text: str, row: tuple[int, ...], divisor: Fraction | None = None) -> Case:
    """x/s with s = amax/divisor."""
    element, x = named("code", f"int{bits}"), np.array([row])
    ratio, amax = divisor or Fraction(element.max), max(map(abs, row)) or 1

    def ours() -> str:
        codes, _ = Maximum(divisor=divisor).quantize(
            Groups(x=x[:, None], fraction=0), element, "even", "saturate"
        )
        return _integers_text(codes[0, 0])

    def definition() -> str:
        found = (round(v * ratio / amax) for v in row)
        return _integers_text(min(max(code, element.min), element.max) for code in found)

    def float64() -> Any:
        return np.rint(x[0] * float(ratio) / amax)

    def float32() -> str:
        t = packages.torch()
        reals = t.tensor(row, dtype=t.float32)
        scale = reals.abs().max() / float(ratio)
        scale = scale if scale != 0 else t.tensor(1.0)
        return _integers_text(t.clamp(t.round(reals / scale), element.min, element.max))

    cells = {
        "hadacast": ours,
        "definition": definition,
        "NumPy float64": lambda: _integers_text(np.clip(float64(), element.min, element.max)),
        "torch float32": float32,
    }
    if bits in (2, 4):
        cells["ml_dtypes"] = lambda: _integers_text(float64().astype(_ml_dtypes_int(bits)).astype(int))
    return Case(f"INT{bits} symmetric{f', s = a/{float(divisor):g}' if divisor else ''}: {text}", cells)


def _ml_dtypes_int(bits: int) -> Any:
    import ml_dtypes

    return getattr(ml_dtypes, f"int{bits}")


def asymmetric_case(bits: int, text: str, row: tuple[int, ...], clip: Fraction = Fraction(1)) -> Case:
    """round(x/s) + round(-min/s), with s = clip·(max - min)/(2^bits - 1), zero point last."""
    element, x = named("code", f"uint{bits}"), np.array([row])
    low, high = min(*row, 0), max(*row, 0)

    def ours() -> str:
        codes, sides = Range(clip=clip).quantize(
            Groups(x=x[:, None], fraction=0), element, "even", "saturate"
        )
        return f"{_integers_text(codes[0, 0])}, z {sides['zero'][0, 0]}"

    def exactly(number: Callable[[Any], Any]) -> Callable[[], str]:
        def run() -> str:
            step = number(clip) * max(high - low, 1) / element.max
            zero = round(-low / step)
            codes = (min(max(round(number(v) / step) + zero, 0), element.max) for v in row)
            return f"{_integers_text(codes)}, z {zero}"

        return run

    def float32() -> str:
        t = packages.torch()
        reals = t.tensor(row, dtype=t.float32)
        least = reals.min().clamp(max=0)
        scale = (reals.max().clamp(min=0) - least) * float(clip) / element.max
        scale = scale if scale != 0 else t.tensor(1.0)
        zero = t.round(-least / scale)
        codes = t.clamp(t.round(reals / scale) + zero, 0, element.max)
        return f"{_integers_text(codes)}, z {int(zero)}"

    cells = {
        "hadacast": ours,
        "definition": exactly(Fraction),
        "NumPy float64": exactly(float),
        "torch float32": float32,
    }
    return Case(f"INT{bits} asymmetric{f', clip {clip}' if clip != 1 else ''}: {text}", cells)


INTEGERS = (
    symmetric_case(4, "14 1 3 −5 (ties 0.5 1.5 −2.5)", (14, 1, 3, -5)),
    symmetric_case(4, "2 1 (tie 3.5)", (2, 1)),
    symmetric_case(4, "largest is negative: −14 14 13", (-14, 14, 13)),
    symmetric_case(4, "zeros", (0, 0)),
    symmetric_case(4, "15 −15 (tie at 7.5: ml_dtypes' int4 wraps)", (15, -15), Fraction(15, 2)),
    symmetric_case(8, "255 −255 (ties at ±127.5)", (255, -255), Fraction(255, 2)),
    asymmetric_case(4, "−3 12 0 6", (-3, 12, 0, 6)),
    asymmetric_case(4, "−16 2 −9 (tie −7.5)", (-16, 2, -9)),
    asymmetric_case(4, "−4 4 2 (zero point on a tie, 7.5)", (-4, 4, 2)),
    asymmetric_case(4, "all above zero: 5 10 15", (5, 10, 15)),
    asymmetric_case(4, "zeros", (0, 0)),
    asymmetric_case(2, "−10 14 2 −4", (-10, 14, 2, -4), Fraction(4, 5)),
)

TABLES = {"casts": CASTS, "mx": MX, "nvfp4": NVFP4, "integers": INTEGERS}
