"""Pyramid vector quantization: each group becomes K unit pulses and a gain."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format, Ints
from hadacast.frames import Block, Frames
from hadacast.spec.stage import Stage

# Squares of group sums times squared norms must fit an int64, and a pulse unit its share of an FPGA.
MAX_INPUT_WIDTH = 20
MAX_GROUP = 32
MAX_PULSES = 32
# Candidates that the hardware compares in a clock; each takes a thousand LUTs or so.
MAX_CANDIDATES = 64


@dataclass(frozen=True, kw_only=True)
class Pvq(Stage):
    """Each group of n elements x becomes n integers y with |y_0| + … + |y_{n-1}| = K, close to it in angle.

    First y_i = floor(K·|x_i|/L), L = |x_0| + … + |x_{n-1}|. Then, while pulses are left, one is added where
    it makes (|x|·y)²/(y·y) the largest, at the lowest index of several. Last, each y_i takes the sign of
    x_i; 0 counts as positive. A group of zeros has all K pulses on its first element. All comparisons are
    of exact integers (T. R. Fischer, "A pyramid vector quantizer", IEEE Trans. Inf. Theory IT-32, 1986).

    The gain leaves as the side `scale`: the L1 norm L, an exact integer in the input's steps. So a code
    stands for y_i·L/K, which has the L1 norm of x; the output's gain is 1/K.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 20 bits.
    group: n, a power of two from 2 to 32 that divides the frame, and the lanes, or they it.
    pulses: K, 1 to 32. The hardware compares lanes · min(K, n - 1) candidates in each clock: at most 64.
    """

    kind: ClassVar[str] = "pvq"

    group: int = 8
    pulses: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.input, Format):
            raise HadacastError(f"input is {self.input}: a pvq stage takes plain fixed point")
        if self.input.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"width is {self.input.width}: a pvq stage takes 1 to {MAX_INPUT_WIDTH} input bits"
            )
        checks.power_of_two("group", self.group, 2, min(MAX_GROUP, self.frame))
        Block(element=self.input, group=self.group).check_beats(self.frame, self.lanes)
        checks.integer("pulses", self.pulses, 1, MAX_PULSES)
        if self.lanes * self.units > MAX_CANDIDATES:
            raise HadacastError(
                f"pulses is {self.pulses}: {self.lanes} lanes of groups of {self.group} are compared for each"
                f" of {self.units} pulses, lanes · min(pulses, group - 1) must be at most {MAX_CANDIDATES}"
            )

    @property
    def units(self) -> int:
        """Pulses that can be left after the first step: the fractions that it cuts off sum to less than n."""
        return min(self.pulses, self.group - 1)

    @property
    def largest(self) -> int:
        """The largest magnitude of an element."""
        assert isinstance(self.input, Format)
        return max(self.input.max, -self.input.min)

    @property
    def norm(self) -> Format:
        """Format of the L1 norms."""
        assert isinstance(self.input, Format)
        width = (self.group * self.largest).bit_length()
        return Format(width=width, fraction=self.input.fraction, signed=False)

    @property
    def output(self) -> Block:
        element = Format(width=self.pulses.bit_length() + 1)
        return Block(element=element, group=self.group, scale=self.norm, gain=(Fraction(1, self.pulses),))

    # Widths, in bits, and latencies, in clocks, of the hardware's parts.

    @property
    def slot_lanes(self) -> int:
        """Lanes of a beat that belong to one group."""
        return min(self.lanes, self.group)

    @property
    def group_beats(self) -> int:
        """Beats that a group takes."""
        return self.group // self.slot_lanes

    @property
    def magnitude_bits(self) -> int:
        """Of |x|."""
        return self.largest.bit_length()

    @property
    def sum_bits(self) -> int:
        """Of |x|·y."""
        return (self.pulses * self.largest).bit_length()

    @property
    def square_bits(self) -> int:
        """Of its square."""
        return ((self.pulses * self.largest) ** 2).bit_length()

    @property
    def norm_bits(self) -> int:
        """Of y·y + 1, with a pulse left."""
        return ((self.pulses - 1) ** 2 + 1).bit_length()

    @property
    def product_bits(self) -> int:
        """Of a square times another candidate's y·y."""
        return ((self.pulses * self.largest) ** 2 * self.pulses**2).bit_length()

    @property
    def count_bits(self) -> int:
        """Of y_i with a pulse left."""
        return (self.pulses - 1).bit_length()

    @property
    def compare_latency(self) -> int:
        """Of a comparison: a tree of 1 + count_bits summands, which is the larger, and the choice."""
        return self.count_bits.bit_length() + 2

    @property
    def unit_latency(self) -> int:
        """From a group's last beat into a pulse unit to the pulse."""
        square = tree_latency(self.sum_bits)
        product = tree_latency(self.norm_bits)
        return 1 + square + product + (self.group.bit_length() - 1) * self.compare_latency

    @property
    def lane_levels(self) -> int:
        """Of a tree over the lanes of a group."""
        return self.slot_lanes.bit_length() - 1

    @property
    def wait(self) -> int:
        """From a group's first beat in to its first beat together with its L1 norm."""
        return self.group_beats + self.lane_levels + 1 + (self.group_beats > 1)

    @property
    def chain_latency(self) -> int:
        """From there to its first beat with all pulses."""
        start = 2 + self.pulses.bit_length()
        sums = self.group_beats + tree_latency(self.pulses.bit_length()) + self.lane_levels
        return start + sums + self.units * (self.group_beats + self.unit_latency)

    @property
    def latency(self) -> int:
        return self.wait + self.chain_latency + 3  # the queue at the end

    def transform(self, x: Frames) -> Frames:
        groups = self.output.grouped(x.codes)
        magnitude = np.abs(groups).reshape(-1, self.group)
        norm = magnitude.sum(axis=-1)
        y = pyramid(magnitude, norm, self.pulses, self.units).reshape(groups.shape)
        codes = self.output.ungrouped(np.where(groups < 0, -y, y))
        return Frames(codes=np.ascontiguousarray(codes), scale=norm.reshape(groups.shape[:-1]))


def pyramid(x: Ints, norm: Ints, pulses: int, most: int) -> Ints:
    """y of groups of magnitudes `x`, (groups, n), whose sums are `norm`; `most`: pulses that can be left."""
    rows = np.arange(len(x))
    y = pulses * x // np.maximum(norm, 1)[:, None]
    y[norm == 0, 0] = pulses
    along, square = (x * y).sum(axis=-1), (y * y).sum(axis=-1)
    left = pulses - y.sum(axis=-1)
    for _ in range(most):
        best = np.zeros(len(x), dtype=np.int64)
        best_top, best_bottom = (along + x[:, 0]) ** 2, square + 1 + 2 * y[:, 0]
        for place in range(1, x.shape[-1]):
            top, bottom = (along + x[:, place]) ** 2, square + 1 + 2 * y[:, place]
            # Up to 2^50 times up to 2^10, with a pulse left.
            better = top * best_bottom > best_top * bottom
            best = np.where(better, place, best)
            best_top, best_bottom = np.where(better, top, best_top), np.where(better, bottom, best_bottom)
        adds = left > 0
        along = np.where(adds, along + x[rows, best], along)
        square = np.where(adds, best_bottom, square)
        y[rows, best] += adds
        left = left - adds
    return y


def tree_latency(rows: int) -> int:
    """Clocks of a sum of so many rows: a tree of sums of two."""
    return (rows - 1).bit_length()
