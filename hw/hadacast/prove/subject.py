"""What is proved: a component in a configuration, and all that is claimed of it."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hadacast.prove import engines, netlist, sums
from hadacast.prove.claims import Claims
from hadacast.prove.engines import FAILED, PROVED, Verdict
from hadacast.prove.failure import explain


@dataclass(frozen=True)
class Subject:
    """A component and a configuration of it.

    Members
    -------
    kind: "fwht", "skid" and so on. text: the configuration.
    claims: for a family, what is claimed: designs whose properties are proved one design after the other.
    """

    kind: str
    text: str
    claims: tuple[Callable[[str], Claims], ...]

    @property
    def name(self) -> str:
        return f"{self.kind} {self.text}".strip()


@dataclass(frozen=True)
class Record:
    """A row of the table: a property of a subject, and what is known of it."""

    kind: str
    text: str
    family: str
    property: str
    verdict: str
    engine: str
    depth: int
    seconds: float
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def prove(
    subject: Subject, family: str = "generic", *, timeout: float = 120.0, waves: Path | None = None
) -> list[Record]:
    """Prove all that is claimed of a subject.

    Args:
        timeout: seconds for each design; what is hard takes up to twice as long.
        waves: a folder for the waves of what fails.

    Raises HadacastError where the hardware can't be built for the family.
    """
    records = []
    for make in subject.claims:
        with tempfile.TemporaryDirectory(prefix="hadacast-prove-") as folder:
            records += _design(subject, family, make(family), Path(folder), timeout, waves)
    return records


def _design(
    subject: Subject, family: str, claims: Claims, folder: Path, timeout: float, waves: Path | None
) -> list[Record]:
    start = time.monotonic()
    net = netlist.build(claims, folder, timeout=4 * timeout)
    built = time.monotonic() - start
    found = _solved(net, list(net.properties), timeout)
    notes = {}
    for name, verdict in found.items():
        if verdict.verdict == FAILED:
            file = None if waves is None else waves / f"{_slug(subject.name)}-{name}.vcd"
            failure = explain(net, name, verdict.depth, timeout, file)
            notes[name] = "" if failure is None else failure.line() + (f": {file}" if file else "")
    for name, paths in claims.paths.items():
        wrong = [
            f"{source} to {path.output}"
            for path in paths
            for source in sorted(net.sources(path.output, path.ever))
            if source.startswith(path.source)
        ]
        found[name] = Verdict(FAILED if wrong else PROVED, "netlist", 0, built)
        if wrong:
            notes[name] = f"there is a path: {wrong[0]}"
    return [
        Record(
            subject.kind,
            subject.text,
            family,
            name,
            v.verdict,
            v.engine,
            v.depth,
            round(v.seconds, 2),
            notes.get(name, ""),
        )
        for name, v in ((name, found[name]) for name in claims.properties)
    ]


# Where these depend on counters only, and on nothing that is in the words, all states are soon found.
_COUNTERS = ("queues", "addresses", "intake", "counted_frames", "counted_capacity", "progress")

# What these depend on is more than counters and marks.
_FUNCTIONS = ("value", "payload", "scale_payload", "mark")


def _solved(net: netlist.Netlist, names: list[str], timeout: float) -> dict[str, Verdict]:
    """Each engine in turn, on what the ones before it left open."""
    found = engines.pdr(net, names, timeout / 6) if names else {}

    def left(some: Sequence[str] = names) -> list[str]:
        return [name for name in names if name in some and name not in found]

    found |= _with_sums(net, [name for name in left() if name not in _FUNCTIONS], timeout)
    others = [name for name in names if name not in _COUNTERS]
    for some in (_COUNTERS, others):
        todo = left(some)
        for name in todo:
            verdict = engines.reach(net, name, timeout / 6 / len(todo))
            if verdict is not None:
                found[name] = verdict
    # One at a time PDR learns less that is of no use.
    todo = left()
    for name in todo:
        found |= engines.pdr(net, [name], timeout / len(todo))
    for name in left():
        found[name] = engines.bounded(net, name, timeout / 12)
    return found


def _with_sums(net: netlist.Netlist, names: list[str], timeout: float) -> dict[str, Verdict]:
    """What follows from sums, and from what has been proved with them before."""
    if not names:
        return {}
    start = time.monotonic()
    invariants = sums.proved(net, names, timeout / 3)
    found: dict[str, Verdict] = {}
    for some in (names, *([name] for name in names)):
        some = [name for name in some if name not in found]
        if some:
            strong = sums.strengthened(net, invariants, [n for n, v in found.items() if v.verdict == PROVED])
            found |= engines.pdr(strong, some, timeout / 6 / (1 if len(some) > 1 else len(names)))
    spent = time.monotonic() - start
    return {
        name: replace(verdict, engine=f"{verdict.engine}, {len(invariants)} sums", seconds=spent)
        for name, verdict in found.items()
    }


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text)
