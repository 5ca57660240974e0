"""The transform against matrices and packages nobody here wrote, at every size."""

import dataclasses
import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from sympy import fwht as sympy_fwht

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.minifloat import BF16
from hadacast.spec.butterflies import CHUNK
from hadacast.spec.fwht import Fwht

SIZES = [1 << k for k in range(1, 17)]


def oracle(x: np.ndarray) -> np.ndarray:
    """H_N x on the last axis through scipy's matrices: H_N = H_a ⊗ H_b, all in int64."""
    frame = x.shape[-1]
    a = 1 << (frame.bit_length() - 1) // 2
    b = frame // a
    return (hadamard(a) @ x.reshape(-1, a, b) @ hadamard(b)).reshape(x.shape)


def full_scale(format_: Format, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Random choices among the two limits."""
    return np.where(rng.integers(0, 2, shape, bool), format_.min, format_.max)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1867)


@pytest.mark.parametrize("frame", [n for n in SIZES if n <= 4096])
def test_equals_scipy_matrix(frame, rng):
    matrix = hadamard(frame)
    np.testing.assert_array_equal(oracle(np.eye(frame, dtype=int)[:3]), matrix[:3])  # the other oracle too
    for format_ in (Format(width=16), Format(width=32), Format(width=32, signed=False), Format(width=1)):
        x = rng.integers(format_.min, format_.max, (2, frame), endpoint=True)
        y = Fwht(frame=frame, input=format_).compute(x)
        np.testing.assert_array_equal(y, x @ matrix)  # H is symmetric


@pytest.mark.parametrize("frame", [n for n in SIZES if n <= 512])
def test_every_basis_vector(frame):
    unit = np.eye(frame, dtype=np.int8)
    np.testing.assert_array_equal(Fwht(frame=frame, input=Format(width=2)).compute(unit), hadamard(frame))


@pytest.mark.long
@pytest.mark.parametrize("frame", [1024, 2048, 4096])
def test_every_basis_vector_of_large_frames(frame):
    test_every_basis_vector(frame)


@pytest.mark.parametrize("frame", SIZES)
def test_columns_by_definition(frame, rng):
    """Column k of H_N has (-1)^popcount(i & k) in row i."""
    columns = np.unique([0, 1, frame // 2, frame - 1, *rng.integers(0, frame, 8)])
    x = np.zeros((len(columns), frame), np.int64)
    x[np.arange(len(columns)), columns] = -(2**31)
    expected = 1 - 2 * (np.bitwise_count(np.arange(frame) & columns[:, None]).astype(np.int64) % 2)
    y = Fwht(frame=frame, input=Format(width=32)).compute(x)
    np.testing.assert_array_equal(y, -(2**31) * expected)


@pytest.mark.parametrize("frame", [2, 8, 128, 1024])
def test_equals_sympy(frame, rng):
    x = rng.integers(-(2**31), 2**31, frame)
    expected = [int(value) for value in sympy_fwht(x.tolist())]
    assert Fwht(frame=frame, input=Format(width=32)).compute(x).tolist() == expected


def test_worked_example():
    y = Fwht(frame=8, input=Format(width=5)).compute([1, 2, 3, 4, 5, 6, 7, 8])
    assert y.tolist() == [36, -4, -8, 0, -16, 0, 0, 0]


@pytest.mark.parametrize("frame", SIZES)
@pytest.mark.parametrize("signed", [True, False])
def test_large_and_full_scale(frame, signed, rng):
    for width in {1, 15, 16, 32}:
        format_ = Format(width=width, signed=signed)
        spec = Fwht(frame=frame, input=format_)
        x = full_scale(format_, (3, frame), rng)
        np.testing.assert_array_equal(spec.compute(x), oracle(x))


@pytest.mark.parametrize("frame", SIZES)
def test_output_width_is_tight(frame):
    """The most negative input on all lanes reaches the most negative output; no narrower format would do."""
    for width in range(1, 33):
        spec = Fwht(frame=frame, input=Format(width=width))
        assert spec.output == Format(width=width + spec.stages)
        assert frame * spec.input.min == spec.output.min
        spec = Fwht(frame=frame, input=Format(width=width, signed=False, fraction=5))
        assert spec.output == Format(width=width + spec.stages + 1, fraction=5)
        assert spec.output.max // 2 < frame * spec.input.max <= spec.output.max


@pytest.mark.parametrize("frame", SIZES)
@pytest.mark.parametrize("signed", [True, False])
def test_extreme_inputs_reach_every_extreme_output(frame, signed):
    """Rows of signs times the limits: the largest and the smallest value output k can take."""
    for width in (1, 8, 16, 17, 32):
        spec = Fwht(frame=frame, input=Format(width=width, signed=signed))
        low, high = spec.input.min, spec.input.max
        for row in (0, 1, frame - 1):
            plus = np.bitwise_count(np.arange(frame) & row) % 2 == 0
            y = spec.compute(np.stack([np.where(plus, high, low), np.where(plus, low, high)]))
            half = frame // 2 if row else frame
            assert y[:, row].tolist() == [
                half * high - (frame - half) * low,
                half * low - (frame - half) * high,
            ]
            assert y.min() >= spec.output.min
            assert y.max() <= spec.output.max


@pytest.mark.parametrize("frame", SIZES)
def test_no_intermediate_wraps_at_the_dtype_limits(frame, rng):
    """Outputs of exactly 16, 17, 32 and 33 bits, at full scale."""
    stages = frame.bit_length() - 1
    for output in (16, 17, 32, 33):
        if 1 <= output - stages <= 32:
            spec = Fwht(frame=frame, input=Format(width=output - stages))
            assert spec.output.width == output
            x = full_scale(spec.input, (4, frame), rng)
            x[0], x[1] = spec.input.min, spec.input.max
            np.testing.assert_array_equal(spec.compute(x), oracle(x))


def test_32_bits_at_the_largest_frame():
    spec = Fwht(frame=65536, input=Format(width=32))
    assert spec.output == Format(width=48)
    y = spec.compute(np.full(65536, -(2**31)))
    assert y[0] == -(2**47)
    assert not y[1:].any()
    spec = Fwht(frame=65536, input=Format(width=32, signed=False))
    assert spec.output == Format(width=49)
    y = spec.compute(np.full(65536, 2**32 - 1, np.uint32))
    assert y[0] == 2**48 - 2**16
    assert not y[1:].any()


@pytest.mark.parametrize("frame", SIZES)
def test_twice_is_frame_times_the_input(frame, rng):
    first = Fwht(frame=frame, input=Format(width=16))
    second = Fwht(frame=frame, input=first.output)
    x = rng.integers(-(2**15), 2**15, (3, frame))
    np.testing.assert_array_equal(second.compute(first.compute(x)), frame * x)


@settings(max_examples=60, deadline=None)
@given(
    stages=st.integers(1, 10),
    batch=st.lists(st.integers(0, 7), max_size=3),
    width=st.integers(1, 32),
    signed=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_any_shape_and_format(stages, batch, width, signed, seed):
    format_ = Format(width=width, signed=signed)
    x = np.random.default_rng(seed).integers(format_.min, format_.max, (*batch, 1 << stages), endpoint=True)
    y = Fwht(frame=1 << stages, input=format_).compute(x)
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, oracle(x))


@pytest.mark.parametrize("frame", [2, 64, 128, 512, 1024, 8192, 65536])
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_batches_around_the_chunk_size(frame, extra, rng):
    rows = 2 * CHUNK // frame + extra
    x = rng.integers(-128, 128, (rows, frame), np.int8)
    np.testing.assert_array_equal(Fwht(frame=frame, input=Format(width=8)).compute(x), oracle(x))


@pytest.mark.long
def test_every_batch_size_and_frame(rng):
    """The chunk's split into low and high bits depends on frame and batch together."""
    for frame in SIZES[:13]:
        x = rng.integers(-128, 128, (300, frame), np.int8)
        expected = oracle(x)
        spec = Fwht(frame=frame, input=Format(width=8))
        for batch in range(300):
            np.testing.assert_array_equal(spec.compute(x[:batch]), expected[:batch])


@pytest.mark.parametrize("dtype", "bhilqBHILQ")
@pytest.mark.parametrize("order", "<>")
def test_every_integer_dtype(dtype, order, rng):
    x = rng.integers(0, 64, (5, 32)).astype(np.dtype(dtype).newbyteorder(order))
    if x.dtype.kind == "i":
        x -= 32
    before = x.copy()
    y = Fwht(frame=32, input=Format(width=7)).compute(x)
    np.testing.assert_array_equal(y, x.astype(np.int64) @ hadamard(32))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x[::-1],
        lambda x: x[:, ::-1],
        lambda x: x[::2],
        lambda x: np.asfortranarray(x),
        lambda x: np.asfortranarray(x)[1:],
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: np.moveaxis(x.reshape(2, 3, 64), 0, 1),
        lambda x: np.broadcast_to(x[0], (4, 64)),
        lambda x: np.broadcast_to(x[:, :1], (6, 64)),
        lambda x: x.view(np.matrix),
    ],
)
def test_inputs_of_any_layout_stay_untouched(view, rng):
    x = view(rng.integers(-(2**15), 2**15, (6, 64)))
    before = x.copy()
    x.flags.writeable = False
    y = Fwht(frame=64).compute(x)
    assert type(y) is np.ndarray
    assert y.shape == x.shape
    assert y.flags.writeable
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, oracle(np.array(x)))


