"""Random recipes, sane and hostile: a clean result or a HadacastError, never anything else."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from hadacast import recipe as recipes
from hadacast.cli import describe, simulation, toml
from hadacast.cli.console import dumps
from hadacast.cli.main import main
from hadacast.core.top import AxiTop
from hadacast.core.verilog import header, to_verilog
from hadacast.errors import HadacastError
from hadacast.report import quantization

LONG = os.environ.get("HADACAST_EXAMPLES")
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=int(LONG or 5000), deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.sampled_from(
    ["auto", "ff", "lutram", "bram", "fwht", "cast", "", "name", "a.b", "x", "\x7f", "é", "\\", '"', "true"]
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4, 8, 16, 64, 128, 1024, 65536, 65537, -1, 2**31, 2**63, 2**64, 10**40]),
    st.integers(),
    st.floats(),
)
SCALARS = st.one_of(NUMBERS, st.booleans(), WORDS, st.text(max_size=8))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def mostly(good, bad=ANYTHING):
    """Nearly always what belongs there."""
    return st.integers(0, 31).flatmap(lambda n: bad if n == 31 else good)


FWHT = st.fixed_dictionaries(
    {"kind": mostly(st.just("fwht"))},
    optional={
        "registers": mostly(st.integers(0, 2), st.integers()),
        "storage": mostly(st.sampled_from(["auto", "ff", "lutram", "bram"])),
        "stall_span": mostly(st.integers(1, 16), st.integers()),
    },
)
CAST = st.fixed_dictionaries({"kind": mostly(st.just("cast"))})
SIGNS = st.fixed_dictionaries(
    {"kind": st.just("signs")},
    optional={
        "pattern": mostly(st.sampled_from(["0xD7E8", "+-", "++-+", "0b1110_1000", 5])),
        "length": mostly(st.sampled_from([0, 4])),
        "seed": mostly(st.integers(1, 1 << 64)),
    },
)
ALIGN = st.fixed_dictionaries(
    {"kind": st.just("align")},
    optional={
        "guard": mostly(st.integers(0, 16), st.integers()),
        "rounding": mostly(st.sampled_from(["even", "zero"])),
        "nan": mostly(st.sampled_from(["poison", "zero"])),
    },
)
FRACTIONS = st.one_of(
    st.integers(1, 300),
    st.sampled_from([0.5, 0.8, 0.1, 1e-3, "4/5", "1/3", "1e-3", "107.5", "0", "1/0", "1e400", "x"]),
    st.fractions(0, 300, max_denominator=1000).map(str),
    st.floats(0.0009765625, 1000, width=16),
)
ELEMENTS = mostly(
    st.one_of(
        st.sampled_from(["int2", "int4", "int8", "uint2", "uint4", "uint8", "mxint8", "bfp4", "bfp12"]),
        st.sampled_from(["e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "ue5m3", "fp16"]),
        st.fixed_dictionaries(
            {"exponent": st.integers(1, 5), "mantissa": st.integers(0, 3)},
            optional={"bias": st.integers(-4, 20), "top": st.sampled_from(["finite", "nan", "ieee"])},
        ),
        st.fixed_dictionaries({"width": st.integers(2, 9)}, optional={"fraction": st.integers(0, 8)}),
    )
)
STORES = st.sampled_from(["exact", "fp32", "bf16", "fp16"])
SCALES = mostly(
    st.one_of(
        st.sampled_from(["maximum", "range", "exponent", "floating"]),
        st.fixed_dictionaries(
            {"kind": st.just("maximum")},
            optional={
                "clip": mostly(FRACTIONS),
                "clip_negative": mostly(FRACTIONS),
                "divisor": mostly(FRACTIONS),
                "floor": mostly(st.integers(0, 9)),
                "store": mostly(STORES),
            },
        ),
        st.fixed_dictionaries(
            {"kind": st.just("range")},
            optional={
                "clip": mostly(FRACTIONS),
                "zero": mostly(st.sampled_from(["integer", "clamped", "ends", "float"])),
                "include_zero": mostly(st.booleans()),
                "store": mostly(STORES),
            },
        ),
        st.fixed_dictionaries(
            {"kind": st.just("exponent")},
            optional={
                "rule": mostly(st.sampled_from(["floor", "ceil", "even", "rceil", "three_quarters"])),
                "factor": mostly(st.sampled_from([1, 0.75, "3/4"])),
            },
        ),
        st.fixed_dictionaries(
            {"kind": st.just("floating")},
            optional={
                "format": ELEMENTS,
                "tensor_amax": mostly(FRACTIONS),
                "minimum": mostly(FRACTIONS),
                "arithmetic": mostly(st.sampled_from(["exact", "torchao", "transformer_engine"])),
            },
        ),
        st.fixed_dictionaries(
            {"kind": st.just("static")},
            optional={
                "step": mostly(st.one_of(FRACTIONS, st.lists(FRACTIONS, max_size=4))),
                "threshold": mostly(FRACTIONS),
                "zero": mostly(st.integers(-9, 9)),
            },
        ),
    )
)
QUANTIZE = st.fixed_dictionaries(
    {"kind": st.just("quantize"), "code": ELEMENTS, "scale": SCALES},
    optional={
        "group": mostly(st.sampled_from([0, 1, 2, 4, 8, 16, 32])),
        "rows": mostly(st.sampled_from([1, 1, 2, 4])),
        "rounding": mostly(st.sampled_from(["even", "away", "up", "zero", "stochastic"])),
        "overflow": mostly(st.sampled_from(["saturate", "saturate", "wrap", "nan", "inf"])),
        "narrow": mostly(st.booleans()),
        "random": mostly(st.sampled_from(["xorshift32", "port"])),
        "seed": mostly(st.integers(1, 9)),
        "wide": mostly(st.one_of(st.just(""), ELEMENTS)),
        "above": mostly(FRACTIONS),
        "storage": mostly(st.sampled_from(["auto", "ff", "lutram", "bram"])),
    },
)
DEQUANTIZE = st.fixed_dictionaries(
    {"kind": st.just("dequantize")},
    optional={
        "width": mostly(st.integers(1, 48), st.integers()),
        "fraction": mostly(st.integers(-8, 24), st.integers()),
        "rounding": mostly(st.sampled_from(["even", "away", "up", "zero"])),
        "exponents": mostly(st.booleans()),
    },
)
PACK = st.fixed_dictionaries(
    {"kind": st.just("pack")},
    optional={
        "layout": mostly(st.sampled_from(["beside", "ahead", "behind", "stream"])),
        "bus": mostly(st.sampled_from([0, 0, 1, 4, 64])),
    },
)
UNPACK = st.just({"kind": "unpack"})
NORMALIZE = st.fixed_dictionaries(
    {"kind": st.just("normalize")},
    optional={
        "size": mostly(st.sampled_from([0, 2, 32])),
        "factor": mostly(FRACTIONS),
        "fraction": mostly(st.one_of(st.just("exact"), st.integers(0, 12))),
        "width": mostly(st.integers(0, 48)),
    },
)
REQUANTIZE = st.fixed_dictionaries(
    {"kind": st.just("requantize")},
    optional={
        "code": ELEMENTS,
        "multiplier": mostly(st.integers(0, 1 << 31)),
        "shift": mostly(st.integers(0, 40)),
        "scale": mostly(FRACTIONS),
        "rounding": mostly(st.sampled_from(["even", "up", "gemmlowp"])),
    },
)
ORDER = st.fixed_dictionaries(
    {"kind": st.just("order")},
    optional={
        "before": mostly(st.sampled_from(["natural", "dyadic", "sequency", "bit_reversed"])),
        "after": mostly(st.sampled_from(["natural", "dyadic", "sequency", "bit_reversed"])),
        "size": mostly(st.sampled_from([0, 2, 8]), st.integers()),
        "stride": mostly(st.sampled_from([1, 2]), st.integers()),
    },
)
PERMUTE = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("permute"), "table": mostly(st.permutations(range(4)))},
        optional={"unit": mostly(st.sampled_from([1, 2])), "inverse": mostly(st.booleans())},
    ),
    st.fixed_dictionaries(
        {"kind": st.just("permute"), "rule": mostly(st.sampled_from(["reverse", "bit_reverse"]))},
        optional={"block": mostly(st.sampled_from([0, 4]), st.integers())},
    ),
    *(
        st.fixed_dictionaries(
            {"kind": st.just("permute"), "rule": st.just(rule), number: mostly(st.sampled_from([1, 2, 4]))}
        )
        for rule, number in (("xor", "mask"), ("rotate", "shift"), ("transpose", "rows"))
    ),
    st.fixed_dictionaries(
        {"kind": st.just("scatter"), "places": mostly(st.lists(st.integers(0, 9), max_size=4, unique=True))}
    ),
)
REALS = mostly(
    st.one_of(FRACTIONS, st.floats(), st.integers(-9, 9), st.sampled_from([-1e-300, 6e-17, "-1/3"]))
)
ROTATE = st.fixed_dictionaries(
    {
        "kind": st.just("rotate"),
        "matrix": mostly(
            st.sampled_from([2, 3, 4]).flatmap(
                lambda n: st.one_of(
                    st.lists(st.lists(REALS, min_size=n, max_size=n), min_size=n, max_size=n),
                    st.lists(REALS, min_size=n * n, max_size=n * n),
                )
            )
        ),
    },
    optional={
        "transpose": mostly(st.booleans()),
        "stride": mostly(st.sampled_from([0, 1, 2, 4])),
        "coefficient_width": mostly(st.integers(2, 18)),
        "coefficient_fraction": mostly(st.one_of(st.just("auto"), st.integers(-8, 24))),
        "width": mostly(st.integers(0, 48)),
        "fraction": mostly(st.one_of(st.just("exact"), st.integers(-8, 24))),
        "rounding": mostly(st.sampled_from(["even", "away", "up", "zero"])),
        "loadable": mostly(st.booleans()),
    },
)
GAIN = st.fixed_dictionaries(
    {"kind": st.just("gain"), "gain": mostly(st.one_of(REALS, st.lists(REALS, max_size=4)))},
    optional={
        "reciprocal": mostly(st.booleans()),
        "bits": mostly(st.integers(1, 32)),
        "width": mostly(st.integers(0, 48)),
        "fraction": mostly(st.one_of(st.just("exact"), st.integers(-8, 24))),
        "rounding": mostly(st.sampled_from(["even", "away", "up", "zero"])),
    },
)
IMAGES = mostly(st.lists(st.integers(0, 9), max_size=3))
KEEP = st.fixed_dictionaries(
    {"kind": st.just("keep")},
    optional={
        "places": mostly(st.lists(st.integers(0, 70), max_size=5)),
        "first": mostly(st.integers(0, 70)),
        "share": mostly(FRACTIONS),
        "along": mostly(st.sampled_from(["frame", "diagonals"])),
        "rows": mostly(st.sampled_from([0, 1, 2, 3, 8])),
        "order": mostly(st.sampled_from(["natural", "dyadic", "sequency"])),
        "loadable": mostly(st.booleans()),
    },
)
LATER = st.one_of(
    ORDER, PERMUTE, ROTATE, GAIN, KEEP, QUANTIZE, NORMALIZE, REQUANTIZE, DEQUANTIZE, PACK, UNPACK
)
# Pipelines that may well be right, and stages in any order.
CHAINS = st.one_of(
    st.tuples(
        st.lists(st.one_of(FWHT, SIGNS, NORMALIZE), max_size=2), QUANTIZE, st.one_of(DEQUANTIZE, PACK)
    ).map(lambda s: [*s[0], s[1], s[2]]),
    st.lists(mostly(st.one_of(FWHT, CAST)), min_size=1, max_size=3),
    st.lists(st.one_of(ROTATE, GAIN, SIGNS, KEEP), min_size=1, max_size=2),
    st.tuples(UNPACK, st.lists(st.one_of(DEQUANTIZE, FWHT), max_size=2)).map(lambda s: [s[0], *s[1]]),
    st.lists(st.one_of(FWHT, CAST, SIGNS, ALIGN, LATER), min_size=1, max_size=4),
)
INPUT = st.one_of(
    st.fixed_dictionaries({"format": ELEMENTS}),
    st.fixed_dictionaries(
        {"element": ELEMENTS},
        optional={
            "group": mostly(st.sampled_from([1, 2, 4, 8])),
            "rows": mostly(st.sampled_from([1, 2])),
            "scale": ELEMENTS,
            "zero": ELEMENTS,
            "gain": mostly(FRACTIONS),
            "layout": mostly(st.sampled_from(["beside", "ahead", "behind", "stream"])),
            "bus": mostly(st.sampled_from([0, 0, 8])),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "width": mostly(st.integers(1, 32), st.integers()),
            "fraction": mostly(st.integers(-64, 128), st.integers()),
            "signed": mostly(st.booleans()),
        },
    ),
)
STREAM = st.tuples(st.integers(1, 16), st.integers(0, 16)).flatmap(
    lambda n: st.fixed_dictionaries(
        {"frame": mostly(st.just(1 << n[0]))}, optional={"lanes": mostly(st.just(1 << min(n)))}
    )
)
DOCUMENTS = st.one_of(
    st.fixed_dictionaries(
        {
            "stream": mostly(STREAM),
            "stage": mostly(CHAINS),
        },
        optional={
            "input": mostly(INPUT),
            "name": mostly(st.from_regex("[a-z][a-z0-9_]{0,9}", fullmatch=True)),
            "title": mostly(st.text(max_size=9)),
            "source": mostly(st.text(max_size=9)),
            "build": mostly(
                st.fixed_dictionaries({}, optional={"sample": WORDS, "board": WORDS, "image": IMAGES})
            ),
        },
    ),
    st.dictionaries(st.text(max_size=6), ANYTHING, max_size=4),
)
KNOWN_KEYS = [
    *("stream.frame", "stream.lanes", "input.width", "input.fraction", "input.signed", "name", "title"),
    *("stage.fwht.registers", "stage.fwht.storage", "stage.0.stall_span", "stage.9.kind", "stage", "stream"),
    *("stage.cast.x", "build.board", "a.b.c", "", ".", "stage.0", "input.width.deep"),
]
KEYS = st.one_of(st.sampled_from(KNOWN_KEYS), st.text(max_size=12))
OVERRIDE = st.tuples(KEYS, st.one_of(SCALARS.map(str), st.text(max_size=12))).map("=".join)
OVERRIDES = st.lists(OVERRIDE, max_size=2)
# Text that may or may not be TOML, and bytes that may or may not be text.
HOSTILE = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode(errors="replace")),
    st.binary(max_size=60),
    st.lists(
        st.sampled_from(["[", "]", "[[", "]]", "=", '"', "'", "\n", "a", "stage", ".", "{", "}", "1", ","])
    ).map(lambda parts: "".join(parts).encode()),
)


def toml_text(document) -> bytes:
    """A document as TOML, inline tables all the way; what TOML can't say is left to the parser."""

    def value(item):
        if isinstance(item, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(map(value, item)) + "]"
        return json.dumps(item).replace("NaN", "nan").replace("Infinity", "inf")

    lines = (f"{json.dumps(key)} = {value(item)}" for key, item in document.items())
    return "\n".join(lines).encode(errors="replace")


def load(content: bytes, overrides, folder: Path):
    path = folder / "r.toml"
    path.write_bytes(content)
    return recipes.load(path, overrides)


def check_recipe(recipe, folder: Path) -> None:
    """What loads can be described, headed and written down again."""
    shown = describe.pipeline(recipe.pipeline)
    assert json.loads(json.dumps(shown)) == shown
    assert f"hadacast_{recipe.pipeline.name} core (" in header(recipe.pipeline)
    assert load(toml.text(recipe).encode(), (), folder) == recipe


def check_load(content: bytes, overrides) -> bool:
    """A recipe loads and is described whole, or is refused in one line; returns whether it loaded."""
    refused = ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            recipe = load(content, overrides, Path(folder))
        except HadacastError as error:
            refused = str(error)
        else:
            check_recipe(recipe, Path(folder))
            return True
    assert len(refused.splitlines()) == 1
    return False


def check_command(arguments, content: bytes | None):
    """The command line ends well, or with one error line, and never with a traceback."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.toml"
        if content is not None:
            path.write_bytes(content)
        result = CliRunner().invoke(main, ["show", str(path), *arguments])
        assert "Traceback" not in result.output
        assert "a fault of hadacast" not in result.output
        errors = [line for line in result.stderr.splitlines() if line.startswith("hadacast: error: ")]
        if result.exit_code == 0:
            assert not errors
            assert result.stdout
        else:
            assert result.exit_code in (1, 2)
            assert len(errors) == 1
            assert result.stderr.count("\n") == 1


CONTENTS = mostly(DOCUMENTS.map(toml_text), HOSTILE)
ARGUMENTS = OVERRIDES.map(lambda texts: [part for text in texts for part in ("--set", text)])


@QUICK
@given(CONTENTS, OVERRIDES)
def test_load(content, overrides):
    event("loaded" if check_load(content, overrides) else "refused")


def test_nesting_without_end():
    check_load(b"x = " + b"[" * 100_000, ())
    check_load(toml_text({"stream": {"frame": 2}}), ["x=" + "[" * 100_000])


@QUICK
@given(ARGUMENTS, CONTENTS)
def test_show(arguments, content):
    check_command(arguments, content)


@pytest.mark.long
@MANY
@given(CONTENTS, OVERRIDES)
def test_load_long(content, overrides):
    check_load(content, overrides)


@pytest.mark.long
@MANY
@given(ARGUMENTS, CONTENTS)
def test_show_long(arguments, content):
    check_command(arguments, content)


GOOD = st.builds(
    lambda n, p, width, signed, registers, storage: [
        f"stream.frame={1 << n}",
        f"stream.lanes={1 << min(n, p)}",
        f"input.width={width}",
        f"input.signed={str(signed).lower()}",
        f"stage.fwht.registers={registers}",
        f"stage.fwht.storage={storage}",
    ],
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(1, 32),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from(["auto", "ff", "lutram", "bram"]),
)


@settings(QUICK, max_examples=12)
@given(GOOD, st.sampled_from(["generic", "ecp5", "ice40", "gowin"]))
def test_generate(overrides, family):
    assume(family != "ice40" or "stage.fwht.storage=lutram" not in overrides)  # it has none
    spec = recipes.load("rotate128", overrides).pipeline
    text = to_verilog(AxiTop(spec), family)
    assert text == to_verilog(AxiTop(spec), family)
    assert f"module hadacast_{spec.name}(" in text


# A code and a scale that go together.
KINDS = st.one_of(
    st.tuples(
        st.sampled_from(["int2", "int4", "int8", "e2m1", "e4m3"]),
        st.fixed_dictionaries(
            {"kind": st.just("maximum")},
            optional={
                "clip": st.sampled_from([0.8, "9/10"]),
                "clip_negative": st.sampled_from([1, "3/4"]),
                "store": STORES,
            },
        ),
    ),
    st.tuples(
        st.sampled_from(["uint2", "uint4", "uint8"]),
        st.fixed_dictionaries(
            {"kind": st.just("range"), "zero": st.sampled_from(["integer", "clamped", "float"])},
            optional={"clip": st.just(0.8), "include_zero": st.booleans(), "store": STORES},
        ),
    ),
    st.tuples(
        st.sampled_from(["e2m1", "e2m3", "e3m2", "e4m3", "e5m2", "mxint8", "bfp5"]),
        st.fixed_dictionaries(
            {"kind": st.just("exponent")},
            optional={
                "rule": st.sampled_from(["ceil", "even", "rceil", "three_quarters"]),
                "factor": st.just(0.75),
            },
        ),
    ),
    st.tuples(
        st.sampled_from(["e2m1", "e4m3"]),
        st.fixed_dictionaries(
            {"kind": st.just("floating"), "tensor_amax": st.sampled_from([5, "107.5"])},
            optional={"format": st.sampled_from(["e4m3", "ue5m3"])},
        ),
    ),
    st.tuples(
        st.sampled_from(["int4", "int8", "e4m3"]),
        st.fixed_dictionaries({"kind": st.just("static"), "threshold": st.sampled_from([3, "0.7"])}),
    ),
)


@st.composite
def quantizers(draw):
    """A recipe with a quantizer that there is nothing wrong with, small enough to be made in no time."""
    log2, code, scale = draw(st.integers(1, 5)), *draw(KINDS)
    groups = [0] if scale["kind"] == "static" else [0, *(1 << k for k in range(log2 + 1))]
    rounding = draw(st.sampled_from(["even", "away", "up", "zero", "stochastic"]))
    floating = draw(st.booleans()) and scale.get("store") != "exact" and "store" in scale
    stages = [
        *([{"kind": "align", "guard": draw(st.integers(0, 8))}] if floating else []),
        *draw(st.sampled_from([[], [{"kind": "fwht"}], [{"kind": "signs", "seed": 3}, {"kind": "fwht"}]])),
        {
            "kind": "quantize",
            "code": code,
            "group": draw(st.sampled_from(groups)),
            "scale": scale,
            "rounding": rounding,
            "random": draw(st.sampled_from(["xorshift32", "port"])),
            "narrow": draw(st.booleans()) and code.startswith("int"),
        },
        draw(
            st.sampled_from(
                [
                    {"kind": "pack"},
                    {"kind": "pack", "layout": "ahead"},
                    {"kind": "pack", "layout": "behind"},
                    {"kind": "dequantize", "width": 24, "fraction": 8},
                ]
            )
        ),
    ]
    return {
        "stream": {"frame": 1 << log2, "lanes": 1 << draw(st.integers(0, min(log2, 3)))},
        "input": {"format": "bf16"} if floating else {"width": 11, "fraction": 6},
        "stage": stages,
    }


@settings(QUICK, max_examples=5)
@given(quantizers(), st.sampled_from(["generic", "ecp5", "ice40", "gowin"]))
def test_generate_quantizers(document, family):
    with tempfile.TemporaryDirectory() as folder:
        recipe = load(toml_text(document), (), Path(folder))
        check_recipe(recipe, Path(folder))
        spec = recipe.pipeline
        text = to_verilog(AxiTop(spec), family)
        assert f"module hadacast_{spec.name}(" in text


@pytest.mark.long
@settings(MANY, max_examples=int(LONG or 300))
@given(quantizers(), st.integers(0, 1 << 30))
def test_simulate_quantizers_long(document, seed):
    """The core of any such recipe is exact, and the report has figures of it."""
    for stage in document["stage"]:
        if stage["kind"] == "quantize":
            stage["random"] = "xorshift32"  # nothing in a simulation drives the port
    with tempfile.TemporaryDirectory() as folder:
        spec = load(toml_text(document), (), Path(folder)).pipeline
    x = np.random.default_rng(seed).integers(spec.input.min, spec.input.max, (4, spec.frame), endpoint=True)
    result = simulation.run(spec, x, gaps=0.2, stalls=0.2, seed=seed)
    assert result.ok, result.problems
    (figures,) = quantization.report(spec, x)
    assert json.loads(dumps(figures))["values"] == x.size
