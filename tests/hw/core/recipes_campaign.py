"""Quantizing pipelines that cross transform sizes, lanes, formats, scales, rounding and layouts."""

from dataclasses import dataclass
from pathlib import Path

FIXED = "width = 16, fraction = 10"
NVFP4_SIGNS = '{kind = "signs", pattern = "+++-+------+-+--"}'
FWHT = '{kind = "fwht"}'
PACK = '{kind = "pack"}'


@dataclass(frozen=True)
class Case:
    """A recipe: its name, N, P, [input], and the stages behind one another."""

    name: str
    frame: int
    lanes: int
    input: str
    stages: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    def write(self, folder: Path) -> Path:
        """The recipe as a file."""
        path = folder / f"{self.name}.toml"
        path.write_text(
            f"stream = {{frame = {self.frame}, lanes = {self.lanes}}}\n"
            f"input = {{{self.input}}}\n"
            f"stage = [{', '.join(self.stages)}]\n"
        )
        return path


def quantize(code: str, scale: str, **settings: object) -> str:
    """A quantize stage; `scale` is a kind, or a kind and its fields."""
    kind, _, fields = scale.partition(" ")
    table = ", ".join([f'kind = "{kind}"', *([fields] if fields else [])])
    shown = {True: "true", False: "false"}
    more = [
        f"{key} = " + (f'"{value}"' if isinstance(value, str) else shown.get(value, str(value)))  # type: ignore[call-overload]
        for key, value in settings.items()
    ]
    return "{" + ", ".join(['kind = "quantize"', f'code = "{code}"', f"scale = {{{table}}}", *more]) + "}"


def pack(layout: str, bus: int = 0) -> str:
    """A pack stage."""
    return f'{{kind = "pack", layout = "{layout}"' + (f", bus = {bus}" if bus else "") + "}"


def case(name: str, frame: int, lanes: int, input_: str, *stages: str) -> Case:
    return Case(name, frame, lanes, input_, stages)


