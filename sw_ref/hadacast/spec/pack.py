"""Packing: codes and what their groups carry as bytes on a bus."""

from dataclasses import dataclass
from typing import ClassVar

from hadacast.errors import HadacastError
from hadacast.frames import Frames
from hadacast.packed import Packed
from hadacast.spec.stage import Stage

# From a piece to its place in a word: a register before the shift, and the word itself.
PLACING = 2
# A section's words wait in a queue: the register before it, until they are at its head in every family.
WAITING = 4


@dataclass(frozen=True, kw_only=True)
class Pack(Stage):
    """Codes and the scales of their groups as bytes, in a layout that docs/packing.md shows bit by bit.

    Members
    -------
    frame, lanes, input: as for every Stage; any elements.
    layout: "beside", "ahead", "behind" or "stream" (hadacast.packed.Packed).
    bus: bytes of a beat; 0: the fewest with which a frame takes no more than its N/P beats.
    """

    kind: ClassVar[str] = "pack"

    layout: str = "beside"
    bus: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Packed):
            raise HadacastError(f"input is {self.input}: it is packed already")
        object.__setattr__(self, "bus", self.output.bus)

    @property
    def output(self) -> Packed:
        return Packed(
            content=self.input, frame=self.frame, lanes=self.lanes, layout=self.layout, bus=self.bus
        )

    @property
    def out_lanes(self) -> int:
        return self.output.bus

    @property
    def out_beats(self) -> int:
        return self.output.beats

    @property
    def latency(self) -> int:
        packed = self.output
        if packed.layout == "beside":
            return 0
        codes = packed.codes_track
        ready = codes.first_done + PLACING + codes.placing_registers
        if not packed.sectioned:
            return ready
        sides = packed.sides_track
        sides_ready = sides.first_done + PLACING + sides.placing_registers
        if packed.boundary == (0, True):  # the first word has both
            return max(ready, sides_ready) + WAITING
        return (sides_ready if packed.layout == "ahead" else ready) + WAITING

    def transform(self, x: Frames) -> Frames:
        return Frames(codes=self.output.pack(x))
