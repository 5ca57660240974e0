"""What stages have in common that move elements and change none."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.packed import Packed
from hadacast.permuting.plan import Plan, least_memory, plan
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Permuting(Stage):
    """y[i] = x[source[i]], for elements of any format.

    Members
    -------
    frame, lanes: N, any number, and P, any divisor of it. input: any elements; of frames whose elements share
        scales, only those with one exponent each, which goes with them.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Packed):
            raise HadacastError(f"input is {self.input}: elements are permuted; unpack them first")
        if isinstance(self.input, Block) and self.input != exponents(self.element, self.frame):
            raise HadacastError(
                f"input is {self.input}: {self.kind} keeps one scale for each frame at most, no groups"
            )

    @property
    @abstractmethod
    def source(self) -> Ints:
        """(N,) the place from which each element comes."""

    @cached_property
    def plan(self) -> Plan:
        """The circuit."""
        return plan(self.source, self.lanes)

    @property
    def memory(self) -> int:
        """Words of memory, one element each."""
        return self.plan.memory

    @property
    def least_memory(self) -> int:
        """Words that any circuit needs with a beat in and out in each clock (hadacast.permuting.plan)."""
        return least_memory(self.source, self.lanes)

    @property
    def output(self) -> Codes | Block:
        return self.input

    @property
    def latency(self) -> int:
        return self.plan.latency

    def transform(self, x: Frames) -> Frames:
        return x.with_codes(np.ascontiguousarray(x.codes[..., self.source]))
