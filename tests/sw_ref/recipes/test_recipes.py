"""The shipped recipes: each core is exact, can be built as it stands, and does what its comments say."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import boards, recipe, samples
from hadacast.cli import simulation
from hadacast.format import Format
from hadacast.minifloat import E2M1, E4M3
from hadacast.report import quantization

NAMES = tuple(recipe.catalogue())
# Too much for the interpreting simulator: tests/methods runs their hardware, behind the marker.
LARGE = (
    *("affinequant", "discquant_in", "discquant_out", "flatquant", "lrq_dit_blocks", "ostquant"),
    *("quarot_heads", "quip_sharp_in", "quip_sharp_out", "qwha"),
)
ROTATIONS = tuple(n for n in NAMES if {s.kind for s in recipe.load(n).pipeline.stages} <= {"fwht", "cast"})


def codes(spec, rng, frames):
    size = spec.in_beats * spec.in_lanes
    return rng.integers(spec.input.min, spec.input.max, (frames, size), endpoint=True)


def real_frames(chosen, most=None):
    """Codes of the recipe's sample; or random ones, as the recipe asks for."""
    if chosen.sample == "random":
        return codes(chosen.pipeline, np.random.default_rng(1), most or 3)
    flat = samples.load(chosen.sample).ravel()
    frame = chosen.pipeline.frame
    blocks = flat[: flat.size // frame * frame].reshape(-1, frame)
    return chosen.pipeline.input.encode(blocks[:most])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LARGE])
def test_the_core_is_exact(name):
    chosen = recipe.load(name)
    spec = chosen.pipeline
    x = real_frames(chosen, 2)
    if isinstance(spec.input, Format):
        x[0] = spec.input.min if spec.input.signed else spec.input.max  # the largest result there is
    result = simulation.run(spec, x)
    assert result.ok, result.problems
    assert result.samples == 2 * spec.out_beats * spec.out_lanes
    assert result.latency_cycles == spec.latency
    assert result.beats_per_cycle == 1


@pytest.mark.parametrize("name", ROTATIONS)
def test_rotations_are_transforms(name):
    spec = recipe.load(name).pipeline
    x = codes(spec, np.random.default_rng(1), 3)
    assert (spec.compute(x) == x @ hadamard(spec.frame, dtype=np.int64)).all()


@pytest.mark.parametrize("name", NAMES)
def test_board_and_sample_are_there(name):
    chosen = recipe.load(name)
    boards.get(chosen.board)
    if chosen.sample != "random":
        # Frames that don't lie in rows are owned up to.
        rows = samples.load(chosen.sample).shape[-1] % chosen.pipeline.frame == 0
        assert rows or "rows of 1,536" in recipe.catalogue()[name].read_text()


@pytest.mark.parametrize("name", NAMES)
def test_each_cites_its_source_and_says_why(name):
    text = recipe.catalogue()[name].read_text()
    assert text.startswith("# ")
    assert recipe.load(name).pipeline.title
    assert re.search(r"arXiv:[0-9]{4}[.][0-9]{5}|[Ss]pecification|Express", recipe.load(name).pipeline.source)


def test_rht16_is_the_published_rotation():
    spec = recipe.load("rht16").pipeline
    rng = np.random.default_rng(2)
    signs = rng.choice([-1, 1], 16)
    x = codes(spec, rng, 8) // 2
    published = spec.input.decode(x) @ (np.diag(signs) @ hadamard(16) / 4)
    assert (spec.output.decode(spec.compute(x * signs)) / 4 == published).all()


def test_head128_keeps_dot_products():
    spec = recipe.load("head128").pipeline
    q, k = codes(spec, np.random.default_rng(3), 2)
    assert spec.compute(q) @ spec.compute(k) == 128 * (q @ k)


def test_imaging4096_gives_the_image_back():
    spec = recipe.load("imaging4096").pipeline
    rng = np.random.default_rng(4)
    image = np.zeros(4096, np.int64)
    image[rng.integers(0, 4096, 40)] = rng.integers(0, 100, 40)  # 12 bits hold the sum
    image[0] = 7
    masks = (hadamard(4096, dtype=np.int8) == 1).astype(np.int64)
    detector = masks @ image
    y = spec.compute(detector)
    assert (y % 2048 == 0).all()
    found = y // 2048
    found[0] -= detector[0]
    assert (found == image).all()


