"""The quantizer's spec: groups, tiles, outliers, random numbers, and what it refuses."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hadacast.elements import element as named
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import BF16, E2M1, E4M3, E8M0
from hadacast.random_bits import Xorshift32
from hadacast.rounding import MODES, to_codes
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.range import Range
from hadacast.scale.static import Static
from hadacast.spec.quantize import Quantize

INT16 = Format(width=16)


@st.composite
def specs(draw):
    """Any scale with a code that goes with it, in groups of any size, any rounding."""
    frame = 1 << draw(st.integers(1, 6))
    input_ = Format(
        width=draw(st.integers(2, 20)), fraction=draw(st.integers(-3, 8)), signed=draw(st.booleans())
    )
    floating = draw(st.booleans())
    store = draw(st.sampled_from(["fp32", "bf16", "fp16"] if floating else ["exact", "fp32", "fp16"]))
    scale = draw(
        st.one_of(
            st.builds(
                Maximum, clip=st.sampled_from([1, "0.9"]), floor=st.integers(0, 99), store=st.just(store)
            ),
            st.builds(
                Range,
                zero=st.sampled_from(["integer", "clamped", "float"]),
                include_zero=st.booleans(),
                floor=st.integers(1, 99),
                store=st.just(store),
            ),
            st.builds(Range, zero=st.just("ends"), clip=st.just("0.95"), store=st.just(store)),
            st.builds(
                Exponent,
                rule=st.sampled_from(["floor", "ceil", "even", "rceil", "three_quarters"]),
                factor=st.sampled_from([1, "3/4"]),
            ),
            st.builds(
                Maximum,
                clip=st.just("0.9"),
                clip_negative=st.just("3/4") if input_.signed else st.none(),
                store=st.just(store),
            ),
            st.builds(
                Floating,
                tensor_amax=st.none() | st.integers(1, 99),
                format=st.sampled_from(["e4m3", "ue5m3"]),
            ),
            st.builds(Static, step=st.fractions("1/9", 9, max_denominator=99)),
        )
    )
    floats, integers = ["e2m1", "e3m2", "e4m3", "e5m2"], ["int2", "int4", "int8", "mxint8"]
    codes = {"range": ["uint2", "uint4", "uint8"], "floating": floats}.get(scale.kind, floats + integers)
    rows = 1 if scale.kind == "static" else draw(st.sampled_from([r for r in (1, 2, 4) if r <= frame]))
    group = 0 if scale.kind == "static" else 1 << draw(st.integers(0, (frame // rows).bit_length() - 1))
    return Quantize(
        frame=frame,
        lanes=1 << draw(st.integers(0, frame.bit_length() - 1)),
        input=exponents(input_, frame) if floating else input_,
        code=draw(st.sampled_from(codes)),
        scale=scale,
        rows=rows,
        group=group,
        rounding=draw(st.sampled_from(MODES)),
        seed=draw(st.integers(1, 99)),
    )


def random_input(spec: Quantize, rng: np.random.Generator, count: int = 3):
    x = rng.integers(spec.element.min, spec.element.max + 1, (count, spec.frame))
    x[:, :: rng.integers(1, 9)] //= 64
    if not spec.floating:
        return x
    scale = rng.choice([0, 100, 127, 150, 254, 255], (count, 1))
    return Frames(codes=np.where(scale == 255, 0, x), scale=scale)


@settings(max_examples=150)
@given(specs(), st.integers(0, 1 << 32))
def test_results_are_what_the_output_holds(spec, seed):
    x = random_input(spec, np.random.default_rng(seed))
    found = spec.compute(x)
    assert isinstance(spec.output, Block)
    checked = spec.output.check(found)
    assert checked.codes.shape == (3, spec.frame)
    assert spec.output.decode(found).shape == (3, spec.frame)


@settings(max_examples=100)
@given(specs(), st.integers(0, 1 << 32))
def test_groups_are_quantized_each_by_itself(spec, seed):
    """A group alone, a frame of its own, has the codes that it has among others."""
    rng = np.random.default_rng(seed)
    x = random_input(spec, rng, 1)
    if spec.rounding == "stochastic" or spec.scale.kind == "static" or spec.group * spec.rows == 1:
        return
    alone = replace(spec, frame=spec.group * spec.rows, lanes=1, rows=1, group=0, input=spec.element)
    if spec.floating:
        alone = replace(alone, input=exponents(spec.element, alone.frame))
    block, found = spec.output, spec.compute(x)
    codes = x.codes if isinstance(x, Frames) else x
    for k, part in enumerate(block.grouped(codes)[0]):
        frame = Frames(codes=part, scale=x.scale[0]) if isinstance(x, Frames) else part
        expected = alone.compute(frame)
        np.testing.assert_array_equal(block.grouped(found.codes)[0, k], expected.codes)
        for name, side in expected.sides.items():
            assert found.sides[name][0, k] == side[0]


def test_groups_of_a_frame():
    spec = Quantize(frame=8, code="int4", group=4, scale="maximum")
    found = spec.compute(np.array([7, -7, 1, 0, 70, 10, 5, -70]))
    assert found.codes.tolist() == [7, -7, 1, 0, 7, 1, 0, -7]
    assert found.scale.tolist() == [7, 70]


def test_tiles():
    """Two rows of eight in tiles of 2 × 2; weights of NVFP4 have 16 × 16."""
    spec = Quantize(frame=16, code="int4", rows=4, group=4, scale="maximum")
    assert spec.output.groups(16) == 1
    spec = Quantize(frame=16, code="e2m1", rows=2, group=2, scale=Exponent())
    x = np.array([1, 1, 9, 1, 2, 2, 6, 5, 4, 1, 1, 1, 1, 1, 1, 60])
    assert spec.compute(x).scale.tolist() == [127, 128, 126, 130]  # amax 4, 9, 2, 60


def test_a_group_of_zero_is_the_frame():
    assert Quantize(frame=64, code="int4", scale="maximum").group == 64
    assert Quantize(frame=64, rows=4, code="int4", scale="maximum").group == 16


def test_narrow_leaves_out_the_most_negative_code():
    x = np.array([-100, 100, -50, 0])
    spec = Quantize(frame=4, code="int4", scale=Maximum(clip="1/2"))
    assert spec.compute(x).codes.tolist() == [-8, 7, -7, 0]
    assert replace(spec, narrow=True).compute(x).codes.tolist() == [-7, 7, -7, 0]


def test_outliers_take_a_wider_format():
    spec = Quantize(frame=8, group=4, code="int4", wide="int8", above=50, scale="maximum")
    found = spec.compute(np.array([50, -25, 3, 0, 51, -25, 3, 0]))
    assert found.wide.tolist() == [0, 1]
    assert found.codes.tolist() == [7, -4, 0, 0, 127, -62, 7, 0]  # -3.5 goes to -4, 3·127/51 is 7.47
    values = spec.output.decode(found)
    assert np.abs(values - [50, -25, 3, 0, 51, -25, 3, 0]).max() < 50 / 14 + 1e-9
    assert np.abs(values[4:] - [51, -25, 3, 0]).max() < 51 / 254 + 1e-9


def test_outliers_under_powers_of_two():
    spec = Quantize(
        frame=4,
        group=2,
        code="e2m1",
        wide="e4m3",
        above="7.5",
        scale="exponent",
        input=Format(width=16, fraction=1),
    )
    found = spec.compute(np.array([15, 4, 16, 4]))
    assert found.wide.tolist() == [0, 1]
    assert found.scale.tolist() == [127, 127 + 3 - 8]
    assert E2M1.decode(found.codes[:2]).tolist() == [6, 2]
    assert E4M3.decode(found.codes[2:]).tolist() == [256, 64]


def test_narrow_and_wide():
    """Each format leaves out its own most negative code."""
    spec = Quantize(frame=4, code="int4", wide="int8", above=10, narrow=True, scale=Maximum(clip="1/2"))
    assert spec.compute(np.array([-10, 10, 0, 0])).codes.tolist() == [-7, 7, 0, 0]
    assert spec.compute(np.array([-100, 100, -40, 0])).codes.tolist() == [-127, 127, -102, 0]


def test_what_lies_above():
    """Strictly, and exactly: a threshold between two steps of the input, and after an align stage."""
    spec = Quantize(
        frame=2,
        code="int4",
        wide="int8",
        above=Fraction(1, 3),
        scale="maximum",
        input=Format(width=16, fraction=10),
    )
    assert spec.compute(np.array([[341, 0], [342, 0], [-342, 0]])).wide.tolist() == [[0], [1], [1]]
    spec = replace(spec, scale=Maximum(store="fp32"), above=8, input=exponents(Format(width=8), 2))
    frames = Frames(
        codes=np.array([[8, 0], [9, 0], [1, 0], [2, 0]]), scale=np.array([[127], [127], [130], [130]])
    )
    assert spec.compute(frames).wide.tolist() == [[0], [1], [0], [1]]


def test_overflow():
    spec = Quantize(frame=4, code="int8", scale=Static(step=1))
    x = np.array([128, -129, 300, -1])
    assert spec.compute(x).codes.tolist() == [127, -128, 127, -1]
    assert replace(spec, overflow="wrap").compute(x).codes.tolist() == [-128, 127, 44, -1]
    spec = Quantize(frame=4, code="e4m3", scale=Static(step=1), overflow="nan")
    assert spec.compute(np.array([448, 464, 465, -500])).codes.tolist() == [0x7E, 0x7E, 0x7F, 0xFF]


def test_random_numbers_go_with_beats():
    """Lane by lane, beat by beat, frame by frame, from the seed on."""
    spec = Quantize(frame=16, lanes=4, code="int8", scale=Static(step=16), rounding="stochastic", seed=7)
    x = np.random.default_rng(1).integers(-999, 999, (5, 16))
    bits = Xorshift32(seed=7, lanes=4).draw(20)
    expected = to_codes(x, 1, 16, 0, spec.code, "stochastic", "saturate", bits.reshape(5, 16))
    np.testing.assert_array_equal(spec.compute(x).codes, expected)
    assert spec.sequential
    np.testing.assert_array_equal(spec.quantize(Frames(codes=x), bits).codes, expected)


@pytest.mark.parametrize(
    ("code", "scale"),
    [
        ("int4", Maximum(store="fp16")),
        ("uint4", Range()),
        ("uint4", Range(zero="float", store="bf16")),
        ("e2m1", Exponent(rule="even")),
        ("e2m1", Floating()),
    ],
    ids=str,
)
def test_scales_and_zero_points_are_never_rounded_at_random(code, scale):
    x = np.random.default_rng(3).integers(-9999, 9999, (60, 16))
    made = {"frame": 16, "lanes": 4, "group": 8, "input": INT16, "code": code, "scale": scale}
    plain = Quantize(**made).compute(x)
    drawn = [Quantize(**made, rounding="stochastic", seed=seed).compute(x) for seed in (1, 2)]
    for found in drawn:
        assert set(found.sides) == set(plain.sides) != set()
        for name, side in plain.sides.items():
            np.testing.assert_array_equal(found.sides[name], side)
    assert (drawn[0].codes != drawn[1].codes).any()


def test_random_numbers_of_tiles_go_with_elements():
    """Groups of several rows don't move them."""
    spec = Quantize(frame=16, lanes=2, rows=4, group=2, code="int8", scale=Exponent(), rounding="stochastic")
    x = np.random.default_rng(1).integers(-999, 999, (3, 16))
    found = spec.compute(x)
    shift = np.zeros((3, 16), dtype=np.int64)
    block = spec.output
    grouped = block.grouped(shift) - (found.scale - 127)[..., None]
    bits = spec.generator.draw(24).reshape(3, 16)
    expected = to_codes(x, 1, 1, block.ungrouped(grouped), spec.code, "stochastic", "saturate", bits)
    np.testing.assert_array_equal(found.codes, expected)


