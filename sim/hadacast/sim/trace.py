"""What a bench saw: the beats that came out, when, and which stream rules were broken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Trace:
    """One simulated run. Cycles count from 0; a cycle ends at the rising edge of ACLK.

    data: (beats_out, lanes) integers; last, user: (beats_out,) bool, TLAST and TUSER of each.
    cycle: (beats_out,) the cycle of each output handshake; offer: that in which the beat was first valid.
    accept: (beats_in,) the cycle of each input handshake, −1 for a beat that was never taken.
    resets: the cycles in which ARESETN was low.
    error_cycle: the cycles in which frame_error was 1.
    cycles: cycles simulated; seconds, build_seconds: wall time of the run, and of what came before it.
    violations: stream rules the core broke, one text each; empty when right.
    """

    data: NDArray[np.int64]
    last: NDArray[np.bool_]
    user: NDArray[np.bool_]
    cycle: NDArray[np.int64]
    offer: NDArray[np.int64]
    accept: NDArray[np.int64]
    resets: NDArray[np.int64]
    error_cycle: NDArray[np.int64]
    cycles: int
    seconds: float
    violations: tuple[str, ...] = ()
    build_seconds: float = 0.0

    @property
    def beats(self) -> int:
        """Beats that came out."""
        return len(self.data)

    @property
    def error_pulses(self) -> int:
        """Cycles in which frame_error was 1."""
        return len(self.error_cycle)

    @property
    def latency(self) -> int | None:
        """Cycles from the first beat taken to the first beat offered; None when nothing came out."""
        return int(self.offer[0] - self.accept[0]) if len(self.offer) and len(self.accept) else None

    @property
    def beats_per_cycle(self) -> float:
        """Output beats per cycle between the first and the last of them; 1 is full rate."""
        if len(self.cycle) < 2:
            return float(len(self.cycle))
        return (len(self.cycle) - 1) / float(self.cycle[-1] - self.cycle[0])

    @property
    def cycles_per_second(self) -> float:
        """Simulated cycles per second of wall time."""
        return self.cycles / self.seconds if self.seconds > 0 else float("inf")
