"""Figures of a point, by the names under which tables, objectives and conditions know them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """kind: int or float. unit: empty for counts. what: in a few words. digits: that people are shown."""

    kind: type
    unit: str
    what: str
    digits: int = 0


# In the order in which they are shown, what matters most first.
FIGURES: Mapping[str, Column] = {
    "cells": Column(int, "", "logic cells, each a 4-input LUT"),
    "throughput": Column(float, "samples/s", "lanes × clock"),
    "fmax": Column(float, "MHz", "clock, median of the seeds", 2),
    "latency": Column(int, "clocks", "first beat in to first beat out"),
    "total_sqnr": Column(float, "dB", "signal over the noise of quantizer and input format", 2),
    "sqnr": Column(float, "dB", "signal over the quantizer's noise", 2),
    "input_sqnr": Column(float, "dB", "signal over the input format's noise", 2),
    "bits": Column(float, "bits", "what a value becomes, codes and scales", 3),
    "ff": Column(int, "", "flip-flops"),
    "lut_ram": Column(int, "", "LUT RAMs"),
    "block_ram": Column(int, "", "block RAMs"),
    "multiplier": Column(int, "", "multipliers"),
    "delay": Column(float, "ns", "latency at that clock", 1),
    "lanes": Column(int, "", "elements taken in a clock, P"),
    "frame": Column(int, "", "elements in a frame, N"),
}