def test_frames_of_nan():
    """The exponent 255: codes 0 under a scale that is NaN where it can be."""
    x = Frames(codes=np.zeros((2, 4), int), scale=np.array([[255], [127]]))
    align = exponents(Format(width=8), 4)
    for scale, code in (("exponent", 255), (Maximum(store="bf16"), BF16.nan_code), (Floating(), 0x7F)):
        spec = Quantize(frame=4, code="e2m1", scale=scale, input=align)
        found = spec.compute(x)
        assert not found.codes.any()
        assert found.scale[0] == code
        assert np.isnan(spec.output.decode(found)[0]).all()
        assert not spec.output.decode(found)[1].any()


def test_no_frames():
    for spec in (
        Quantize(frame=16, code="int4", rows=2, group=4, scale="maximum"),
        Quantize(frame=16, code="e2m1", scale="exponent"),
    ):
        found = spec.compute(np.zeros((0, 16), dtype=np.int64))
        assert found.codes.shape == (0, 16)
        assert found.scale.shape == (0, spec.output.groups(16))


def test_the_input_stays_as_it_was():
    spec = Quantize(frame=16, code="int4", scale="maximum")
    x = np.arange(16)
    spec.compute(x)
    assert x.tolist() == list(range(16))


def test_outputs():
    spec = Quantize(frame=64, group=32, code="e2m1", scale="exponent")
    assert spec.output == Block(element=E2M1, group=32, scale=E8M0)
    spec = Quantize(frame=64, group=16, code="e2m1", scale=Floating(tensor_amax=2688))
    assert spec.output == Block(element=E2M1, group=16, scale=E4M3, gain=(Fraction(1),))
    spec = Quantize(
        frame=64, code="int4", wide="int8", above=9, scale="maximum", input=Format(width=16, fraction=3)
    )
    assert spec.output == Block(
        element=Format(width=4),
        group=64,
        scale=Format(width=16, fraction=3, signed=False),
        wide=Format(width=8),
        gain=(Fraction(1, 7),),
        wide_gain=(Fraction(1, 127),),
    )


