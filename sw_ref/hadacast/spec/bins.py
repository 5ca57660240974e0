"""Bins of a sparse Walsh-Hadamard spectrum: which are empty, which hold one coefficient, and which one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast import checks, ratio
from hadacast.errors import HadacastError
from hadacast.format import Format, Ints
from hadacast.frames import Frames
from hadacast.settings import Register, Setting
from hadacast.spec.stage import Stage

MAX_WIDTH = ratio.TILE  # a square takes one DSP block; sums times observations stay within 62 bits
MAX_DELAYS = 1 << 12
MAX_BITS = 32
MAX_THRESHOLD = (1 << 32) - 1
KIND_BITS = 2

# Kinds of bins.
EMPTY, SINGLE, SEVERAL = range(3)


@dataclass(frozen=True, kw_only=True)
class Observations:
    """What leaves a Bins stage, taken apart.

    Members
    -------
    values: (..., C, B, D) observations, in input steps.
    kind: (..., C, B): EMPTY, SINGLE or SEVERAL.
    index: (..., C, B): the index of the one coefficient in a bin; without meaning for other kinds.
    """

    values: Ints
    kind: Ints
    index: Ints


@dataclass(frozen=True, kw_only=True)
class Bins(Stage):
    """Observations of bins in, the same with what they say about each bin out.

    A spectrum X of 2^n coefficients, n = `bits`, of which few are not 0, is hashed in C groups: group c puts
    coefficient k into bin j, one of B = 2^b, whose number is made of the b bits of k that hash[c] names. A
    bin is observed under D = P·(n - b + 1) delays d,

        U_d = Σ_k X_k · (-1)^popcount(d & k)    over the coefficients in the bin:

    delays o_p, for the P `offsets` o_p, and o_p xor 2^q for each bit q that isn't in hash[c], the free bits.
    With one coefficient all |U_d| are equal, and each free bit of its index is a sign against another.

    A frame holds group after group, in it bin after bin, each with its D observations in a row: those of
    the offsets first, then, for each free bit in rising order, those of the offsets with it. This is what an
    fwht stage of B points with a stride of D leaves (hadacast.sparse.plan says which samples it takes).

    For each bin, with A = Σ|U_d| and E = ΣU_d², both exact:

    - EMPTY, 0, if E ≤ D·zero;
    - else SINGLE, 1, if D·E - A² ≤ D²·spread: the variance of |U| is at most `spread`;
    - else SEVERAL, 2.

    A free bit q of the index is 1 if Σ_p ±U_(o_p xor 2^q) < 0, each minus where U_(o_p) < 0: a vote of all
    offsets, weighted by magnitude.

    An element that leaves has W + 3 bits, unsigned: its observation, W bits of two's complement; bit W, on
    the last observation of a free bit, that bit of the index; bits W + 1 and W + 2, on the last observation
    of a bin, its kind. Elsewhere these bits are 0. `split` takes elements apart.

    After X. Li, J. K. Bradley, S. Pawar and K. Ramchandran, "SPRIGHT" (arXiv:1508.06336).

    Members
    -------
    frame, lanes: C·B·D elements; lanes divide D, and lanes divide P or P divides them.
    input: signed fixed point of up to 18 bits.
    bits: n, of an index, 2 to 32.
    hash: C lists of b bit positions each, b < n; the first is bit 0 of a bin's number.
    offsets: the P delays o_p, n bits each.
    zero, spread: the thresholds, squares of input steps, 0 to 2^32 - 1.
    loadable: whether thresholds can be changed at run time.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "bins"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"zero", "spread"})

    bits: int = 0
    hash: tuple[tuple[int, ...], ...] = ()
    offsets: tuple[int, ...] = (0,)
    zero: int = 0
    spread: int = 0
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.input, Format) or not self.input.signed or self.input.width > MAX_WIDTH:
            raise HadacastError(
                f"input is {self.input}: a bins stage takes signed fixed point of up to {MAX_WIDTH} bits"
            )
        checks.integer("bits", self.bits, 2, MAX_BITS)
        object.__setattr__(self, "hash", self._hash())
        if not isinstance(self.offsets, tuple | list) or not self.offsets:
            raise HadacastError(f"offsets is {checks.quote(self.offsets)}: it must be a list of delays")
        for offset in self.offsets:
            checks.integer("an offset", offset, 0, (1 << self.bits) - 1)
        object.__setattr__(self, "offsets", tuple(self.offsets))
        if len(set(self.offsets)) < len(self.offsets):
            raise HadacastError(f"offsets is {checks.quote(self.offsets)}: it must name each delay once")
        checks.integer("delays", self.delays, 2, MAX_DELAYS)
        size = self.groups * self.bins * self.delays
        if self.frame != size:
            raise HadacastError(
                f"frame is {self.frame:,}: {self.groups} groups of {self.bins:,} bins with {self.delays} "
                f"observations each take {size:,}"
            )
        checks.divisor("lanes", self.lanes, self.delays, "the observations of a bin")
        if self.votes % self.lanes and self.lanes % self.votes:
            raise HadacastError(
                f"lanes is {self.lanes}: with {self.votes} offsets it must divide them, "
                f"or be a multiple of {self.votes}"
            )
        checks.integer("zero", self.zero, 0, MAX_THRESHOLD)
        checks.integer("spread", self.spread, 0, MAX_THRESHOLD)
        checks.flag("loadable", self.loadable)

    def _hash(self) -> tuple[tuple[int, ...], ...]:
        """The groups as tuples."""
        shown = f"hash is {checks.quote(self.hash)}"
        lists: Any = self.hash
        if not isinstance(lists, tuple | list) or not all(isinstance(g, tuple | list) and g for g in lists):
            raise HadacastError(f"{shown}: it must be lists of bit positions, one for each group")
        if not lists or len(set(map(len, lists))) > 1:
            raise HadacastError(f"{shown}: it must have one group or more, with as many bits each")
        for group in lists:
            for bit in group:
                checks.integer("a bit of hash", bit, 0, self.bits - 1)
            if len(set(group)) < len(group):
                raise HadacastError(f"{shown}: a group must name each bit once")
        if len(lists[0]) >= self.bits:
            raise HadacastError(f"{shown}: a group must have fewer than {self.bits} bits")
        return tuple(tuple(group) for group in lists)

    @property
    def groups(self) -> int:
        """C."""
        return len(self.hash)

    @property
    def bins(self) -> int:
        """B, bins of a group."""
        return 1 << len(self.hash[0])

    @property
    def votes(self) -> int:
        """P."""
        return len(self.offsets)

    @cached_property
    def free(self) -> tuple[tuple[int, ...], ...]:
        """The free bits of each group, rising."""
        return tuple(tuple(q for q in range(self.bits) if q not in group) for group in self.hash)

    @property
    def delays(self) -> int:
        """D, observations of a bin."""
        return self.votes * (self.bits - len(self.hash[0]) + 1)

    @property
    def element(self) -> Format:
        assert isinstance(self.input, Format)
        return self.input

    @property
    def output(self) -> Format:
        return Format(width=self.element.width + 1 + KIND_BITS, signed=False)

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        most = min(MAX_THRESHOLD, 1 << 2 * self.element.width - 2)
        texts = {
            "zero": "a bin is empty where the mean square of its observations is at most this",
            "spread": "a bin has one coefficient where the variance of their magnitudes is at most this",
        }
        return tuple(
            Register(name=name, text=text, low=0, high=most, init=min(getattr(self, name), most))
            for name, text in texts.items()
        )

    # The hardware

    @property
    def sum_bits(self) -> int:
        """Bits of A."""
        return (self.delays << self.element.width - 1).bit_length()

    @property
    def energy_bits(self) -> int:
        """Bits of E."""
        return (self.delays << 2 * self.element.width - 2).bit_length()

    @property
    def spread_bits(self) -> int:
        """Bits of D·E."""
        return (self.delays * self.delays << 2 * self.element.width - 2).bit_length()

    @property
    def sums_at(self) -> int:
        """Cycles until A is there: the lanes, magnitudes, a tree, an accumulator. E takes one more."""
        return 3 + ratio.tree(self.lanes)

    @property
    def products_at(self) -> int:
        """Cycles until A² and D·E are there."""
        square = ratio.product_latency(self.sum_bits, self.sum_bits)
        return self.sums_at + max(square, 1 + ratio.tree(len(ratio.signed_digits(self.delays))))

    @property
    def latency(self) -> int:
        return self.products_at + 3

    # The arithmetic

    def tests(self, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """What (..., D) observations say about bins: the kind, and the free bits (..., n - b) of the index.

        The same for integers, where nothing is rounded, and for float64.
        """
        total, energy = np.abs(values).sum(-1), (values * values).sum(-1)
        delays = self.delays
        single = delays * energy - total * total <= delays * delays * self.spread
        kind = np.where(energy <= delays * self.zero, EMPTY, np.where(single, SINGLE, SEVERAL))
        by_bit = values.reshape(*values.shape[:-1], -1, self.votes)
        base = by_bit[..., :1, :] < 0
        votes = np.where(base, -by_bit[..., 1:, :], by_bit[..., 1:, :]).sum(-1)
        return kind, votes < 0

    def transform(self, x: Frames) -> Frames:
        width = self.element.width
        values = x.codes.reshape(*x.codes.shape[:-1], self.groups, self.bins, self.delays)
        kind, index_bits = self.tests(values)
        codes = (values & ((1 << width) - 1)).reshape(*values.shape[:-1], -1, self.votes)
        codes[..., 1:, -1] |= index_bits.astype(np.int64) << width
        codes[..., -1, -1] |= kind << width + 1
        return x.with_codes(codes.reshape(x.codes.shape))

    def split(self, codes: ArrayLike) -> Observations:
        """Elements that left, (..., N), taken apart. Raises HadacastError for what can't have left."""
        found = self.output.check(codes)
        if found.ndim == 0 or found.shape[-1] != self.frame:
            raise HadacastError(f"input has shape {found.shape}: the last axis must be {self.frame}")
        width = self.element.width
        by_bit = found.reshape(*found.shape[:-1], self.groups, self.bins, -1, self.votes)
        values = by_bit & ((1 << width) - 1)
        values = np.where(values >> width - 1, values - (1 << width), values)
        bits = by_bit[..., 1:, -1] >> width & 1
        return Observations(
            values=values.reshape(*values.shape[:-2], self.delays),
            kind=by_bit[..., -1, -1] >> width + 1,
            index=self.index(bits),
        )

    def index(self, bits: NDArray[Any]) -> Ints:
        """Indices of coefficients by their free bits, (..., C, B, n - b), and their bins."""
        free = np.array([[1 << q for q in group] for group in self.free])
        places = np.array([[1 << q for q in group] for group in self.hash])
        number = np.arange(self.bins)[:, None] >> np.arange(len(self.hash[0])) & 1
        hashed = (number[None] * places[:, None]).sum(-1)
        return np.asarray(hashed + (bits * free[:, None]).sum(-1), dtype=np.int64)
