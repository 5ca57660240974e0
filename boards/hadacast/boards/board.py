"""What the catalogue knows of a board."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hadacast.errors import HadacastError

# Suffix of the file that is loaded into the FPGA, by family.
SUFFIX = {"ice40": ".bin", "ecp5": ".bit", "gowin": ".fs"}


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board with a UART to the host.

    Members
    -------
    name: as on the command line. title: for people.
    family: "ice40", "ecp5" or "gowin". device: the FPGA, as its vendor calls it.
    platform: the amaranth-boards class, "module:class". It holds the pins and the clock.
    luts: 4-input LUTs of the device, for people who choose; the tools say what really fits.
    ram_kbits: its block RAM.
    load: the command that loads `{file}`, for people; hadacast doesn't run it.
    baud: of the UART.
    note: one more thing to know, or nothing.
    """

    name: str
    title: str
    family: str
    device: str
    platform: str
    luts: int
    ram_kbits: int
    load: str
    baud: int = 1_000_000
    note: str = ""

    @property
    def suffix(self) -> str:
        """Of the bitstream's file name."""
        return SUFFIX[self.family]

    def make_platform(self) -> Any:
        """A new amaranth-boards platform. Raises HadacastError if amaranth-boards isn't installed."""
        module, name = self.platform.split(":")
        try:
            return getattr(import_module(f"amaranth_boards.{module}"), name)()
        except ModuleNotFoundError:
            raise HadacastError(
                f"board {self.name!r} needs amaranth-boards: pip install 'hadacast[synth]'"
            ) from None

    @property
    def clock(self) -> float:
        """Frequency of the board's default clock, in Hz. Raises HadacastError as `make_platform` does."""
        return float(self.make_platform().default_clk_frequency)
