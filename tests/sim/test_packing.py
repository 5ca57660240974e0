import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadacast.format import Format
from hadacast.sim.packing import Packing


def test_by_hand():
    packing = Packing.of(2, Format(width=12))
    assert packing.bytes == 4
    assert packing.pack([[-1, 2]]).tolist() == [[0xFF, 0xFF, 0x02, 0x00]]
    # The padding counts: 0x0800 is what a core sends that forgot to extend the sign of -2048.
    assert packing.unpack(np.array([[0x00, 0x08, 0x00, 0xF8]], dtype=np.uint8)).tolist() == [[2048, -2048]]


@given(st.integers(1, 63), st.booleans(), st.integers(1, 5), st.data())
def test_there_and_back(width, signed, lanes, data):
    format_ = Format(width=width, signed=signed)
    value = st.integers(format_.min, format_.max)
    beats = data.draw(st.lists(st.lists(value, min_size=lanes, max_size=lanes), max_size=4))
    packing = Packing.of(lanes, format_)
    octets = packing.pack(np.array(beats, dtype=np.int64).reshape(-1, lanes))
    assert packing.unpack(octets).tolist() == beats
    # The same by Python's own integers.
    for row, beat in zip(octets, beats, strict=True):
        assert bytes(row) == b"".join(v.to_bytes(packing.size, "little", signed=signed) for v in beat)


@pytest.mark.parametrize("signed", [False, True])
def test_empty(signed):
    packing = Packing.of(3, Format(width=5, signed=signed))
    assert packing.unpack(packing.pack(np.zeros((0, 3), dtype=np.int64))).shape == (0, 3)
