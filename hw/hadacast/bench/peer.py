"""The peer: stored figures of SGen's streaming transforms. sgen.md says how they were measured."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

NAME = "SGen"
DATA = "sgen.csv"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One core of the peer, placed and routed.

    Attributes:
        family: `ecp5` or `ice40`.
        frame, lanes, width: points, elements in a beat, bits of an input element.
        latency: cycles from the first beat in to the first beat out, as the generator states it.
        logic_cells: LUT sites taken after place and route, LUT RAM included.
        ff, lut_ram, block_ram: cells after synthesis.
        fmax: the clock in MHz with each of the placer's seeds.
        median_fmax: their median.
    """

    family: str
    frame: int
    lanes: int
    width: int
    latency: int
    logic_cells: int
    ff: int
    lut_ram: int
    block_ram: int
    fmax: tuple[float, ...]
    median_fmax: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        figures = ("latency", "logic_cells", "ff", "lut_ram", "block_ram", "fmax", "median_fmax")
        return {name: getattr(self, name) for name in figures} | {"fmax": list(self.fmax)}


@cache
def peers() -> tuple[Peer, ...]:
    """Every stored core, in the order of the file."""
    text = resources.files(__package__).joinpath(DATA).read_text(encoding="utf-8")
    return tuple(
        Peer(
            family=row["family"],
            frame=1 << int(row["n"]),
            lanes=1 << int(row["k"]),
            width=int(row["w_in"]),
            latency=int(row["latency_cycles"]),
            logic_cells=int(row["pnr_comb"]),
            ff=int(row["ff"]),
            lut_ram=int(row["lutram"]),
            block_ram=int(row["bram"]),
            fmax=tuple(float(clock) for clock in row["fmax_seeds"].split()),
            median_fmax=round(float(row["fmax_mhz_median"]), 2),
        )
        for row in csv.DictReader(text.splitlines())
    )


def peer_of(family: str, frame: int, lanes: int, width: int) -> Peer | None:
    """The peer's core of the same size, or None where none was measured."""
    wanted = (family, frame, lanes, width)
    return next((p for p in peers() if (p.family, p.frame, p.lanes, p.width) == wanted), None)
