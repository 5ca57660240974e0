"""Timing paths, as nextpnr's report states them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hadacast.synth import netlist


@dataclass(frozen=True, kw_only=True)
class Path:
    """The slowest path between two groups of registers.

    Attributes:
        kind: `register -> register` inside the core, or `input -> register`, `register -> output`,
            `input -> output` for paths that touch a port.
        start, end: a cell and its pin, or the bit of a port.
        logic_ns, routing_ns: the delay's two parts, in ns; their sum is the path's delay. Clock-to-
            output and setup count as logic.
        steps: (what, ns, where) along the path.
    """

    kind: str
    start: str
    end: str
    logic_ns: float
    routing_ns: float
    steps: tuple[tuple[str, float, str], ...]

    @property
    def delay_ns(self) -> float:
        """The whole delay in ns."""
        return round(self.logic_ns + self.routing_ns, 3)

    def __str__(self) -> str:
        """Return one line."""
        return (
            f"{self.kind}: {self.start} -> {self.end}, {self.delay_ns:.2f} ns "
            f"({self.logic_ns:.2f} logic, {self.routing_ns:.2f} routing)"
        )

    def text(self) -> str:
        """Return the path as a table, one step per line, without those that take no time."""
        rows = [f"  {delay:6.2f}  {what:<8}  {where}" for what, delay, where in self.steps if delay >= 0.005]
        return "\n".join([str(self), *rows])

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "kind": self.kind,
            "start": self.start,
            "end": self.end,
            "delay_ns": self.delay_ns,
            "logic_ns": self.logic_ns,
            "routing_ns": self.routing_ns,
            "steps": [list(step) for step in self.steps],
        }


def paths(report: dict[str, Any], ports: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the slowest path between each two clocks of a report, the slowest first.

    Args:
        report: nextpnr's `--report`, read.
        ports: the port bits that cells stand for, from `netlist.port_cells`.
    """
    found = [_path(entry, ports or {}) for entry in report["critical_paths"] if entry["path"]]
    return tuple(sorted(found, key=lambda path: -path.delay_ns))


def fmax(report: dict[str, Any]) -> float | None:
    """Return the core's clock in MHz, or None if no path joins two of its registers."""
    for clock, figures in report["fmax"].items():
        if clock == netlist.CLOCK:
            return round(float(figures["achieved"]), 2)
    return None


def _path(entry: dict[str, Any], ports: Mapping[str, str]) -> Path:
    begin, end = _clock(entry["from"]), _clock(entry["to"])
    at_input, at_output = begin == netlist.INPUT_CLOCK, end == netlist.OUTPUT_CLOCK
    first, last = entry["path"][0]["from"], entry["path"][-1]["to"]
    steps = tuple((step["type"], round(step["delay"], 3), _where(step)) for step in entry["path"])
    return Path(
        kind=f"{'input' if at_input else 'register'} -> {'output' if at_output else 'register'}",
        start=ports.get(first["cell"], _pin(first)) if at_input else _pin(first),
        end=ports.get(last["cell"], _pin(last)) if at_output else _pin(last),
        logic_ns=round(sum(delay for what, delay, _ in steps if what != "routing"), 3),
        routing_ns=round(sum(delay for what, delay, _ in steps if what == "routing"), 3),
        steps=steps,
    )


def _clock(event: str) -> str:
    return event.split()[-1]  # "posedge aclk"


def _pin(place: dict[str, Any]) -> str:
    return f"{place['cell']}.{place['port']}"


def _where(step: dict[str, Any]) -> str:
    return str(step["net"]) if step["type"] == "routing" else _pin(step["to"])
