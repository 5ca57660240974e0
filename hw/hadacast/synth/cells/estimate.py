"""Area, timing and power of a mapped core as figures, in total and by stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hadacast.synth.cells.analysis import Power, Timing
from hadacast.synth.cells.flat import Flat
from hadacast.synth.cells.liberty import Library

NOTE = (
    "an estimate before layout: no wires, no clock tree, no glitches, and delays in flip-flops, for there is "
    "no RAM compiler"
)


@dataclass(frozen=True, kw_only=True)
class Area:
    """What some cells take: their area in the library's unit, how many, and how many are flip-flops."""

    area: float
    cells: int
    flops: int

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {"area": round(self.area, 3), "cells": self.cells, "flops": self.flops}


def area(flat: Flat, library: Library, *, stage: str | None = None, storage: bool = False) -> Area:
    """The area of a netlist, or of one stage, or with `storage` of what memories take."""
    chosen = [
        library.cells[cell.kind]
        for cell in flat.cells
        if stage in (None, cell.stage) and (cell.storage or not storage)
    ]
    return Area(
        area=sum(cell.area for cell in chosen), cells=len(chosen), flops=sum(1 for c in chosen if c.flop)
    )


def stages(flat: Flat) -> list[str]:
    """The stages' names, in the order in which they are met."""
    return list(dict.fromkeys(cell.stage for cell in flat.cells))


def areas(flat: Flat, library: Library) -> dict[str, Any]:
    """Total, delay storage and stages."""
    return {
        "total": area(flat, library).to_dict(),
        "storage": area(flat, library, storage=True).to_dict(),
        "stages": {name: area(flat, library, stage=name).to_dict() for name in stages(flat)},
    }


def timing(found: Timing, flat: Flat, period: float) -> dict[str, Any]:
    """Delays in ns and clocks in MHz; `met` is whether the period asked for is long enough."""

    def where(cell: int | None) -> str:
        return "" if cell is None else flat.cells[cell].stage

    return {
        "inner_ns": round(found.inner_ns, 4),
        "all_ns": round(found.all_ns, 4),
        "fmax": round(1000 / found.inner_ns, 2) if found.inner_ns else None,
        "port_fmax": round(1000 / found.all_ns, 2) if found.all_ns else None,
        "met": max(found.inner_ns, found.all_ns) <= period,
        "from": where(found.start),
        "to": where(found.end),
    }


def power(
    powers: Sequence[Power], flat: Flat, library: Library, *, clock: float, lanes: int, frame: int
) -> dict[str, Any]:
    """Watts by cause and by stage, and joules for each element and frame.

    Args:
        powers: of each cell.
        clock: in MHz. lanes: elements that enter in a clock. frame: elements of a frame.

    Nothing drives the clock in a netlist without a clock tree, so the charge of the flip-flops' clock pins
    isn't among the cells' power and is added: C·V² a clock.
    """
    volts = library.voltage or 0.0
    pins = _clock_pins(flat, library)
    clocked = {name: c * volts**2 * clock * 1e6 for name, c in pins.items()}
    by_stage = dict.fromkeys(stages(flat), 0.0)
    for cell, found in zip(flat.cells, powers, strict=True):
        by_stage[cell.stage] += found.internal + found.switching + found.leakage
    for name, watts in clocked.items():
        by_stage[name] += watts
    flops = [library.cells[cell.kind].flop is not None for cell in flat.cells]
    parts = {
        "flops": sum(p.internal for p, flop in zip(powers, flops, strict=True) if flop),
        "logic": sum(p.internal for p, flop in zip(powers, flops, strict=True) if not flop),
        "switching": sum(p.switching for p in powers),
        "clock_pins": sum(clocked.values()),
        "leakage": sum(p.leakage for p in powers),
    }
    total = sum(parts.values())
    return {
        "clock": clock,
        "voltage": volts,
        "watts": total,
        "parts": parts,
        "stages": by_stage,
        "joules_per_element": total / (clock * 1e6 * lanes),
        "joules_per_frame": total / (clock * 1e6 * lanes) * frame,
    }


def _clock_pins(flat: Flat, library: Library) -> Mapping[str, float]:
    """Farads of the flip-flops' clock pins, by stage."""
    result: dict[str, float] = {}
    for cell in flat.cells:
        kind = library.cells[cell.kind]
        if kind.flop:
            pin = kind.flop.clocked_on.strip("()!' ")
            result[cell.stage] = result.get(cell.stage, 0.0) + kind.inputs[pin]
    return result