NVFP4 = "floating tensor_amax = 40.0"
RANGE = "range"
CASES = [
    # NVFP4 and its kin
    case("nvfp4_rht16", 16, 16, FIXED, NVFP4_SIGNS, FWHT, quantize("e2m1", NVFP4), PACK),
    case(
        "nvfp4_torchao",
        16,
        16,
        FIXED,
        NVFP4_SIGNS,
        FWHT,
        quantize("e2m1", 'floating tensor_amax = 40.0, arithmetic = "torchao"'),
        pack("ahead"),
    ),
    case(
        "nvfp4_te",
        16,
        4,
        FIXED,
        NVFP4_SIGNS,
        FWHT,
        quantize("e2m1", 'floating tensor_amax = 40.0, arithmetic = "transformer_engine"'),
        pack("behind"),
    ),
    case("nvfp4_narrow_lanes", 16, 1, FIXED, FWHT, quantize("e2m1", NVFP4), pack("ahead")),
    case("nvfp4_groups", 128, 8, FIXED, FWHT, quantize("e2m1", NVFP4, group=16), pack("behind")),
    case(
        "nvfp4_stochastic",
        16,
        16,
        FIXED,
        NVFP4_SIGNS,
        FWHT,
        quantize("e2m1", NVFP4, rounding="stochastic", seed=7),
        PACK,
    ),
    case(
        "ue5m3_stochastic",
        32,
        4,
        FIXED,
        FWHT,
        quantize("e2m1", 'floating format = "ue5m3"', group=16, rounding="stochastic"),
        PACK,
    ),
    case("nvfp4_tiles", 1024, 8, FIXED, quantize("e2m1", NVFP4, group=16, rows=16), PACK),
    # MX
    case("mxfp4_32_floor", 32, 8, FIXED, FWHT, quantize("e2m1", 'exponent rule = "floor"'), PACK),
    case("mxfp4_32_even", 32, 32, FIXED, FWHT, quantize("e2m1", 'exponent rule = "even"'), pack("ahead")),
    case(
        "mxfp4_32_three_quarters",
        32,
        1,
        FIXED,
        FWHT,
        quantize("e2m1", 'exponent rule = "three_quarters"'),
        PACK,
    ),
    case(
        "mxfp4_128_rceil",
        128,
        8,
        FIXED,
        FWHT,
        quantize("e2m1", 'exponent rule = "rceil"', group=32),
        pack("behind"),
    ),
    case(
        "mxfp4_stochastic",
        64,
        16,
        FIXED,
        FWHT,
        quantize("e2m1", "exponent", group=32, rounding="stochastic", seed=123456789),
        PACK,
    ),
    case(
        "mxfp6_e2m3", 64, 4, FIXED, FWHT, quantize("e2m3", 'exponent rule = "ceil"', group=32), pack("ahead")
    ),
    case("mxfp6_e3m2", 64, 2, FIXED, FWHT, quantize("e3m2", "exponent", group=32, rounding="away"), PACK),
    case("mxfp8_e4m3", 256, 4, FIXED, FWHT, quantize("e4m3", 'exponent rule = "rceil"', group=32), PACK),
    case("mxfp8_e5m2", 32, 4, FIXED, FWHT, quantize("e5m2", "exponent", rounding="zero"), pack("behind")),
    case("mxint8", 64, 8, FIXED, FWHT, quantize("mxint8", "exponent", group=32), PACK),
    case(
        "bfp6", 64, 8, FIXED, FWHT, quantize("bfp6", 'exponent rule = "even"', group=16, rounding="up"), PACK
    ),
    # integers
    case("int4_token_4096", 4096, 4, FIXED, FWHT, quantize("int4", "maximum"), pack("behind")),
    case("int4_token_128", 128, 8, FIXED, FWHT, quantize("int4", "maximum", narrow=True), PACK),
    case("int4_clip_away", 64, 4, FIXED, FWHT, quantize("int4", "maximum clip = 0.9", rounding="away"), PACK),
    case("int3_wrap", 32, 2, FIXED, FWHT, quantize("int3", "maximum clip = 0.75", overflow="wrap"), PACK),
    case("int8_torchao", 128, 4, FIXED, FWHT, quantize("int8", "maximum divisor = 127.5"), pack("ahead")),
    case(
        "int5_fp32_scale", 64, 4, FIXED, FWHT, quantize("int5", 'maximum store = "fp32"', rounding="up"), PACK
    ),
    case(
        "int2_g128",
        512,
        8,
        FIXED,
        FWHT,
        quantize("uint2", "range clip = 0.8, include_zero = false", group=128),
        PACK,
    ),
    case(
        "uint4_offset",
        128,
        4,
        FIXED,
        FWHT,
        quantize("uint4", 'range zero = "float"', group=32),
        pack("ahead"),
    ),
    case("uint8_range", 64, 8, FIXED, FWHT, quantize("uint8", "range", group=16), PACK),
    case("uint3_clamped", 64, 2, FIXED, FWHT, quantize("uint3", 'range zero = "clamped"', group=64), PACK),
    case(
        "int6_stochastic",
        64,
        4,
        FIXED,
        FWHT,
        quantize("int6", "maximum", group=16, rounding="stochastic"),
        PACK,
    ),
    # FP8, static
    case("fp8_rows", 128, 4, FIXED, FWHT, quantize("e4m3", "maximum"), PACK),
    case("int8_static", 64, 8, FIXED, FWHT, quantize("int8", "static threshold = 90", rounding="away"), PACK),
    case("fp8_static", 64, 2, FIXED, FWHT, quantize("e5m2", "static step = 0.013"), PACK),
    # floating-point input
    case(
        "bf16_mxfp4",
        32,
        8,
        'format = "bf16"',
        '{kind = "align", guard = 8}',
        FWHT,
        quantize("e2m1", 'exponent rule = "even"'),
        PACK,
    ),
    case(
        "bf16_int4",
        128,
        8,
        'format = "bf16"',
        '{kind = "align", guard = 10}',
        FWHT,
        quantize("int4", 'maximum store = "bf16"'),
        PACK,
    ),
    case(
        "fp16_nvfp4",
        16,
        16,
        'format = "fp16"',
        '{kind = "align", guard = 10}',
        FWHT,
        quantize("e2m1", NVFP4),
        PACK,
    ),
    # outliers, and back again
    case(
        "int4_wide",
        64,
        4,
        FIXED,
        FWHT,
        quantize("int4", "maximum", group=16, wide="int8", above="60"),
        pack("ahead"),
    ),
    case(
        "round_trip",
        128,
        8,
        FIXED,
        FWHT,
        quantize("int8", "maximum"),
        PACK,
        '{kind = "unpack"}',
        '{kind = "dequantize", width = 24, fraction = 10}',
        FWHT,
    ),
]