@pytest.mark.parametrize("copies", [1, 3, 5])
def test_decoder128_corrects(copies):
    """Up to 31 wrong bits in one copy of 128; as many in each copy, wherever they are, in several."""
    spec = recipe.load("decoder128").pipeline
    rng = np.random.default_rng(5)
    place = np.arange(128)
    for _ in range(200):
        index, sign = int(rng.integers(128)), int(rng.integers(2))
        word = np.array([(sign + (index & j).bit_count()) % 2 for j in place.tolist()])
        received = np.tile(word, (copies, 1))
        for copy in received:
            copy[rng.choice(128, 31, replace=False)] ^= 1
        y = spec.compute((1 - 2 * received).sum(0))
        peak = int(np.abs(y).argmax())
        assert (peak, int(y[peak] < 0)) == (index, sign)


# Quantizers


def figures(name):
    """What the report says of the recipe's own sample."""
    chosen = recipe.load(name)
    (found,) = quantization.report(chosen.pipeline, real_frames(chosen))
    return found


def stage(spec, kind):
    return next(stage for stage in spec.stages if stage.kind == kind)


def leaving(name, x):
    """Frames that leave the recipe's quantizer."""
    spec = recipe.load(name).pipeline
    index = spec.stages.index(stage(spec, "quantize"))
    return spec.stages[index], spec.taps(x)[index]


def nearest(numbers, value):
    """The nearest of the magnitudes `numbers`, ties to the even place, by exact comparison."""
    best = min(range(len(numbers)), key=lambda k: (abs(numbers[k] - abs(value)), k % 2))
    return best


def test_nvfp4_rht16_is_the_published_cast():
    """x · diag(s) · H16 / 4, scales and codes by their definition in fractions."""
    spec = recipe.load("nvfp4_rht16").pipeline
    x = real_frames(recipe.load("nvfp4_rht16"), 400)[::8]
    signs = np.array([1, 1, 1, -1, 1, -1, -1, -1, -1, -1, -1, 1, -1, 1, -1, -1])
    y = (x * signs) @ hadamard(16)
    _, found = leaving("nvfp4_rht16", x)
    constant = 6 * 448 / (Fraction(26) / 4)  # of the published transform, which divides by 4
    scales = [Fraction(float(v)) for v in E4M3.decode(np.arange(127))]
    elements = [Fraction(float(v)) for v in E2M1.decode(np.arange(8))]
    for row, scale, got in zip(y.tolist(), found.scale[:, 0].tolist(), found.codes.tolist(), strict=True):
        values = [Fraction(v, 4 << 10) for v in row]
        assert scale == nearest(scales, max(map(abs, values)) * constant / 6)
        expected = [nearest(elements, v * constant / scales[scale]) if scale else 0 for v in values]
        assert [code & 7 for code in got] == expected
        assert all((code >> 3) == (v < 0) for code, v in zip(got, values, strict=True) if v)
    assert spec.out_lanes == 9


def test_tensor_constants_hold_the_sample():
    for name in ("nvfp4_rht16", "nvfp4_rht16_bf16"):
        largest = figures(name)["largest"]
        assert round(largest, 1) == 24.6
        assert largest < stage(recipe.load(name).pipeline, "quantize").scale.tensor_amax < 1.1 * largest
    shown = figures("quamba_int8")
    assert round(shown["largest"], 1) == 31.6
    assert round(shown["rotated"]["clipped_share"], 2) == 0.07


def test_twice_the_tensor_constant_costs_next_to_nothing():
    plain = figures("nvfp4_rht16")["rotated"]["sqnr_db"]
    chosen = recipe.load("nvfp4_rht16", ["stage.quantize.scale.tensor_amax=52"])
    (twice,) = quantization.report(chosen.pipeline, real_frames(chosen))
    assert twice["rotated"]["sqnr_db"] == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize("name", ["mxfp4_32", "mxfp4_128", "mxfp4_32_bf16"])
def test_mxfp4_never_saturates_under_three_quarters(name):
    quantize, found = leaving(name, real_frames(recipe.load(name)))
    largest = np.abs(E2M1.decode(found.codes)).reshape(-1, 32).max(axis=1)
    assert set(largest.tolist()) <= {3, 4, 6}
    assert figures(name)["rotated"]["clipped"] == 0
    assert quantize.group == 32


@pytest.mark.parametrize("name", ["nvfp4_rht16", "mxfp4_32"])
def test_bf16_gives_nearly_the_same(name):
    """16 bits of fixed point and bf16 differ in their own rounding of the sample, and in nothing else."""
    fixed, floating = figures(name), figures(f"{name}_bf16")
    assert fixed["rotated"]["sqnr_db"] == pytest.approx(floating["rotated"]["sqnr_db"], abs=0.02)


