"""FPGA families: what decides where a delay lives and which adder is named."""

from dataclasses import dataclass, field
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError


@dataclass(frozen=True, kw_only=True)
class Family:
    """What the generator needs to know of a device family.

    Members
    -------
    name: as on the command line.
    ff_depth: the deepest delay, in beats, that "auto" keeps in flip-flops.
    lutram_depth: the deepest that "auto" keeps in LUT RAM; 0 where there is none.
    ram_registers: how many registers a block RAM's output wants before an adder, its own among them, 1 to 3.
    """

    name: str
    ff_depth: int
    lutram_depth: int
    ram_registers: int = 2

    def storage(self, depth: int) -> str:
        """Where a delay of `depth` beats lives if nothing else is said: "ff", "lutram" or "bram"."""
        if depth <= self.ff_depth:
            return "ff"
        return "lutram" if depth <= self.lutram_depth else "bram"

    def output_registers(self, storage: str) -> int:
        """Registers behind a memory, and before an adder: the one in which it is read, and more where it is
        slow. None behind "ff"."""
        return {"ff": 0, "lutram": 1, "bram": self.ram_registers}[storage]

    def check_storage(self, storage: str) -> None:
        """Raise HadacastError where the family has no such memory."""
        if storage == "lutram" and not self.lutram_depth:
            raise HadacastError(
                f"storage is 'lutram': {self.name} has no LUT RAM; it must be auto, ff or bram"
            )


# LUT RAM is as deep as one primitive holds: 16 words, or 64 on AMD's (Xilinx) 7 series. Of two of 16, a bit
# takes four cells on ECP5, their multiplexer among them: for words of 36 bits 150 cells, against one block
# RAM.
FAMILIES = {
    family.name: family
    for family in (
        Family(name="generic", ff_depth=4, lutram_depth=16),
        # Two registers are the block RAM's own; from there to an adder is half of a cycle.
        Family(name="ecp5", ff_depth=4, lutram_depth=16, ram_registers=3),
        Family(name="gowin", ff_depth=4, lutram_depth=16),
        Family(name="xilinx7", ff_depth=4, lutram_depth=64),
        # A flip-flop takes a whole logic cell here, and block RAMs are small, many, and as fast as an adder.
        Family(name="ice40", ff_depth=2, lutram_depth=0, ram_registers=1),
    )
}


def get(name: str) -> Family:
    """The family called `name`; HadacastError where there is none."""
    return FAMILIES[checks.choice("family", name, FAMILIES)]


@dataclass
class Target:
    """An elaboration platform that is a family and no board, and keeps the files that cores add."""

    family: Family
    files: dict[str, str] = field(default_factory=dict)

    def add_file(self, name: str, text: str) -> None:
        """Keep a source file that the design needs, as board platforms do."""
        self.files[name] = text


def of_platform(platform: Any) -> Family:
    """The family that an Amaranth elaboration `platform` stands for.

    A platform is a Target, a board platform of amaranth-boards, or None for generic.
    """
    if isinstance(platform, Target):
        return platform.family
    names = {base.__name__ for base in type(platform).mro()}
    if "SiliconBluePlatform" in names:
        return FAMILIES["ice40"]
    if "GowinPlatform" in names:
        return FAMILIES["gowin"]
    # One class builds all Lattice parts; ECP5 is among them.
    if "LatticePlatform" in names and str(platform.device).upper().startswith(("LFE5", "LAE5")):
        return FAMILIES["ecp5"]
    # One class builds all AMD parts; the 7 series' names, and those of Zynq-7000, begin so.
    if "XilinxPlatform" in names and str(platform.device).lower().startswith("xc7"):
        return FAMILIES["xilinx7"]
    return FAMILIES["generic"]
