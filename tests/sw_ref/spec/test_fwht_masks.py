"""Transforms of parts of frames, and of frames of any length, against Kronecker products of matrices."""

import re
from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.spec.fwht import Fwht
from hadacast.spec.normalize import Normalize
from hadacast.spec.pipeline import Pipeline


def eye(n: int) -> np.ndarray:
    return np.eye(n, dtype=np.int64)


def blocks(frame: int, size: int, stride: int = 1) -> np.ndarray:
    """I ⊗ H_size ⊗ I_stride."""
    return np.kron(np.kron(eye(frame // size // stride), hadamard(size)), eye(stride))


def masked(frame: int, bits: tuple[int, ...]) -> np.ndarray:
    """A factor H_2 for each of the bits, I_2 for the others, I for what is odd, the highest first."""
    count = (frame & -frame).bit_length() - 1
    factors = [hadamard(2) if bit in bits else eye(2) for bit in reversed(range(count))]
    return reduce(np.kron, factors, eye(frame >> count))


def codes(spec: Fwht, count: int = 4) -> np.ndarray:
    """Random frames, and one of each extreme."""
    x = np.random.default_rng(spec.frame).integers(spec.input.min, spec.input.max + 1, (count, spec.frame))
    x[0], x[1] = spec.input.min, spec.input.max
    return x


def largest(frame: int) -> int:
    return frame & -frame


@pytest.mark.parametrize("frame", [2, 6, 12, 24, 40, 96, 384, 12 * 32, 1536, 28 * 64, 40 * 128, 172 * 16])
def test_the_largest_power_of_two_is_the_default(frame):
    spec = Fwht(frame=frame, input=Format(width=12))
    assert 1 << spec.stages == largest(frame)
    x = codes(spec)
    expected = (x.reshape(len(x), -1, largest(frame)) @ hadamard(largest(frame))).reshape(x.shape)
    np.testing.assert_array_equal(spec.compute(x), expected)
    if frame <= 1024:
        np.testing.assert_array_equal(spec.compute(x), x @ blocks(frame, largest(frame)))
    assert spec == Fwht(frame=frame, input=Format(width=12), size=0)


@pytest.mark.parametrize(
    ("frame", "size", "stride"),
    [
        *((64, 1 << k, 1) for k in range(1, 7)),  # block-diagonal
        *((64, 1 << k, 64 >> k) for k in range(1, 7)),  # strided
        (64, 4, 4),
        (384, 32, 1),
        (384, 32, 12),
        (384, 4, 3),
        (384, 128, 3),
        (30, 2, 15),
        (30, 2, 5),
        (5120, 16, 1),
        (5120, 128, 40),
        (1536, 512, 1),
    ],
)
@pytest.mark.parametrize("width", [1, 12, 32])
def test_sizes_and_strides(frame, size, stride, width):
    spec = Fwht(frame=frame, input=Format(width=width), size=size, stride=stride)
    assert spec.output == Format(width=width + size.bit_length() - 1)
    x = codes(spec)
    if frame <= 1600:
        np.testing.assert_array_equal(spec.compute(x), x @ blocks(frame, size, stride))
    apart = x.reshape(len(x), -1, size, stride)
    expected = np.einsum("ij,bkjs->bkis", hadamard(size), apart).reshape(x.shape)
    np.testing.assert_array_equal(spec.compute(x), expected)


@pytest.mark.parametrize("frame", [16, 48, 160])
def test_every_set_of_bits(frame):
    count = largest(frame).bit_length() - 1
    for mask in range(1, 1 << count):
        bits = tuple(bit for bit in range(count) if mask >> bit & 1)
        spec = Fwht(frame=frame, input=Format(width=6), bits=bits)
        assert spec.output == Format(width=6 + len(bits))
        x = codes(spec)
        np.testing.assert_array_equal(spec.compute(x), x @ masked(frame, bits))
        assert spec == Fwht(frame=frame, input=Format(width=6), bits=bits[::-1])
        assert spec.delay == sum(1 << bit for bit in bits)


@settings(max_examples=80, deadline=None)
@given(
    odd=st.integers(1, 21),
    count=st.integers(1, 8),
    batch=st.lists(st.integers(0, 5), max_size=2),
    data=st.data(),
)
def test_any_bits_of_any_frame(odd, count, batch, data):
    frame = (2 * odd - 1) << count
    bits = tuple(data.draw(st.sets(st.integers(0, count - 1), min_size=1)))
    spec = Fwht(frame=frame, input=Format(width=8), bits=bits)
    x = np.random.default_rng(frame).integers(-128, 128, (*batch, frame))
    np.testing.assert_array_equal(spec.compute(x), x @ masked(frame, bits))


def test_large_frames_in_more_than_one_chunk():
    for settings_ in ({"bits": (0, 3, 12)}, {"size": 8, "stride": 7168}, {}):
        spec = Fwht(frame=7 << 13, input=Format(width=16), **settings_)
        x = codes(spec, 5)
        expected = x.astype(np.int64)
        for distance in spec.distances:
            pairs = expected.reshape(len(x), -1, 2, distance)
            expected = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        np.testing.assert_array_equal(spec.compute(x), expected.reshape(x.shape))


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (16, 16), (12, 8), (12, 20)])
def test_images(rows, columns):
    """Columns, then rows, is the transform on both sides of an image, and the full mask where both are powers
    of two."""
    frame = rows * columns
    across = Fwht(frame=frame, input=Format(width=8, signed=False), size=largest(columns))
    down = Fwht(frame=frame, input=across.output, size=largest(rows), stride=columns)
    x = codes(across)
    image = x.reshape(-1, rows, columns)
    left = blocks(rows, largest(rows))
    right = blocks(columns, largest(columns))
    found = down.compute(across.compute(x))
    np.testing.assert_array_equal(found, (left @ image @ right).reshape(x.shape))
    if (rows & (rows - 1)) == 0 and (columns & (columns - 1)) == 0:
        np.testing.assert_array_equal(found, Fwht(frame=frame, input=across.input).compute(x))


@pytest.mark.parametrize(
    ("frame", "settings_"),
    [
        (64, {}),
        (128, {}),
        (384, {"size": 32}),
        (48, {"size": 8, "stride": 3}),
        (96, {"bits": (1, 4)}),
    ],
)
def test_inverse(frame, settings_):
    """Twice, normalized each time, gives the input back: exactly where 1/√n is a power of two."""
    first = Fwht(frame=frame, input=Format(width=10, fraction=4), **settings_)
    points = 1 << first.stages
    root = Normalize(frame=frame, input=first.output, size=points)
    second = Fwht(frame=frame, input=root.output, **settings_)
    last = Normalize(frame=frame, input=second.output, size=points, width=10, fraction=4)
    spec = Pipeline(name="p", stages=(first, root, second, last))
    x = codes(first, 20)
    back = spec.compute(x)
    if first.stages % 2 == 0:
        np.testing.assert_array_equal(back, x)
    # 181·2^-k squared is 0.99977 of the power of two: up to 2^9 lose less than an eighth.
    assert np.abs(back - x).max() <= (1 if first.stages % 2 else 0)
    whole = Fwht(frame=frame, input=first.output, **settings_)
    exact = Normalize(frame=frame, input=whole.output, factor=f"1/{points}", width=10, fraction=4)
    np.testing.assert_array_equal(exact.compute(whole.compute(first.compute(x))), x)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"frame": 15}, "frame is 15: butterflies pair elements, but there are 15, which is odd"),
        ({"frame": 12, "stride": 4}, "stride is 4: butterflies pair elements, but there are 3, which is odd"),
        ({"frame": 12, "stride": 5}, "stride is 5: it must divide the frame, 12"),
        ({"frame": 96, "size": 64}, "size is 64: it must be a power of two from 2 to 32, which divides 96"),
        ({"frame": 96, "size": 6}, "size is 6: it must be a power of two from 2 to 32, which divides 96"),
        ({"frame": 96, "size": 1}, "size is 1: it must be a power of two from 2 to 32"),
        ({"frame": 96, "size": 16, "stride": 3}, None),
        ({"frame": 96, "size": 16, "stride": 12}, "size is 16: it must be a power of two from 2 to 8"),
        ({"frame": 96, "size": True}, "size is True: it must be a power of two"),
        ({"frame": 96, "bits": (5,)}, "bits is (5,): bit 5 takes a frame that is a multiple of 64, not 96"),
        ({"frame": 96, "bits": (0, 0)}, "bits is (0, 0): it must name each bit once"),
        ({"frame": 96, "bits": (-1,)}, "a bit is -1: it must be an integer from 0 to 15"),
        ({"frame": 96, "bits": (0.0,)}, "a bit is 0.0: it must be an integer from 0 to 15"),
        ({"frame": 96, "bits": 3}, "bits is 3: it must be a list of index bits"),
        ({"frame": 96, "bits": [3]}, "bits is [3]: it must be a list of index bits"),
        ({"frame": 96, "bits": (1,), "size": 4}, "size is 4: with bits it must be 0"),
        ({"frame": 96, "bits": (1,), "stride": 2}, "stride is 2: with bits it must be 1"),
        (
            {"frame": 96, "lanes": 12},
            "lanes is 12: butterflies between elements 4 apart take lanes that divide 4, "
            "or are a multiple of 8",
        ),
        ({"frame": 96, "lanes": 12, "size": 4}, None),
        ({"frame": 96, "lanes": 96}, None),
        ({"frame": 96, "lanes": 12, "stride": 3, "size": 16}, None),
        ({"frame": 96, "lanes": 3, "stride": 3}, None),
        (
            {"frame": 96, "lanes": 3},
            "lanes is 3: butterflies between elements 1 apart take lanes that divide 1",
        ),
        (
            {"frame": 4096, "bits": (11,), "storage": "ff"},
            "storage is 'ff': the longest delay is 2,048 beats",
        ),
        ({"frame": 4096, "bits": (8,), "storage": "ff"}, None),
        (
            {"frame": 96, "input": exponents(Format(width=8), 32)},
            "input is signed 8-bit, 0 fraction bits in groups of 32, scale e8m0: an fwht stage takes one",
        ),
    ],
)
def test_members(members, message):
    if message is None:
        Fwht(**members)
    else:
        with pytest.raises(HadacastError, match="^" + re.escape(message)):
            Fwht(**members)


