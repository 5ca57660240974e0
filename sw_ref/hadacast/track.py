"""Where the pieces of a frame lie on a bus: the schedule of what packs them and of what unpacks them."""

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from hadacast.format import Ints

# Binary steps of a shift between two registers: two are a multiplexer of four inputs.
SHIFT_STEPS = 2

# A ring of more granules takes wider multiplexers than a shift in steps.
MOST_PLACES = 8


@dataclass(frozen=True, kw_only=True)
class Track:
    """The pieces of a frame, one after the other in the words of a bus, from the lowest bit up.

    Members
    -------
    word: bits of a word. start: bit of the first word at which the first piece begins.
    pieces: in a frame, in blocks of `block`. length: bits of a piece. head: bits before the first piece of a
        block, which come together with it. tail: unused bits behind its last one.
    gap: beats of the frame from a piece to the next.

    The last word of a frame is complete with the last piece: the next frame begins in another one.
    """

    word: int
    start: int = 0
    pieces: int
    length: int
    head: int = 0
    block: int
    tail: int = 0
    gap: int = 1

    @property
    def steps(self) -> tuple[int, int, int, int]:
        """Bits from a piece to the next: from the first of a block, from one amid it, from its last, and from
        one that is both."""
        return (
            self.head + self.length,
            self.length,
            self.length + self.tail,
            self.head + self.length + self.tail,
        )

    @property
    def granule(self) -> int:
        """Every piece begins, with its head, at a multiple of this many bits."""
        first, amid, last, only = self.steps
        used = [only] if self.block == 1 else [first, last, *([amid] if self.block > 2 else [])]
        return gcd(self.word, self.start, *used)

    @property
    def places(self) -> int:
        """Granules in a word: where in it a piece can begin."""
        return self.word // self.granule

    @property
    def content(self) -> int:
        """The most bits that come at once."""
        return self.head + self.length

    @cached_property
    def begin(self) -> Ints:
        """(pieces,) bit at which each piece begins, its head included."""
        return np.concatenate([[self.start], self.end[:-1]])

    @cached_property
    def end(self) -> Ints:
        """(pieces,) bit at which the next one begins."""
        first, amid, last, only = self.steps
        block = np.full(self.block, amid)
        block[0], block[-1] = first, last
        if self.block == 1:
            block[0] = only
        return self.start + np.cumsum(np.tile(block, self.pieces // self.block))

    @property
    def words(self) -> int:
        """Words that a frame takes, the last one not always to its end."""
        return -(-int(self.end[-1]) // self.word)

    @cached_property
    def needed(self) -> Ints:
        """(pieces,) words up to the end of each piece."""
        content = np.full(self.pieces, self.length)
        content[:: self.block] += self.head
        return -(-(self.begin + content) // self.word)

    @cached_property
    def done(self) -> Ints:
        """(pieces,) words that are complete, or no longer needed, with each piece and not before."""
        finished = self.end // self.word
        finished[-1] = self.words
        return np.diff(finished, prepend=0)

    @cached_property
    def span(self) -> int:
        """Words that a piece can touch, with its tail."""
        return int((-(-self.end // self.word) - self.begin // self.word).max())

    @property
    def shift_registers(self) -> int:
        """Registers in a shift by any place."""
        return -(-(self.places - 1).bit_length() // SHIFT_STEPS)

    # Packing: pieces come one each `gap` cycles, one word leaves in a cycle.

    @cached_property
    def first_done(self) -> int:
        """Cycles from the first piece to that with which the first word is complete."""
        return int(np.flatnonzero(self.done)[0]) * self.gap

    @cached_property
    def backlog(self) -> int:
        """Complete words that can wait, at most, when a piece comes."""
        # Lindley's recursion, over two frames back to back.
        sums = np.cumsum(np.tile(self.done, 2) - self.gap)
        before = np.concatenate([[0], sums[:-1]])
        return max(int((sums - np.minimum.accumulate(before)).max()), 0)

    @cached_property
    def ring(self) -> bool:
        """Whether pieces follow each other without a gap, none longer than a word, with at most one head and
        that before all of them; and one word has to wait at most, with the one that comes."""
        alone = self.head == 0 or (self.block == self.pieces and self.start == 0 and self.head < self.word)
        whole = self.length % self.granule == 0 and self.head % self.granule == 0
        if not alone or not whole or self.tail or self.length > self.word or self.places > MOST_PLACES:
            return False
        waiting = most = 0
        for words in np.tile(self.done, 3):
            most = max(most, waiting + int(words) - 1)
            waiting = max(waiting + int(words) - self.gap, 0)
        return most <= 1 and int(self.done[:-1].max(initial=0)) <= 1

    @property
    def placing_registers(self) -> int:
        """Registers between a piece and its word, but for one at either."""
        return 0 if self.ring else self.shift_registers

    # Unpacking: a word comes in a cycle, and pieces leave one each `gap` cycles.

    @cached_property
    def prefill(self) -> int:
        """Words that must be there for the first piece of a frame to leave, so that none after it waits."""
        return int((self.needed - np.arange(self.pieces) * self.gap).max())

    @cached_property
    def depth(self) -> int:
        """Words that must have room, so that one word a cycle is never too late."""
        place = np.arange(2 * self.pieces) * self.gap
        needed = np.concatenate([self.needed, self.needed + self.words])
        # A frame begins with what all of it needs.
        needed[0] = self.prefill
        needed[self.pieces] = self.words + self.prefill
        held = self.begin // self.word
        held = np.concatenate([held, held + self.words])
        most = int((needed - place + np.maximum.accumulate(place - held)).max())
        # One more, since a full queue takes none while one leaves.
        return max(most, self.span) + 1
