"""The shipped recipes: each core is exact, can be built as it stands, and does what its comments say."""

import math
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.linalg import hadamard

from hadacast import boards, matrices, recipe
from hadacast.cli import data, simulation
from hadacast.format import Format
from hadacast.minifloat import E2M1, E4M3
from hadacast.report import quantization
from hadacast.spec.pipeline import Pipeline

NAMES = tuple(recipe.catalogue())
STAGES = {name: recipe.load(name).pipeline.stages for name in NAMES}
TRANSFORMS = tuple(n for n, stages in STAGES.items() if {s.kind for s in stages} <= {"fwht", "cast"})
ROTATIONS = tuple(n for n in TRANSFORMS if 1 << STAGES[n][0].stages == STAGES[n][0].frame)

# Too much for the interpreting simulator: compiled, behind the marker.
LARGE = ("flatquant64x64", "image64_keep10", "rotate5120", "rotate11008", "rotate14336")
# The hardware of methods is tests/methods' affair; here the small ones are built in each run.
SMALL = 128
QUICK = [
    name
    for name, chosen in ((name, recipe.load(name)) for name in NAMES)
    if name not in LARGE and (chosen.method is None or chosen.pipeline.frame <= SMALL)
]


def codes(spec, rng, frames):
    size = spec.in_beats * spec.in_lanes
    return rng.integers(spec.input.min, spec.input.max, (frames, size), endpoint=True)


def real_frames(chosen, most=None):
    """Codes of the recipe's sample; or random ones, as the recipe asks for."""
    if chosen.sample == "random":
        return codes(chosen.pipeline, np.random.default_rng(1), most or 3)
    return data.load(chosen.sample, chosen.pipeline, frames=most).frames.copy()


def check_core(name, frames, simulator, overrides=()):
    chosen = recipe.load(name, overrides)
    spec = chosen.pipeline
    x = real_frames(chosen, frames)
    if isinstance(spec.input, Format):
        x[0] = spec.input.min if spec.input.signed else spec.input.max  # the largest result there is
    result = simulation.run(spec, x, simulator=simulator)
    assert result.ok, result.problems
    assert result.samples == frames * spec.out_beats * spec.out_lanes
    assert result.latency_cycles == spec.latency
    assert result.beats_per_cycle == 1


@pytest.mark.parametrize("name", QUICK)
def test_the_core_is_exact(name):
    check_core(name, 2, "amaranth")


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_the_large_core_is_exact(name):
    # 172 adders for each of 8 lanes take a compiler eight minutes.
    check_core(name, 8, "cxxrtl", ["stream.lanes=1"] if name == "rotate11008" else ())


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
        taken = data.load(chosen.sample, chosen.pipeline)
        assert len(taken.frames) >= 3
        # Frames that don't lie in rows are owned up to.
        assert not taken.joined or "rows of 1,536" in recipe.catalogue()[name].read_text()


@pytest.mark.parametrize("name", NAMES)
def test_each_cites_its_source_and_says_why(name):
    text = recipe.catalogue()[name].read_text()
    assert text.startswith("# ")
    assert recipe.load(name).pipeline.title
    assert re.search(
        r"arXiv:[0-9]{4}[.][0-9]{5}|[Ss]pecification|[0-9]+\([0-9]+\), [0-9]+",
        recipe.load(name).pipeline.source,
    )


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


@pytest.mark.parametrize("name", [n for n in NAMES if {s.kind for s in STAGES[n]} == {"fwht", "hadamard"}])
def test_rotations_of_other_sizes_are_kronecker_products(name):
    """H_K ⊗ H_N/K, with the K in the title and in the page's table of matrices."""
    spec = recipe.load(name).pipeline
    order, points = map(int, re.search(r"= (\d+)·(\d+) points", spec.title).groups())
    assert order * points == spec.frame == int(name.removeprefix("rotate"))
    x = codes(spec, np.random.default_rng(6), 2)
    left = matrices.named(matrices.default(order)).astype(np.int64)
    assert (left @ left.T == order * np.eye(order)).all()
    expected = left @ x.reshape(-1, order, points) @ hadamard(points, dtype=np.int64)
    assert (spec.compute(x) == expected.reshape(-1, spec.frame)).all()


def test_heads4096_is_strided():
    spec = recipe.load("heads4096").pipeline
    x = codes(spec, np.random.default_rng(7), 3)
    expected = hadamard(32, dtype=np.int64) @ x.reshape(-1, 32, 128)
    assert (spec.compute(x) == expected.reshape(-1, 4096)).all()


def test_heads4096_with_head128_is_the_whole_transform():
    heads, head = (recipe.load(name).pipeline for name in ("heads4096", "head128"))
    x = codes(head, np.random.default_rng(8), 32)
    across = hadamard(32, dtype=np.int64) @ head.compute(x)
    assert (across.ravel() == hadamard(4096, dtype=np.int64) @ x.ravel()).all()
    assert (heads.compute(x.ravel()).reshape(32, 128) == hadamard(32, dtype=np.int64) @ x).all()


