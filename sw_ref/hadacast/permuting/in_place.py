"""Permutations that are affine over GF(2), in a buffer of one block, each word replaced as it leaves.

After M. Püschel, P. A. Milder and J. C. Hoe, "Permuting streaming data using RAMs" (Journal of the ACM,
2009): index bits go through bit matrices, banks are chosen so that neither writing nor reading meets a
conflict, and lanes are switched by XORs. They use two blocks of memory. Here one is enough: a word is written
into the place that was read in the same step of the block before, so addresses change from block to block, by
the same matrix each time.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hadacast.format import Ints
from hadacast.permuting import gf2
from hadacast.permuting.flow import Flow

# Levels of two-input multiplexers between registers.
LEVELS = 2
# Up to this many different matrices they are constants; more are computed from block to block.
MAX_PHASES = 4
# Behind the memory: its own output register, and one more since a block RAM is slow.
READ_REGISTERS = 2


@dataclass(frozen=True)
class Level:
    """Lanes l and l ⊕ direction change places where the parity of (the beat's index & mask) ⊕ flip is odd."""

    direction: int
    mask: int
    flip: int = 0


@dataclass(frozen=True)
class Addresses:
    """Addresses of one block: of the beat's number j, C·j ⊕ base, and in bank group b ⊕ offsets·b.

    Members
    -------
    columns: C. base: a vector. offsets: one vector for each bit of a bank group's number.
    """

    columns: tuple[int, ...]
    base: int
    offsets: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class InPlace:
    """y[i] = x[M·i ⊕ c], on frames of 2^n elements or blocks of them, in place.

    With the index of an element cut into that of its block h, its beat j in it and its lane l, the element is
    in bank X·j ⊕ l. Step j reads from bank b what came in step g(j) = Q·j ⊕ K·b ⊕ q, where q depends on h,
    and writes there what comes. Addresses are therefore powers of g, up to q: the first block is written at
    j, and each is read at a ∘ g and replaced at it, where a are the addresses at which it was written.

    Members
    -------
    lanes: P, a power of two.
    flow: how it is written and read.
    write, read: levels of the switch at the entrance and behind the banks; masks are of j, and of h above.
    wiring: the output of the switch that goes to each lane.
    q: columns of Q. group: K's columns, those that are independent: bank groups have addresses of their own.
    groups: the number of each bank's group.
    shift: q for h = 0. turn: what each bit of h adds to it.
    """

    lanes: int
    flow: Flow
    write: tuple[Level, ...]
    read: tuple[Level, ...]
    wiring: tuple[int, ...]
    q: tuple[int, ...]
    group: tuple[int, ...]
    groups: tuple[int, ...]
    shift: int
    turn: tuple[int, ...]

    @property
    def bits(self) -> int:
        """Bits of an address."""
        return len(self.q)

    @property
    def depth(self) -> int:
        """Addresses of a bank."""
        return self.flow.beats

    @property
    def memory(self) -> int:
        """Words, of one element each."""
        return self.flow.beats * self.lanes

    @property
    def start(self) -> Addresses:
        """Where the first block is written."""
        return Addresses(tuple(gf2.identity(self.bits)), 0, (0,) * len(self.group))

    def after(self, addresses: Addresses, h: int) -> Addresses:
        """Where a block of number h is read, and the next one written."""
        columns = addresses.columns
        q = self.shift ^ gf2.apply(self.turn, h)
        return Addresses(
            columns=tuple(gf2.product(columns, self.q)),
            base=addresses.base ^ gf2.apply(columns, q),
            offsets=tuple(
                o ^ gf2.apply(columns, k) for o, k in zip(addresses.offsets, self.group, strict=True)
            ),
        )

    @cached_property
    def phases(self) -> tuple[Addresses, ...]:
        """The addresses of successive blocks, if they repeat soon, or (): the block count then is in step."""
        found = [self.start]
        while len(found) <= MAX_PHASES:
            found.append(self.after(found[-1], (len(found) - 1) % self.flow.blocks))
            if found[-1] == self.start and (len(found) - 1) % (1 << len(self.turn)) == 0:
                return tuple(found[:-1])
        return ()

    @property
    def address_registers(self) -> int:
        """From a beat's number to its addresses."""
        return 1 if self.phases or not self.group else 2

    @property
    def entry_registers(self) -> int:
        """From a beat's acceptance to its place at the memory."""
        return max(1 + -(-len(self.write) // LEVELS), self.address_registers)

    @property
    def exit_registers(self) -> int:
        """Of the switch behind the banks."""
        return -(-len(self.read) // LEVELS)

    @property
    def latency(self) -> int:
        """Cycles from a frame's first beat in to its first beat out."""
        return self.flow.latency + self.entry_registers + READ_REGISTERS + self.exit_registers


def in_place(source: Ints, lanes: int, blocks: int) -> InPlace | None:
    """The plan for y[i] = x[source[i]] in each of `blocks` equal parts of a frame, if there is one.

    None where the number of lanes is no power of two or the map is not affine.
    """
    found = gf2.affine(source)
    if found is None or lanes & (lanes - 1):
        return None
    columns, constant = found
    n, p = len(columns), lanes.bit_length() - 1
    # The high bits that stay as they are number blocks within the part. What they add to others is constant
    # in such a block.
    k = n
    while k - 1 > p and _stays(columns, constant, k - 1, n):
        k -= 1
    t, low = k - p, (1 << k) - 1
    lane_mask = lanes - 1
    beat_of_lane = [c >> p & (1 << t) - 1 for c in columns[:p]]
    lane_of_lane = [c & lane_mask for c in columns[:p]]
    beat_of_beat = [c >> p & (1 << t) - 1 for c in columns[p:k]]
    lane_of_beat = [c & lane_mask for c in columns[p:k]]
    high = [c & low for c in columns[k:]]
    constant &= low

    x = _banks(beat_of_lane, lane_of_lane, p, t)
    s = gf2.added(gf2.product(x, beat_of_lane), lane_of_lane)
    r = gf2.added(gf2.product(x, beat_of_beat), lane_of_beat)
    from_bank = gf2.product(beat_of_lane, gf2.inverse(s))

    def bank(vector: int) -> int:
        return gf2.apply(x, vector >> p) ^ vector & lane_mask

    def shift(vector: int) -> int:
        return gf2.apply(from_bank, bank(vector)) ^ vector >> p

    group, masks = gf2.independent(from_bank)
    read = _levels([*r, *map(bank, high)], bank(constant))
    always = 0  # what is the same in all beats is wiring
    for level in read:
        if not level.mask:
            always ^= level.direction
    beats = 1 << t
    wide = source.reshape(-1, beats, lanes) >> p & beats - 1
    lag = int((wide.max(axis=(0, 2)) - np.arange(beats)).max())
    return InPlace(
        lanes=lanes,
        flow=Flow(beats=beats, blocks=blocks << (n - k), lag=lag, capacity=beats, in_beats=beats),
        write=_levels(x, 0),
        read=tuple(level for level in read if level.mask),
        wiring=tuple(gf2.apply(s, lane) ^ always for lane in range(lanes)),
        q=tuple(gf2.added(beat_of_beat, gf2.product(from_bank, r))),
        group=tuple(group),
        groups=tuple(gf2.apply(masks, b) for b in range(lanes)),
        shift=shift(constant),
        turn=tuple(map(shift, high)),
    )


def _stays(columns: list[int], constant: int, bit: int, n: int) -> bool:
    """Whether an index bit comes from itself alone."""
    return not constant >> bit & 1 and all((columns[k] >> bit & 1) == (k == bit) for k in range(n))


def _banks(beat_of_lane: list[int], lane_of_lane: list[int], p: int, t: int) -> list[int]:
    """X, of the least rank such that the lanes of each beat that leaves come from different banks:
    X·beat_of_lane + lane_of_lane has an inverse."""
    missing = gf2.kernel(lane_of_lane)
    images = [gf2.apply(beat_of_lane, vector) for vector in missing]
    # Reduced so that each image has a bit that no other one has.
    pivots: list[int] = []
    for i in range(len(images)):
        pivots.append((images[i] & -images[i]).bit_length() - 1)
        for other in range(len(images)):
            if other != i and images[other] >> pivots[i] & 1:
                images[other] ^= images[i]
    # Unit vectors outside the image of lane_of_lane.
    found: list[int] = []
    for unit in gf2.identity(p):
        if len(gf2.independent([*lane_of_lane, *found, unit])[0]) > len(
            gf2.independent([*lane_of_lane, *found])[0]
        ):
            found.append(unit)
    x = [0] * t
    for pivot, unit in zip(pivots, found, strict=True):
        x[pivot] = unit
    return x


def _levels(columns: list[int], constant: int) -> tuple[Level, ...]:
    """A switch that moves each lane by XOR with columns·index ⊕ constant."""
    directions, masks = gf2.independent([*columns, constant])
    controls = gf2.rows(masks, len(directions))
    size = len(columns)
    return tuple(
        Level(direction, control & (1 << size) - 1, control >> size & 1)
        for direction, control in zip(directions, controls, strict=True)
    )
