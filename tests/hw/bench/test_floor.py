"""The floor, against values computed by hand."""

from dataclasses import replace

import pytest

from hadacast.bench.floor import COSTS, Floor, floor
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.fwht import Fwht


def fwht(frame, lanes, width=16, **more):
    return Fwht(frame=frame, lanes=lanes, input=Format(width=width), **more)


def test_by_hand_64_points_4_lanes():
    # Distances 32, 16, 8, 4 between beats, widths 17 to 20; 2 and 1 within a beat, widths 21 and 22.
    adders = 2 * 4 * (17 + 18 + 19 + 20) + 4 * (21 + 22)
    bits = 32 * 17 + 16 * 18 + 8 * 19 + 4 * 20
    # 8 beats of 68 bits: 17 RAMs of 16 words; fewer beats are in registers.
    expected = Floor(adders=adders, memory=0, ram=6 * 17, words=60, bits=bits)
    assert floor(fwht(64, 4), "ecp5") == expected
    assert floor(fwht(64, 4), "gowin") == replace(expected, ram=4 * 17)
    assert (adders, bits) == (764, 1064)
    assert (expected.cells, expected.with_ram) == (764, 866)


def test_by_hand_two_points():
    # One butterfly between two beats: a sum and a difference of 9 bits.
    assert floor(fwht(2, 1, 8), "ecp5") == Floor(adders=18, memory=0, ram=0, words=1, bits=9)
    # Within a beat: one sum, one difference.
    assert floor(fwht(2, 2, 8), "ecp5") == Floor(adders=18, memory=0, ram=0, words=0, bits=0)


def test_by_hand_all_lanes():
    # 16·(17 + 18 + 19 + 20): no memory at all.
    assert floor(fwht(16, 16), "ice40") == Floor(adders=1184, memory=0, ram=0, words=0, bits=0)


def test_deep_memories_are_in_block_ram():
    # 2 lanes: 64 and 32 beats in block RAM, 16 and 8 of 38 and 40 bits in LUT RAM, the others in registers.
    found = floor(fwht(256, 2), "ecp5")
    assert found.ram == 6 * (10 + 10)
    assert found.words == 254


def test_unsigned_input_has_a_sign_bit_more():
    unsigned = Fwht(frame=16, lanes=4, input=Format(width=8, signed=False))
    assert floor(unsigned, "ecp5") == floor(fwht(16, 4, 9), "ecp5")


def test_parts_of_a_frame():
    # Bits 0 and 3 of 4 lanes: a delay of 2 beats at 9 bits, then neighbours at 10.
    found = floor(fwht(16, 4, 8, bits=(0, 3)), "ecp5")
    assert found == Floor(adders=2 * 4 * 9 + 4 * 10, memory=0, ram=0, words=8, bits=72)


@pytest.mark.parametrize("frame", [2, 16, 128, 4096])
@pytest.mark.parametrize("lanes", [1, 2])
def test_words_are_n_minus_p(frame, lanes):
    assert all(floor(fwht(frame, lanes, 4), family).words == frame - lanes for family in COSTS)


def test_what_memories_take():
    ecp5, ice40 = COSTS["ecp5"], COSTS["ice40"]
    assert [ecp5.flip_flops(beats, 20) for beats in (1, 5)] == [0, 0]
    # A logic cell is a LUT and a flip-flop: the first register shares its cell with what makes the word.
    assert [ice40.flip_flops(beats, 20) for beats in (1, 5)] == [0, 80]
    assert [ecp5.distributed(beats, 18) for beats in (2, 16, 17)] == [30, 30, 60]
    assert ice40.distributed(4, 18) is None
    # Written in one cycle, read in the next.
    assert [ice40.block(beats) for beats in (1, 2)] == [None, 0]
    assert [ice40.cheapest(beats, 18) for beats in (1, 2, 64)] == [0, 0, 0]
    assert [ice40.ram("ff", beats, 18) for beats in (1, 2)] == [0, 18]
    assert [ecp5.ram(storage, 16, 18) for storage in ("ff", "lutram", "bram")] == [0, 30, 0]


def test_an_unknown_family():
    with pytest.raises(HadacastError, match="'artix': there is a floor for ecp5, gowin, ice40"):
        floor(fwht(16, 2), "artix")
