"""Permutations that leave each beat where it is: no memory."""

from dataclasses import dataclass

from hadacast.permuting.banked import Switch


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """Elements change lanes within their beats.

    Members
    -------
    switch: the lane that each lane takes, beat by beat, until it repeats.
    """

    switch: Switch

    @property
    def memory(self) -> int:
        """No words."""
        return 0

    @property
    def latency(self) -> int:
        """Cycles from a beat in to the beat out; 0 for wires."""
        return self.switch.latency
