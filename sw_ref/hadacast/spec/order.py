"""Orders of transformed elements: natural, dyadic, sequency."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.permuting.rules import bit_reversed
from hadacast.spec.permuting import Permuting

ORDERS = ("natural", "dyadic", "sequency", "bit_reversed")


@dataclass(frozen=True, kw_only=True)
class Order(Permuting):
    """From one order of a Walsh-Hadamard spectrum, or of what goes into its transform, to another.

    Natural (Hadamard): element i belongs to row i of the Sylvester matrix. Dyadic (Paley): to row r(i), where
    r reverses the bits. Sequency (Walsh): to row r(i ⊕ ⌊i/2⌋), the one that changes sign i times.
    bit_reversed is another name of dyadic, for those who think of places.

    Members
    -------
    frame, lanes, input: as for every Permuting.
    before, after: the orders of what comes in and of what leaves.
    size: M, points of the transform, a power of two of at least 2 that divides the frame; 0: the frame.
    stride: distance of neighbours in the transform: 1 for blocks of M elements; C for the columns of images
        with rows of C elements. stride·M divides the frame.
    """

    kind: ClassVar[str] = "order"

    before: str = "natural"
    after: str = "sequency"
    size: int = 0
    stride: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice("before", self.before, ORDERS)
        checks.choice("after", self.after, ORDERS)
        checks.integer("stride", self.stride, 1, self.frame // 2, note=" (half the frame)")
        if self.frame % self.stride:
            raise HadacastError(f"stride is {self.stride}: it must divide the frame, {self.frame:,}")
        checks.integer("size", self.size, 0, self.frame, note=" (the frame)")
        points = self.points
        if points < 2 or points & (points - 1) or self.frame % (points * self.stride):
            given = f"size is {self.size}" if self.size else f"frame is {self.frame:,} and size is 0"
            raise HadacastError(
                f"{given}: the points must be a power of two from 2 that divides the frame"
                + (
                    f", {self.frame:,}, over the stride, {self.stride}"
                    if self.size or self.stride > 1
                    else ""
                )
            )

    @property
    def points(self) -> int:
        """M, points of the transform."""
        return self.size or self.frame // self.stride

    @cached_property
    def source(self) -> Ints:
        place = np.arange(self.points)
        natural = _natural(place, self.after)
        came = np.empty_like(place)
        came[_natural(place, self.before)] = place  # where the element of each row is
        index = np.arange(self.frame).reshape(-1, self.points, self.stride)
        return index[:, came[natural]].ravel()


def _natural(place: Ints, order: str) -> Ints:
    """The row of the Sylvester matrix that belongs to each place of an order."""
    if order == "natural":
        return place
    return bit_reversed(place ^ place >> 1 if order == "sequency" else place, len(place))
