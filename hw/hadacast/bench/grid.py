"""Which transforms are measured, and on what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hadacast import checks
from hadacast.bench.peer import Peer, peer_of, peers
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.devices import Device, device

DEVICES = {"ecp5": "ecp5-85k", "ice40": "ice40-hx8k", "gowin": "gw1nr-9c"}
"""The device that stands for each family; the peer's where it has one."""

SEEDS = {"ecp5": (1, 2, 3), "ice40": (1, 2), "gowin": (1, 2, 3)}
"""The placer's seeds; the peer's where it has any."""

FAMILIES = ("ecp5", "ice40")
"""The peer's."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One transform on one family: N points, P lanes, W-bit signed input.

    Raises:
        HadacastError: no such family, or no such transform.
    """

    family: str
    frame: int
    lanes: int
    width: int

    def __post_init__(self) -> None:
        checks.choice("family", self.family, DEVICES)
        checks.power_of_two("n", self.frame, 2, 1 << 16)
        checks.power_of_two("lanes", self.lanes, 1, self.frame, ", the points")
        _ = self.fwht

    @property
    def name(self) -> str:
        """Such as `ecp5-n64-p4-w16`."""
        return f"{self.family}-n{self.frame}-p{self.lanes}-w{self.width}"

    @property
    def fwht(self) -> Fwht:
        """The transform."""
        return Fwht(frame=self.frame, lanes=self.lanes, input=Format(width=self.width))

    @property
    def pipeline(self) -> Pipeline:
        """The whole core: framing, the transform, AXI4-Stream."""
        # One name for all: names can move a placement.
        return Pipeline(name="bench", stages=(self.fwht,))

    @property
    def device(self) -> Device:
        """What it is measured on."""
        return device(DEVICES[self.family])

    @property
    def peer(self) -> Peer | None:
        """The peer's core of the same size on the same device, if it was measured."""
        return peer_of(self.family, self.frame, self.lanes, self.width)


def named(name: str) -> Point:
    """The point of a name such as `ecp5-n64-p4-w16`. Raises HadacastError for any other text."""
    found = re.fullmatch(r"([a-z0-9]+)-n(\d{1,6})-p(\d{1,6})-w(\d{1,3})", name, re.ASCII)
    if not found:
        raise HadacastError(f"point is {checks.quote(name)}: it must be such as ecp5-n64-p4-w16")
    frame, lanes, width = (int(number) for number in found.groups()[1:])
    return Point(family=found[1], frame=frame, lanes=lanes, width=width)


def grid(
    families: Sequence[str] = FAMILIES,
    frames: Sequence[int] = (),
    lanes: Sequence[int] = (),
    widths: Sequence[int] = (),
) -> tuple[Point, ...]:
    """The peer's grid, or all combinations of what is given.

    Args:
        families: those wanted. For one that the peer doesn't have, its ECP5 sizes are taken.
        frames, lanes, widths: if any of them is given, all combinations of them, more lanes than points left
            out. What isn't given is as in the peer's grid.

    Raises:
        HadacastError: an unknown family, no transform of that size, or no combination at all.
    """
    points: list[Point] = []
    for family in dict.fromkeys(families):
        checks.choice("family", family, DEVICES)
        own = [p for p in peers() if p.family == (family if family in FAMILIES else "ecp5")]
        sizes = [(p.frame, p.lanes, p.width) for p in own]
        if frames or lanes or widths:
            columns = zip((frames, lanes, widths), zip(*sizes, strict=True), strict=True)
            chosen = [dict.fromkeys(given) if given else sorted(set(there)) for given, there in columns]
            sizes = [size for size in product(*chosen) if size[1] <= size[0]]
        points += [Point(family=family, frame=n, lanes=p, width=w) for n, p, w in sizes]
    if not points:
        raise HadacastError("more lanes than points in every combination: nothing is left to measure")
    return tuple(points)