@pytest.mark.parametrize(
    ("members", "delay", "whole"),
    [
        ({"frame": 64, "lanes": 4}, 15, True),
        ({"frame": 64, "lanes": 4, "size": 16, "stride": 4}, 15, True),  # all bits between beats
        ({"frame": 64, "lanes": 4, "size": 32}, 7, False),
        ({"frame": 64, "lanes": 4, "size": 4}, 0, False),
        ({"frame": 64, "lanes": 4, "size": 4, "stride": 16}, 12, False),
        ({"frame": 64, "lanes": 4, "bits": (0, 2, 5)}, 9, False),
        ({"frame": 64, "lanes": 64, "size": 2}, 0, True),  # a beat is a frame
        ({"frame": 384, "lanes": 4}, 31, False),
        ({"frame": 384, "lanes": 12, "size": 32, "stride": 12}, 31, True),
        ({"frame": 384, "lanes": 12, "size": 4}, 0, False),
    ],
)
def test_delays(members, delay, whole):
    for registers in (0, 1, 2):
        spec = Fwht(**members, registers=registers)
        assert (spec.delay, spec.whole) == (delay, whole)
        assert spec.latency == delay + (registers == 2) + sum(spec.stage_registers)
    pipeline = Pipeline(name="p", stages=(spec,))
    assert pipeline.dropper == (0 if whole else None)


