"""The floor that area is measured against, in logic cells: sites that hold one 4-input LUT.

Of the n butterfly stages, stage i = 0 … n − 1 (the largest distance first) turns elements of W + i bits into
sums and differences of W + i + 1 bits. A carry chain makes a bit of one of them in one cell, so on P lanes

    a spatial stage         P·(W + i + 1)      P/2 sums and P/2 differences
    a delay-feedback stage  2·P·(W + i + 1)    a sum and a difference for each lane

with the multiplexers of the delay-feedback stage inside the carry chains, and all that moves data about
(counters, handshake, framing, the skid buffer) free.

A delay-feedback stage of distance d beats has a memory of P·d words of W + i + 1 bits, N − P words in all.
What they take of logic cells depends on where they are:

- flip-flops: none on ECP5 and Gowin, where they have sites of their own beside the LUTs. On iCE40 a logic
  cell is one of each, so the first of d registers shares the cell of the LUT that makes the difference and
  d − 1 don't.
- LUT RAM: 16 words of 4 bits take the sites of 4 LUTs on Gowin, and of 6 on ECP5, where two make the write
  port.
- block RAM: none. It can't delay by less than 2 beats: it is written in one cycle and read in the next.

The floor is the adders and `ram`, what the N − P words cost where the generator's own rule for the family
(`hadacast.tech.family`) puts each delay. `memory` is the cheapest of the three for each, a harder floor: by
it memory need cost nothing on any of the three families. But flip-flops are no less silicon where they are
counted apart.
"""

from dataclasses import dataclass

from hadacast.errors import HadacastError
from hadacast.spec.fwht import Fwht
from hadacast.synth.devices import FLOWS
from hadacast.tech import family as families

LUT_RAM_WORDS, LUT_RAM_BITS = 16, 4
LEAST_BLOCK_RAM = 2


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a family's memories take of its logic cells.

    Attributes:
        lut_ram: cells of 16 words of 4 bits in LUT RAM; 0 where there is none.
        ff_beside: whether flip-flops have sites of their own.
    """

    lut_ram: int
    ff_beside: bool

    def flip_flops(self, beats: int, bits: int) -> int:
        """Cells of a delay in flip-flops."""
        return 0 if self.ff_beside else (beats - 1) * bits

    def distributed(self, beats: int, bits: int) -> int | None:
        """Cells of a delay in LUT RAM, without what chooses among several of 16 words."""
        if not self.lut_ram:
            return None
        return self.lut_ram * -(-beats // LUT_RAM_WORDS) * -(-bits // LUT_RAM_BITS)

    def block(self, beats: int) -> int | None:
        """Cells of a delay in block RAM."""
        return 0 if beats >= LEAST_BLOCK_RAM else None

    def cheapest(self, beats: int, bits: int) -> int:
        """Cells of a delay where it takes the fewest."""
        ways = (self.flip_flops(beats, bits), self.distributed(beats, bits), self.block(beats))
        return min(cells for cells in ways if cells is not None)

    def ram(self, storage: str, beats: int, bits: int) -> int:
        """Cells of a delay in `storage`: "ff", "lutram" or "bram"."""
        ways = {
            "ff": self.flip_flops(beats, bits),
            "lutram": self.distributed(beats, bits),
            "bram": self.block(beats),
        }
        return ways[storage] or 0


COSTS = {
    "ecp5": Costs(lut_ram=FLOWS["ecp5"].estimate["TRELLIS_DPR16X4"], ff_beside=True),
    "gowin": Costs(lut_ram=FLOWS["gowin"].estimate["RAM16SDP4"], ff_beside=True),
    "ice40": Costs(lut_ram=0, ff_beside=False),
}


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The fewest logic cells a transform can take.

    Attributes:
        adders: of all butterflies.
        memory: of N − P words, each delay where it takes the fewest.
        ram: the same, each where the generator puts it.
        words: N − P, words of the delays.
        bits: bits of those words.
    """

    adders: int
    memory: int
    ram: int
    words: int
    bits: int

    @property
    def cells(self) -> int:
        """Adders and memory."""
        return self.adders + self.memory

    @property
    def with_ram(self) -> int:
        """Adders, and memory where the generator puts it."""
        return self.adders + self.ram

    def to_dict(self) -> dict[str, int]:
        """Return what JSON can hold."""
        names = ("adders", "memory", "ram", "words", "bits", "cells", "with_ram")
        return {name: getattr(self, name) for name in names}


def floor(spec: Fwht, family: str) -> Floor:
    """The floor of a transform on a family. Raises HadacastError for a family without one."""
    if family not in COSTS:
        raise HadacastError(f"family is {family!r}: there is a floor for {', '.join(COSTS)}")
    costs = COSTS[family]
    adders = memory = ram = words = bits = 0
    for width, distance in enumerate(reversed(spec.circuit), spec.working.width + 1):
        beat = spec.lanes * width
        if distance < spec.lanes:
            adders += beat
            continue
        beats = distance // spec.lanes
        adders += 2 * beat
        memory += costs.cheapest(beats, beat)
        ram += costs.ram(families.get(family).storage(beats), beats, beat)
        words += distance
        bits += beats * beat
    return Floor(adders=adders, memory=memory, ram=ram, words=words, bits=bits)
