"""How many lanes and copies a rate takes on a device: arithmetic on one measured core of each lane count."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hadacast.errors import HadacastError
from hadacast.spec.pipeline import MAX_COPIES, Pipeline

FILL, MARGIN = 0.8, 0.1
"""How full a device may be and still be routed with ease; how much slower a full one is taken to be."""

MAX_LANES = 32
"""The most lanes that are tried unless others are asked for."""

# Sites that a design has once, however many cores it holds.
_SHARED = re.compile(r"DCC\w*|GSR|SB_GB|BUFG\w*|\w*PLL\w*|\w*OSC\w*|GND|VCC|\w*IO|IO\w*")
_RATE = re.compile(r"(\d+(?:\.\d*)?(?:e\d+)?)\s*([kKMGT]?)")
_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def rate_of(text: str) -> float:
    """Elements a second: "2.5G", "800M", "1e9". Raises HadacastError for anything else."""
    match = _RATE.fullmatch(text.strip())
    rate = float(match[1]) * _PREFIX[match[2]] if match else 0.0
    if not 0 < rate < math.inf:
        raise HadacastError(f"rate is {text!r}: it must be elements a second, such as 2.5G, 800M or 1e9")
    return rate


def lanes_of(text: str) -> tuple[int, ...]:
    """The lane counts in "1,2,4". Raises HadacastError for what are none."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdecimal() and 0 < len(word) < 6 for word in words):
        raise HadacastError(f"lanes is {text!r}: it must be one or more integers, such as 1,2,4")
    return tuple(sorted({int(word) for word in words}))


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One core of a lane count on a device.

    Members
    -------
    spec: one copy. used: sites by nextpnr's kind, (used, available). logic_cells: LUT sites. fmax: in MHz.
    """

    spec: Pipeline
    used: Mapping[str, tuple[int, int]]
    logic_cells: int
    fmax: float

    @classmethod
    def of(cls, spec: Pipeline, synthesis: Mapping[str, Any]) -> "Measured":
        """From what `hadacast synth` measured. Raises HadacastError for a core without a clock."""
        if synthesis["median_fmax"] is None:
            raise HadacastError(f"{spec.name} has no path between registers: its clock isn't known")
        sites = synthesis["utilization"].items()
        return cls(
            spec=spec,
            used={
                kind: (count["used"], count["available"])
                for kind, count in sites
                if count["used"] and not _SHARED.fullmatch(kind)
            },
            logic_cells=synthesis["logic_cells"],
            fmax=synthesis["median_fmax"],
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A number of copies of one measured core.

    Members
    -------
    copies: needed for the rate. most: that fit the device. clock: in MHz, the margin taken off.
    rate, most_rate: elements a second with each of them. logic_cells: of `copies`, by multiplication.
    tightest, share: the kind of sites of which `copies` take the largest share of the device, and that share.
    """

    one: Measured
    copies: int
    most: int
    clock: float
    rate: float
    most_rate: float
    logic_cells: int
    tightest: str
    share: float

    @property
    def fits(self) -> bool:
        """Whether the device holds it."""
        return self.copies <= self.most

    @property
    def spec(self) -> Pipeline:
        """The pipeline to build."""
        return replace(self.one.spec, copies=self.copies)

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "lanes": self.one.spec.lanes,
            "copies": self.copies,
            "fits": self.fits,
            "clock": self.clock,
            "rate": self.rate,
            "logic_cells": self.logic_cells,
            "tightest": self.tightest,
            "share": round(self.share, 4),
            "latency_cycles": self.one.spec.latency,
            "most_copies": self.most,
            "most_rate": self.most_rate,
            "core": {
                "logic_cells": self.one.logic_cells,
                "fmax": self.one.fmax,
                "used": {kind: list(count) for kind, count in self.one.used.items()},
            },
        }


def plan(one: Measured, rate: float, *, fill: float = FILL, margin: float = MARGIN) -> Plan:
    """What a rate takes in copies of a measured core, and how many of them the device holds.

    Each kind of sites is counted by itself; at most `fill` of each is used. The clock is the measured one
    less `margin`.
    """
    clock = math.floor(one.fmax * (1 - margin) * 10) / 10
    each = one.spec.lanes * clock * 1e6
    copies = math.ceil(rate / each - 1e-9)
    held = min(
        (math.floor(fill * available / used + 1e-9) for used, available in one.used.values()), default=0
    )
    most = min(held, _widest(one.spec))
    shares = {kind: copies * used / available for kind, (used, available) in one.used.items()}
    tightest = max(shares, key=lambda kind: shares[kind], default="")
    return Plan(
        one=one,
        copies=copies,
        most=most,
        clock=clock,
        rate=copies * each,
        most_rate=most * each,
        logic_cells=copies * one.logic_cells,
        tightest=tightest,
        share=shares.get(tightest, 0.0),
    )


def _widest(spec: Pipeline) -> int:
    """How many copies one stream may feed."""
    for copies in range(MAX_COPIES, 0, -1):
        try:
            replace(spec, copies=copies)
        except HadacastError:
            continue
        return copies
    return 0


def ordered(plans: Iterable[Plan]) -> list[Plan]:
    """The best first: those that fit, by cells, then by fewer copies; then by the largest rate."""
    return sorted(
        plans, key=lambda p: (not p.fits, *((p.logic_cells, p.copies) if p.fits else (-p.most_rate, 0)))
    )
