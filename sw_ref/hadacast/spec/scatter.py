"""Few coefficients to their places among zeros."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.permuting.banked import Banked, scattered
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Scatter(Stage):
    """y[places[k]] = x[k] for k below K, and 0 elsewhere: what a transform of a sparse spectrum begins with.

    What comes in are frames of K elements, in ⌈K/P⌉ beats; elements beyond K in the last beat are ignored.
    Frames of N leave. The stage comes first in a pipeline, or behind another that leaves as many beats.

    Members
    -------
    frame, lanes: N and P of the frames that leave; any number, and a divisor. input: elements whose code 0 is
        zero, with nothing beside them.
    places: K different places, from 0 to N - 1.
    """

    kind: ClassVar[str] = "scatter"

    places: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Block | Packed):
            raise HadacastError(f"input is {self.input}: a scatter stage takes plain elements")
        if self.input.decode(np.zeros(1, dtype=np.int64))[0] != 0:
            raise HadacastError(f"input is {self.input}: its code 0 must stand for 0")
        checks.instance("places", self.places, tuple)
        if not 1 <= len(self.places) <= self.frame:
            raise HadacastError(f"places has {len(self.places):,} numbers: it must have 1 to {self.frame:,}")
        checks.distinct("places", self.places, self.frame - 1, "each may be there once")

    @property
    def in_beats(self) -> int:
        return -(-len(self.places) // self.lanes)

    @cached_property
    def plan(self) -> Banked:
        """The circuit."""
        return scattered(self.places, self.frame, self.lanes)

    @property
    def memory(self) -> int:
        """Words of memory, one element each: two frames of what comes in."""
        return self.plan.memory

    @property
    def output(self) -> Codes | Block:
        return self.input

    @property
    def latency(self) -> int:
        return self.plan.latency

    def transform(self, x: Frames) -> Frames:
        codes = np.zeros((*x.codes.shape[:-1], self.frame), dtype=np.int64)
        codes[..., list(self.places)] = x.codes[..., : len(self.places)]
        return x.with_codes(codes)