def test_transform_of_a_strided_array(rng):
    """Only a C-contiguous array can be overwritten; any other must not come back unchanged."""
    x = rng.integers(-(2**15), 2**15, (6, 128))[:, ::2]
    expected = oracle(np.array(x))
    np.testing.assert_array_equal(Fwht(frame=64).transform(Frames(codes=x)).codes, expected)
    turned = x[:4].T
    expected = oracle(np.array(turned))
    np.testing.assert_array_equal(Fwht(frame=4).transform(Frames(codes=turned)).codes, expected)


@pytest.mark.parametrize("shape", [(0, 16), (3, 0, 16), (0, 0, 16)])
def test_empty_batch(shape):
    y = Fwht(frame=16).compute(np.empty(shape, np.int16))
    assert y.shape == shape
    assert y.dtype == np.int64


@pytest.mark.parametrize("frame", [128, 65536])
def test_memory_beyond_the_result_is_bounded(frame):
    x = np.ones((2**21 // frame, frame), np.int16)
    spec = Fwht(frame=frame)
    tracemalloc.start()
    try:
        y = spec.compute(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < y.nbytes + 2**20


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 15), int), "input has shape (2, 15): the last axis must be 16"),
        (np.zeros((16, 2), int), "input has shape (16, 2): the last axis must be 16"),
        (0, "input has shape (): the last axis must be 16"),
        (np.zeros(0, int), "input has shape (0,): the last axis must be 16"),
        (np.zeros(16), "input has dtype float64: it must be an integer type"),
        (np.zeros(16, bool), "input has dtype bool: it must be an integer type"),
        ([0] * 15 + [None], "input has dtype object: it must be an integer type"),
        ([2**64] * 16, "input has dtype object: it must be an integer type"),
        ([[0] * 16, [0]], "it must be an array of numbers"),
        ([0] * 3 + [32768] * 13, "input[3] is 32768: signed 16-bit, 0 fraction bits holds -32,768 to 32,767"),
        (np.full((2, 16), 2**64 - 1, np.uint64), f"input[0, 0] is {2**64 - 1}: "),
    ],
)
def test_inputs_refused(x, message):
    with pytest.raises(HadacastError, match=re.escape(message)) as caught:
        Fwht(frame=16).compute(x)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"frame": 3}, "frame is 3: butterflies pair elements, but there are 3, which is odd"),
        ({"frame": 0}, "frame is 0: it must be an integer from 2 to 65,536"),
        ({"frame": 1}, "frame is 1: it must be an integer from 2 to 65,536"),
        ({"frame": -8}, "frame is -8: it must be an integer from 2 to 65,536"),
        ({"frame": 131072}, "frame is 131072: it must be an integer from 2 to 65,536"),
        ({"frame": 8.0}, "frame is 8.0: it must be an integer from 2 to 65,536"),
        ({"frame": True}, "frame is True: it must be an integer from 2 to 65,536"),
        ({"frame": "8"}, "frame is '8': it must be an integer from 2 to 65,536"),
        ({"frame": None}, "frame is None: it must be an integer from 2 to 65,536"),
        ({"frame": np.int64(8)}, "frame is np.int64(8): it must be an integer from 2 to 65,536; convert"),
        ({"lanes": 3}, "lanes is 3: it must divide the frame, 16"),
        ({"lanes": 32}, "lanes is 32: it must divide the frame, 16"),
        ({"lanes": 0}, "lanes is 0: "),
        ({"lanes": False}, "lanes is False: "),
        ({"input": 16}, "input is 16: it must be a Format"),
        ({"input": None}, "input is None: it must be a Format"),
        ({"input": Format(width=49)}, "width is 49: an fwht stage takes 1 to 48 input bits"),
        (
            {"frame": 65536, "input": Format(width=48)},
            "output width is 64: it must be an integer from 1 to 63",
        ),
        ({"input": BF16}, "input is bf16: an fwht stage takes fixed point; an align stage makes it"),
        (
            {"input": exponents(Format(width=16), 8)},
            "input is signed 16-bit, 0 fraction bits in groups of 8, scale e8m0: "
            "an fwht stage takes one exponent for each frame",
        ),
        ({"registers": 3}, "registers is 3: it must be an integer from 0 to 2"),
        ({"registers": True}, "registers is True: it must be an integer from 0 to 2"),
        ({"registers": None}, "registers is None: it must be an integer from 0 to 2"),
        ({"storage": "uram"}, "storage is 'uram': it must be one of auto, ff, lutram, bram"),
        ({"storage": ["ff"]}, "storage is ['ff']: it must be one of auto, ff, lutram, bram"),
        ({"storage": None}, "storage is None: it must be one of auto, ff, lutram, bram"),
        (
            {"storage": "ff", "frame": 1024},
            "storage is 'ff': the longest delay is 512 beats, flip-flops hold up to 256;"
            " it must be lutram, bram or auto",
        ),
        ({"stall_span": 0}, "stall_span is 0: it must be an integer from 1 to 16"),
        ({"stall_span": 17}, "stall_span is 17: it must be an integer from 1 to 16"),
    ],
)
def test_members_refused(members, message):
    with pytest.raises(HadacastError, match="^" + re.escape(message)):
        Fwht(**{"frame": 16, **members})


