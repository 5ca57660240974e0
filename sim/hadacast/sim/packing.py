"""Lanes of integers to the bytes of TDATA, and back.

Every lane takes whole bytes, little endian, lane 0 in the lowest ones, so a beat is `lanes * size` bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast.format import Codes


@dataclass(frozen=True)
class Packing:
    """How the lanes of one stream sit in its TDATA.

    lanes: elements in a beat; size: bytes in a lane; signed: whether a lane is two's complement.
    """

    lanes: int
    size: int
    signed: bool

    @classmethod
    def of(cls, lanes: int, format: Codes) -> Packing:
        """The packing of `lanes` elements of a format."""
        return cls(lanes, format.bytes, format.signed)

    @property
    def bytes(self) -> int:
        """Bytes in a beat: the width of TDATA over eight."""
        return self.lanes * self.size

    def pack(self, data: ArrayLike) -> NDArray[np.uint8]:
        """(beats, lanes) integers to (beats, bytes), each lane extended to its whole bytes."""
        wide = np.ascontiguousarray(data, dtype="<i8").reshape(-1, self.lanes)
        octets = wide.view(np.uint8).reshape(-1, self.lanes, 8)
        return np.ascontiguousarray(octets[:, :, : self.size]).reshape(-1, self.bytes)

    def unpack(self, octets: NDArray[np.uint8]) -> NDArray[np.int64]:
        """(beats, bytes) to (beats, lanes) integers; all the bits of a lane count, its padding too."""
        lanes = np.asarray(octets, dtype=np.uint8).reshape(-1, self.lanes, self.size)
        wide = np.zeros((*lanes.shape[:2], 8), dtype=np.uint8)
        wide[:, :, : self.size] = lanes
        if self.signed and self.size < 8:
            wide[:, :, self.size :] = np.where(lanes[:, :, -1:] & 0x80, 0xFF, 0).astype(np.uint8)
        return wide.reshape(-1, self.lanes * 8).view("<i8").astype(np.int64, copy=False)