def test_the_first_transform_over_whole_frames_drops():
    part = Fwht(frame=64, lanes=4, size=8)
    whole = Fwht(frame=64, lanes=4, input=part.output)
    assert Pipeline(name="p", stages=(part, whole)).dropper == 1
    after = Fwht(frame=64, lanes=4, input=whole.output)
    assert Pipeline(name="p", stages=(whole, after)).dropper == 0


@pytest.mark.parametrize("size", [0, 1, 2, 8, 16])
def test_a_smaller_size_than_the_built_one(size):
    spec = Fwht(frame=48, lanes=2, input=Format(width=6), up_to=16, size=size)
    built = replace(spec, size=0)
    assert (spec.output, spec.latency, spec.whole) == (built.output, built.latency, built.whole)
    x = codes(spec)
    np.testing.assert_array_equal(spec.compute(x), x @ blocks(48, size or 16))
    (register,) = spec.settings
    assert register.init == (size or 16) - 1
    assert register.range == built.settings[0].range == (0, 15)


def test_any_bits_of_a_built_size():
    spec = Fwht(frame=48, input=Format(width=6), up_to=16, bits=(0, 3))
    assert spec.settings[0].init == 0b1001
    np.testing.assert_array_equal(spec.compute(codes(spec)), codes(spec) @ masked(48, (0, 3)))
    assert not replace(spec, up_to=0).settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"up_to": 3}, "up_to is 3: it must be a power of two from 2 to 16, which divides 48"),
        ({"up_to": 32}, "up_to is 32"),
        ({"up_to": True}, "up_to is True"),
        ({"up_to": 4, "size": 8}, "size is 8: up_to, 4, must be as large"),
        ({"up_to": 4, "bits": (1, 2)}, "bits is [1, 2]: up_to, 4, must be as large"),
        ({"size": 1}, "size is 1: it must be a power of two from 2 to 16"),
        ({"up_to": 16, "size": 3}, "size is 3: it must be a power of two from 1 to 16"),
    ],
)
def test_a_size_that_was_not_built_is_refused(settings, message):
    with pytest.raises(HadacastError, match=re.escape(message)):
        Fwht(frame=48, **settings)