def test_flatquant64x64_is_two_orthogonal_factors():
    chosen = recipe.load("flatquant64x64")
    spec = chosen.pipeline
    folder = recipe.catalogue()["flatquant64x64"].parent
    left, right = (
        np.load(folder / f"flatquant64x64_{side}.npy").astype(np.float64) for side in ("left", "right")
    )
    for matrix in (left, right):
        assert np.abs(matrix @ matrix.T - np.eye(64)).max() < 1e-6
        assert np.abs(matrix).max() < 0.6  # dense: no permutation
    x = real_frames(chosen)
    values = spec.input.decode(x).reshape(-1, 64, 64)
    expected = (left.T @ values @ right).reshape(x.shape)
    found = spec.output.decode(spec.compute(x))
    rms = np.sqrt((expected**2).mean())
    assert np.sqrt(((found - expected) ** 2).mean()) < 2**-10 + 0.001 * rms
    assert np.abs(found).max() < 8  # nothing near the ±128 of 18 bits
    assert len(spec.registers.places) == 2


def test_dyadic_convolution_is_the_gram_matrix():
    """The kernel's definition on van der Corput points, in fractions."""
    spec = recipe.load("dyadic_convolution").pipeline
    point = [sum(Fraction(i >> bit & 1, 2 << bit) for bit in range(6)) for i in range(64)]

    def kernel(a, b):
        shifted = int(64 * a) ^ int(64 * b)
        if not shifted:
            return Fraction(2)
        floor_log2 = shifted.bit_length() - 1 - 6
        return 1 + 6 * (Fraction(1, 6) - Fraction(2) ** (floor_log2 - 1))

    gram = np.array([[float(kernel(a, b)) for a in point] for b in point])
    assert np.linalg.eigvalsh(gram).min() > 0
    x = codes(spec, np.random.default_rng(9), 20)
    assert (spec.output.decode(spec.compute(x)) == spec.input.decode(x) @ gram).all()
    solve = ["stage.gain.reciprocal=true", "stage.gain.width=40", "stage.gain.fraction=20"]
    solver = recipe.load("dyadic_convolution", solve)
    back = solver.pipeline.output.decode(solver.pipeline.compute(x)) @ gram
    assert back == pytest.approx(spec.input.decode(x), abs=0.02)


def sequency_ordered(size):
    """The Walsh matrix: Hadamard's, rows sorted by their sign changes."""
    natural = hadamard(size).astype(np.float64)
    return natural[np.argsort((np.diff(natural, axis=1) != 0).sum(axis=1))]


def test_walsh_spectrum_is_that_of_walsh_functions():
    spec = recipe.load("walsh_spectrum").pipeline
    walsh = sequency_ordered(1024)
    assert ((np.diff(walsh, axis=1) != 0).sum(axis=1) == np.arange(1024)).all()
    x = codes(spec, np.random.default_rng(10), 5)
    assert (spec.compute(x) == x @ walsh.T).all()


def round_trip(pictures, share):
    """In float64, which holds every number here: W X W, the first of rising u + v, W Z W / 4096."""
    walsh = sequency_ordered(64)
    spectrum = walsh @ pictures @ walsh.T
    first = sorted((u + v, u, v) for u in range(64) for v in range(64))[: math.ceil(share * 4096)]
    part = np.zeros_like(spectrum)
    for _, u, v in first:
        part[:, u, v] = spectrum[:, u, v]
    return np.clip(np.rint(walsh.T @ part @ walsh / 4096), 0, 255)


def test_image64_keep10_is_its_definition():
    chosen = recipe.load("image64_keep10")
    x = np.concatenate([real_frames(chosen), codes(chosen.pipeline, np.random.default_rng(11), 4)])
    x[-1] = np.where(np.arange(4096) % 128 < 64, 255, 0)  # overshoots: clipped at both ends
    expected = round_trip(x.reshape(-1, 64, 64), Fraction(1, 10))
    assert (chosen.pipeline.compute(x) == expected.reshape(-1, 4096)).all()
    assert sum(stage(chosen.pipeline, "keep").kept) == 410


def test_image64_keep10_without_orders_is_the_same():
    """The cheaper recipe that its comment speaks of."""
    chosen = recipe.load("image64_keep10")
    *_, fwht, requantize = chosen.pipeline.stages
    first = chosen.pipeline.stages[0]
    keep = replace(stage(chosen.pipeline, "keep"), order="natural")
    cheap = Pipeline(name="cheap", stages=(first, keep, fwht, requantize))
    x = codes(chosen.pipeline, np.random.default_rng(12), 6)
    assert (cheap.compute(x) == chosen.pipeline.compute(x)).all()
    assert chosen.pipeline.latency - cheap.latency == 1856
    moved = [stage.memory for stage in chosen.pipeline.stages if stage.kind == "order"]
    assert sum(moved) == 8320


def test_image64_keep10_with_everything_kept_loses_nothing():
    chosen = recipe.load("image64_keep10", ["stage.keep.share=1"])
    x = real_frames(chosen)
    assert (chosen.pipeline.compute(x) == x).all()


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