REFUSED = [
    ({"code": "int1"}, "code is 'int1': "),
    ({"group": 3}, "group is 3: it must divide the frame, 64"),
    ({"group": 64, "rows": 2}, "group is 64: it must divide a row, 32"),
    ({"rows": 3}, "rows is 3: it must divide the frame, 64"),
    ({"rounding": "nearest"}, "rounding is 'nearest': it must be one of even, away, up, zero, stochastic"),
    (
        {"overflow": "nan"},
        "overflow is 'nan': for signed 4-bit, 0 fraction bits it must be one of saturate, wrap",
    ),
    ({"narrow": True, "code": "e2m1"}, "narrow is true: e2m1 has no most negative code to leave out"),
    ({"narrow": True, "overflow": "wrap"}, "narrow is true: overflow must be saturate, not 'wrap'"),
    ({"random": "lfsr"}, "random is 'lfsr': it must be one of xorshift32, port"),
    ({"seed": 0}, "seed is 0: it must be an integer from 1 to 4,294,967,295"),
    ({"wide": "int2"}, "wide is signed 2-bit, 0 fraction bits: it must be of the same sort as signed 4-bit"),
    ({"wide": "e4m3"}, "wide is e4m3: it must be of the same sort as signed 4-bit"),
    (
        {"wide": "uint8", "code": "uint4", "scale": "range"},
        "wide is unsigned 8-bit, 0 fraction bits: the scale must be maximum or exponent, not range",
    ),
    (
        {"wide": "int8", "code": "int4", "scale": {"kind": "maximum", "clip_negative": 0.5}},
        "wide is signed 8-bit, 0 fraction bits: the scale must have one clip for both ends",
    ),
    ({"above": -1}, "above is -1: "),
    ({"input": E4M3}, "input is e4m3: a quantize stage takes fixed point; put an align stage before"),
    ({"input": Format(width=49)}, "width is 49: a quantize stage takes up to 48 bits"),
    (
        {"input": Block(element=INT16, group=32, scale=E8M0)},
        "input is signed 16-bit, 0 fraction bits in groups of 32, scale e8m0: a quantize stage",
    ),
    ({"storage": "rom"}, "storage is 'rom': "),
]


@pytest.mark.parametrize(("settings", "text"), REFUSED)
def test_refused(settings, text):
    with pytest.raises(HadacastError, match=f"^{re.escape(text)}"):
        Quantize(**{"frame": 64, "code": "int4", "scale": "maximum", **settings})


def test_names_and_tables():
    assert Quantize(frame=4, code="mxint8").code == named("", "mxint8")
    spec = Quantize(frame=4, code={"exponent": 2, "mantissa": 1}, scale={"kind": "exponent", "rule": "even"})
    assert spec == Quantize(frame=4, code=E2M1, scale=Exponent(rule="even"))
    assert hash(spec) == hash(Quantize(frame=4, code=E2M1, scale=Exponent(rule="even")))
