"""Figures of a point by the floor's, the adder's and the peer's."""

import math
from collections.abc import Iterable, Mapping
from typing import Any


def cells_of(record: Mapping[str, Any]) -> int | None:
    """Logic cells after place and route; before it the estimate of them, if there is one."""
    placed: int | None = record["logic_cells"]
    estimate: int | None = record["estimate"]
    return estimate if placed is None else placed


def ratios(record: Mapping[str, Any]) -> dict[str, float | None]:
    """Ours by theirs; None where one of the two isn't known.

    cells, fmax, latency: by the peer's. peer_floor: the floor by the peer's cells, below which no core can
        come. floor: cells by the floor's. floor_with_ram: cells by the floor with
    its memory in LUT RAM. adder: the clock by the lone adder's.
    """
    peer, lone = record["peer"] or {}, record["adder"] or {}
    cells, clock = cells_of(record), record["median_fmax"]
    return {
        "cells": _ratio(cells, peer.get("logic_cells")),
        "fmax": _ratio(clock, peer.get("median_fmax")),
        "latency": _ratio(record["latency"], peer.get("latency")),
        "peer_floor": _ratio(record["floor"]["cells"], peer.get("logic_cells")),
        "floor": _ratio(cells, record["floor"]["cells"]),
        "floor_with_ram": _ratio(cells, record["floor"]["with_ram"]),
        "adder": _ratio(clock, lone.get("median_fmax")),
    }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or not theirs else round(ours / theirs, 4)


def geometric(values: Iterable[float]) -> float | None:
    """The geometric mean; None of nothing."""
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else None
