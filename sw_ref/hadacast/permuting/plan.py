"""Which circuit a permutation takes."""

import numpy as np

from hadacast.format import Ints
from hadacast.permuting.banked import Banked, Switch, banked
from hadacast.permuting.in_place import InPlace, in_place
from hadacast.permuting.lanes import Lanes

Plan = Lanes | InPlace | Banked


def plan(source: Ints, lanes: int) -> Plan:
    """The circuit for y[i] = x[source[i]], a permutation of len(source) places on `lanes` lanes.

    Wires, or a switch of lanes, where beats stay where they are; a buffer of one block where the map is
    affine over GF(2); else one or two blocks and tables. A block is the least part of a frame that the
    permutation keeps, the same in every part but for XORs.
    """
    blocks = len(source) // period(source, lanes)
    source = source[: len(source) // blocks]
    beats = len(source) // lanes
    rows = source.reshape(beats, lanes)
    if (rows // lanes == np.arange(beats)[:, None]).all():
        return Lanes(switch=Switch.of((rows % lanes).tolist()))
    return in_place(source, lanes, blocks) or banked(source, lanes, blocks)


def period(source: Ints, lanes: int) -> int:
    """The least part of a frame, in whole beats, that a permutation keeps in each in the same way."""
    size = len(source)
    beats = size // lanes
    for count in range(1, beats):
        part = count * lanes
        if beats % count == 0 and np.array_equal(
            source.reshape(-1, part), source[:part] + np.arange(0, size, part)[:, None]
        ):
            return part  # it maps to itself, or the last one would map beyond the frame
    return size


def least_memory(source: Ints, lanes: int) -> int:
    """P·L, the words that any circuit must hold that takes and leaves a beat in each cycle.

    L is the largest number of beats by which an element comes in later than it leaves: results can then leave
    L beats behind at the earliest, and what came in L beats is always inside.
    """
    beats = len(source) // lanes
    came = (source // lanes).reshape(beats, lanes).max(axis=1)
    return lanes * int((came - np.arange(beats)).max())