@pytest.mark.parametrize("frame", SIZES)
@pytest.mark.parametrize("registers", [0, 1, 2])
def test_latency_counts_what_the_docstring_says(frame, registers):
    for lanes in {1, 2, frame}:
        for span in (1, 2, 3, 16):
            spec = Fwht(frame=frame, lanes=lanes, registers=registers, stall_span=span)
            placed = spec.stage_registers
            assert len(placed) == spec.stages
            assert placed[-1] == 1
            assert all(count >= registers for count in placed[:-1])
            # No stretch without a register is longer than a stall span.
            bare = max(map(len, "".join("r" if count else "-" for count in placed).split("r")))
            assert bare < span
            assert spec.beats * lanes == frame
            assert spec.latency == spec.beats - 1 + (registers == 2) + sum(placed)


def test_latency_example():
    assert Fwht(frame=128, lanes=4).latency == 31 + 7
    assert Fwht(frame=128, lanes=4, registers=0).latency == 31 + 1
    assert Fwht(frame=128, lanes=4, registers=2).latency == 31 + 1 + 13
    assert Fwht(frame=8, lanes=8, registers=0, stall_span=2).latency == 2


def test_equal_specs_hash_equal_and_are_frozen():
    assert Fwht(frame=8) == Fwht(frame=8, lanes=1, input=Format(width=16)) != Fwht(frame=8, storage="ff")
    assert len({Fwht(frame=8), Fwht(frame=8), Fwht(frame=16)}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        Fwht(frame=8).frame = 16
