"""Unpacking: the codes of a packed stream, and what their groups carry."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hadacast.errors import HadacastError
from hadacast.format import Codes
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.spec.stage import Stage

# From a word at the bus to its piece: the register that it waits in, and the one before the shift.
FETCHING = 2
# A section's words wait in a queue, until they are at its head in every family.
WAITING = 3
# Sides that rows share are written into a bank and read from it before they wait.
SHARING = 2


@dataclass(frozen=True, kw_only=True)
class Unpack(Stage):
    """The inverse of Pack: bytes to codes, with the scales of their groups beside each beat.

    Members
    -------
    frame, lanes: N and P of the elements that leave. input: a Packed of them. Layout "stream" has its scales
        on another stream: join them first.
    """

    kind: ClassVar[str] = "unpack"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.input, Packed):
            raise HadacastError(f"input is {self.input}: an unpack stage takes packed elements")
        if (self.input.frame, self.input.lanes) != (self.frame, self.lanes):
            raise HadacastError(
                f"input has frames of {self.input.frame} elements on {self.input.lanes} lanes: "
                f"it must be {self.frame} on {self.lanes}"
            )
        if self.input.layout == "stream":
            raise HadacastError("layout is 'stream': an unpack stage takes beside, ahead or behind")

    @property
    def packed(self) -> Packed:
        """What comes in."""
        assert isinstance(self.input, Packed)
        return self.input

    @property
    def in_lanes(self) -> int:
        return self.packed.bus

    @property
    def in_beats(self) -> int:
        return self.packed.beats

    @property
    def output(self) -> Codes | Block:
        return self.packed.content

    @property
    def latency(self) -> int:
        packed = self.packed
        rows = packed.block.rows > 1 and packed.side_bits > 0
        if packed.layout == "beside":
            return int(rows)
        codes = packed.codes_track
        if not packed.sectioned:
            return codes.prefill - 1 + FETCHING + codes.shift_registers
        # Each section's words are counted from the word in which it begins.
        sides = packed.sides_track
        if rows:  # they are taken as fast as they come, and shared when they are whole
            sides = replace(sides, gap=1)
        first, _ = packed.boundary
        behind = packed.layout == "behind"
        ready = (0 if behind else first) + codes.prefill - 1 + WAITING + FETCHING + codes.shift_registers
        last = (first if behind else 0) + sides.prefill - 1
        sides_ready = last + WAITING + FETCHING + sides.shift_registers + WAITING
        if rows:
            sides_ready += packed.units - 1 + SHARING
        return max(ready, sides_ready)

    def transform(self, x: Frames) -> Frames:
        return self.packed.unpack(x.codes)
