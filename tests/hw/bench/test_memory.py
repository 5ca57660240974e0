"""Words of memory, counted in elaborated cores."""

import pytest

from hadacast.bench import memory
from hadacast.bench.grid import Point
from hadacast.core import butterfly, delay
from hadacast.format import Format
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


def held(spec, family="ecp5"):
    return memory.delays(spec, family)


@pytest.mark.parametrize("family", ["ecp5", "ice40", "gowin", "generic"])
@pytest.mark.parametrize(("frame", "lanes"), [(2, 1), (4, 4), (16, 1), (64, 2), (256, 8), (1024, 1)])
def test_words_are_n_minus_p(family, frame, lanes):
    spec = Pipeline(name="t", stages=(Fwht(frame=frame, lanes=lanes, input=Format(width=7)),))
    found = held(spec, family)
    assert sum(one.words for one in found) == frame - lanes
    # The longest delay holds half of a frame, at the narrowest width.
    assert [one.words for one in found] == [1 << bit for bit in range(20) if lanes <= 1 << bit < frame][::-1]
    assert [one.bits for one in found] == [one.words * (8 + i) for i, one in enumerate(found)]


@pytest.mark.parametrize("storage", ["ff", "lutram", "bram"])
def test_where_they_are(storage):
    spec = Pipeline(name="t", stages=(Fwht(frame=128, lanes=2, input=Format(width=8), storage=storage),))
    found = held(spec)
    assert found[0].storage == storage
    assert (found[0].rows > 0) == (storage != "ff")
    assert all(one.rows >= one.words - 2 * 4 for one in found if one.storage != "ff")
    assert found[-1].storage == "ff"  # one beat


def test_parts_of_a_frame():
    stages = (Fwht(frame=64, lanes=2, input=Format(width=8), bits=(0, 3)),)
    # A delay of 4 beats, and in front of all the frame buffer, which isn't the transform's.
    assert sum(one.words for one in held(Pipeline(name="t", stages=stages))) == 8


def test_two_transforms():
    first = Fwht(frame=16, lanes=2, input=Format(width=8))
    second = Fwht(frame=16, lanes=2, input=first.output)
    assert sum(one.words for one in held(Pipeline(name="t", stages=(first, second)))) == 28


def test_a_delay_too_long_is_seen(monkeypatch):
    class Longer(delay.Delay):
        def __init__(self, width, depth, storage):
            super().__init__(width, depth + (depth == 4), storage)

    monkeypatch.setattr(butterfly, "Delay", Longer)
    point = Point(family="ecp5", frame=64, lanes=2, width=8)
    assert sum(one.words for one in held(point.pipeline)) == 62 + 2


def test_counted():
    point = Point(family="ecp5", frame=256, lanes=1, width=8)
    found = memory.count(point.pipeline, "ecp5", {"DP16KD": 2, "TRELLIS_DPR16X4": 3, "LUT4": 50})
    assert found["words"] == found["ff_words"] + found["lutram_words"] + found["bram_words"] == 255
    assert found["bits"] == sum((128 >> i) * (9 + i) for i in range(8))
    assert 0 < found["ram_bits"] < found["bits"]
    assert found["cell_bits"] == 2 * 18432 + 3 * 64