def test_bf16_is_exact_near_the_largest():
    spec = recipe.load("nvfp4_rht16_bf16").pipeline
    align = spec.stages[0]
    values = np.array([[1.0, 2.0**-14 * 1.9921875, -(2.0**-14), 2.0**-15 * 1.9921875, 0, *([0.5] * 11)]])
    back = align.output.decode(align.compute(spec.input.encode(values)))
    assert (back[0, [0, 1, 2, 4]] == values[0, [0, 1, 2, 4]]).all()
    assert 0 < abs(back - values).max() <= 2.0**-22


def test_int4_token4096_is_symmetric_int4():
    _, found = leaving("int4_token4096", real_frames(recipe.load("int4_token4096"), 2))
    spec = recipe.load("int4_token4096").pipeline
    y = spec.stages[0].compute(real_frames(recipe.load("int4_token4096"), 2))
    amax = np.abs(y).max(axis=1, keepdims=True)
    assert (found.scale == amax).all()
    assert (found.codes == np.clip(np.rint(y * 70 / (9 * amax)), -8, 7)).all()
    assert (spec.out_lanes, spec.out_beats) == (4, 513)


def test_int4_token128_is_symmetric_int4():
    x = real_frames(recipe.load("int4_token128"), 200)
    _, found = leaving("int4_token128", x)
    y = x @ hadamard(128)
    amax = np.abs(y).max(axis=1, keepdims=True)
    assert (found.scale == amax).all()
    ties = 14 * np.abs(y) % (2 * amax) == amax  # float64 may round y·7/amax before rint does
    assert ((found.codes == np.rint(y * 7 / amax)) | ties).all()


def test_kv_int2_there_and_back():
    """What was packed and read again is near the keys: within a step, or clipped."""
    write, read = recipe.load("kv_int2_g128").pipeline, recipe.load("kv_int2_g128_read").pipeline
    assert read.input == write.output
    x = real_frames(recipe.load("kv_int2_g128"), 200)
    keys = read.output.decode(read.compute(write.compute(x))) / 128
    values = write.input.decode(x)
    noise = ((keys - values) ** 2).sum() / (values**2).sum()
    rotated = values @ hadamard(128)
    step = 0.8 * (np.maximum(rotated.max(1), 0) - np.minimum(rotated.min(1), 0)) / 3
    z = np.rint(-np.minimum(rotated.min(1), 0) / step)[:, None]
    codes_ = np.clip(np.rint(rotated / step[:, None]) + z, 0, 3)
    right = ((codes_ - z) * step[:, None] - rotated) @ hadamard(128) / 128
    assert noise == pytest.approx((right**2).sum() / (values**2).sum(), rel=1e-3)  # scales are fp16


def test_fp8_rows_have_scales_of_their_own():
    quantize, found = leaving("fp8_rows", real_frames(recipe.load("fp8_rows"), 50))
    assert (np.abs(E4M3.decode(found.codes)).max(axis=1) == 448).all()
    assert quantize.output.scale.name == "fp32"


def test_quamba_int8_rounds_half_away():
    x = real_frames(recipe.load("quamba_int8"), 60)
    y = Format(width=25, fraction=10).decode(x @ hadamard(512))
    steps = y * 127 / 26
    expected = np.clip(np.sign(steps) * np.floor(np.abs(steps) + 0.5), -128, 127)
    _, found = leaving("quamba_int8", x)
    assert (found.codes == expected).all()


def test_bfp12_has_the_exponent_of_the_largest():
    x = real_frames(recipe.load("bfp12_128"), 60)
    y = (x @ hadamard(128)) / 1024
    _, found = leaving("bfp12_128", x)
    exponent = np.floor(np.log2(np.abs(y).max(axis=1))).astype(int)
    assert (found.scale[:, 0] == exponent + 127).all()
    step = 2.0 ** (exponent - 10)[:, None]
    assert (found.codes == np.clip(np.rint(y / step), -2048, 2047)).all()


def test_mxfp8_32_is_a_plain_cast():
    spec = recipe.load("mxfp8_32").pipeline
    assert spec.dropper is None
    _, found = leaving("mxfp8_32", real_frames(recipe.load("mxfp8_32"), 50))
    largest = np.abs(E4M3.decode(found.codes)).max(axis=1)
    assert ((largest >= 256) & (largest <= 448)).all()  # [2^8, 2^9) times the scale, saturated


def test_int4_roundtrip128_comes_back():
    spec = recipe.load("int4_roundtrip128").pipeline
    x = real_frames(recipe.load("int4_roundtrip128"), 300)
    back = spec.output.decode(spec.compute(x)) / 128
    values = spec.input.decode(x)
    measured = 10 * math.log10((values**2).sum() / ((values - back) ** 2).sum())
    (shown,) = quantization.report(spec, x)
    assert measured == pytest.approx(shown["rotated"]["sqnr_db"], abs=0.01)
