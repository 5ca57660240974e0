"""Orders of a Walsh-Hadamard spectrum, against their definitions and other people's transforms."""

import numpy as np
import pytest
import scipy.linalg
import sympy

from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import NAMED
from hadacast.spec.fwht import Fwht
from hadacast.spec.order import ORDERS, Order

SIZES = [2, 4, 8, 16, 64, 256]


def rows_by_definition(size: int, order: str) -> np.ndarray:
    """The transform's matrix with its rows in an order, nothing of ours in it."""
    natural = scipy.linalg.hadamard(size)
    if order == "natural":
        return natural
    if order == "sequency":  # sorted by the number of sign changes, which are 0 to N - 1
        changes = (np.diff(natural, axis=1) != 0).sum(axis=1)
        assert sorted(changes) == list(range(size))
        return natural[np.argsort(changes)]
    # Paley: row i is the product of the Rademacher functions r_{k+1} for the bits k set in i; r_1 changes
    # sign in the middle of the interval, r_2 at the quarters.
    rows = np.ones((size, size), dtype=np.int64)
    time = (np.arange(size) + 0.5) / size
    for k in range(size.bit_length() - 1):
        rademacher = np.sign(np.sin(2 ** (k + 1) * np.pi * time)).astype(np.int64)
        rows[(np.arange(size) >> k & 1) == 1] *= rademacher
    return rows


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("before", ORDERS)
@pytest.mark.parametrize("after", ORDERS)
def test_spectra_change_their_order(size, before, after):
    x = np.random.default_rng(size).integers(-100, 100, size)
    spec = Order(frame=size, input=Format(width=24), before=before, after=after)
    found = spec.compute(rows_by_definition(size, before) @ x)
    assert np.array_equal(found, rows_by_definition(size, after) @ x)


@pytest.mark.parametrize("size", SIZES)
def test_sympy_transforms_in_natural_order(size):
    x = np.random.default_rng(size).integers(-100, 100, size)
    natural = np.array([int(v) for v in sympy.fwht(x.tolist())])
    fwht = Fwht(frame=size)
    spec = Order(frame=size, input=fwht.output)
    found = spec.compute(natural)
    assert np.array_equal(found, rows_by_definition(size, "sequency") @ x)
    assert np.array_equal(spec.compute(fwht.compute(x)), found)
    index = np.arange(size)
    reverse = [int(format(i ^ i >> 1, f"0{size.bit_length() - 1}b")[::-1], 2) for i in index]
    assert np.array_equal(found, natural[reverse])


def test_sequency_counts_sign_changes_of_what_a_unit_vector_becomes():
    for place in range(32):
        spectrum = np.zeros(32, dtype=np.int64)
        spectrum[place] = 1
        natural = Order(frame=32, before="sequency", after="natural").compute(spectrum)
        signs = scipy.linalg.hadamard(32) @ natural
        assert (np.diff(signs) != 0).sum() == place


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (16, 2), (8, 8)])
def test_images_are_ordered_in_either_direction(rows, columns):
    image = np.random.default_rng(rows).integers(-9, 9, (rows, columns))
    frame = rows * columns
    left, right = rows_by_definition(rows, "natural"), rows_by_definition(columns, "natural")
    spectrum = left @ image @ right.T
    spectrum = Order(frame=frame, size=columns).compute(spectrum.ravel())
    spectrum = Order(frame=frame, size=rows, stride=columns).compute(spectrum)
    left, right = rows_by_definition(rows, "sequency"), rows_by_definition(columns, "sequency")
    assert np.array_equal(spectrum.reshape(rows, columns), left @ image @ right.T)


@pytest.mark.parametrize("before", ORDERS[:3])
@pytest.mark.parametrize("after", ORDERS[:3])
@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_memory_is_the_least_power_of_two(before, after, lanes):
    """From 16 beats on: never less than any circuit needs, and less than twice as much."""
    for log2 in range(lanes.bit_length() + 3, 14):
        spec = Order(frame=1 << log2, lanes=lanes, before=before, after=after)
        assert spec.least_memory <= spec.memory
        assert spec.memory < 2 * spec.least_memory or before == after
    assert (spec.memory == 0) == (before == after)


def test_memory_of_serial_bit_reversal():
    """The bound is the published minimum, (√N - 1)² words for even log2 N (M. Garrido, J. Grajal and O.
    Gustafsson, "Optimum circuits for bit reversal", 2011); the memory is N."""
    for log2 in (2, 4, 6, 8, 10, 12):
        spec = Order(frame=1 << log2, after="bit_reversed")
        assert spec.least_memory == ((1 << log2 // 2) - 1) ** 2
        assert spec.memory == spec.frame


def test_half_a_frame_from_dyadic_to_sequency():
    assert Order(frame=1024, lanes=4, before="dyadic").memory == 512
    assert Order(frame=1024, lanes=4, before="natural", after="natural").memory == 0
    assert Order(frame=1024, lanes=4, size=64).memory == 64
    assert Order(frame=8, lanes=8).latency == 0


def test_any_elements_and_exponents_pass():
    spec = Order(frame=4, input=NAMED["e4m3"])
    assert spec.output == NAMED["e4m3"]
    spec = Order(frame=4, input=exponents(Format(width=4), 4))
    found = spec.compute(Frames(codes=np.array([1, 2, 3, 4]), scale=np.array([7])))
    assert (found.codes.tolist(), found.scale.tolist()) == ([1, 3, 4, 2], [7])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"frame": 12}, "frame is 12 and size is 0: the points must be a power of two"),
        ({"frame": 16, "size": 6}, "size is 6: the points must be a power of two"),
        ({"frame": 16, "size": 1}, "size is 1"),
        ({"frame": 16, "size": 16, "stride": 2}, "size is 16"),
        ({"frame": 16, "stride": 3}, "stride is 3: it must divide the frame, 16"),
        ({"frame": 16, "stride": 0}, "stride is 0"),
        ({"frame": 16, "size": -2}, "size is -2"),
        ({"frame": 16, "after": "walsh"}, "after is 'walsh': it must be one of natural, dyadic"),
        ({"frame": 16, "before": 1}, "before is 1"),
        ({"frame": 16, "lanes": 3}, "lanes is 3: it must divide the frame, 16"),
        ({"frame": 16, "input": Block(element=Format(), group=4, scale=Format())}, "no groups"),
    ],
)
def test_errors(settings, text):
    with pytest.raises(HadacastError) as error:
        Order(**settings)
    assert text in str(error.value)
    assert "\n" not in str(error.value)
