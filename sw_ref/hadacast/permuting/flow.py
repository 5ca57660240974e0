"""When beats of a permuted frame can leave: how far reading lies behind writing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Flow:
    """How a buffer is written and read, in beats.

    Members
    -------
    beats: B, beats of a block; blocks follow each other, and the permutation stays within each.
    blocks: blocks in a frame.
    lag: L: beat j of a block can be read when beat j + L has been written, or the last one of the block. A
        buffer is written and read at full rate, so what it holds is at least P·L words. None: a block must
        be there as a whole.
    capacity: beats that writing may be ahead of reading at the most.
    in_beats: beats of a block that comes in, where it has another number.
    """

    beats: int
    blocks: int
    lag: int | None
    capacity: int
    in_beats: int

    @property
    def tight(self) -> bool:
        """Whether, at full rate, a beat must be written in the very cycle in which its place is read."""
        return self.lag is not None and self.capacity == self.lag + 1

    @property
    def latency(self) -> int:
        """Cycles from writing a block's first beat to reading its first beat."""
        return (self.in_beats - 1 if self.lag is None else self.lag) + 1
