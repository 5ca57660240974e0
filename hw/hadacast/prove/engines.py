"""What proves: abc's PDR for all that can ever happen, its bounded search for what can soon."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hadacast.prove import abc
from hadacast.prove.netlist import Netlist

# Property directed reachability: A. Bradley, "SAT-based model checking without unrolling", VMCAI 2011;
# N. Een, A. Mishchenko, R. Brayton, "Efficient implementation of property directed reachability", FMCAD 2011.
# All properties at once (-a) share what is learned. Signals that are equal are merged first, by induction
# (scorr).
_PDR = "scorr; pdr -a -s -f -T {seconds}"

# All reachable states, breadth first: O. Coudert, C. Berthet, J. C. Madre, 1989. It ends where counters are
# few, however they depend on each other.
_REACH = "scorr; reach -B 3000000 -F 5000 -T {seconds}"

# Frames that a bounded search looks at, at most.
MOST_FRAMES = 200

PROVED, FAILED, BOUNDED, OPEN = "proved", "failed", "bounded", "timed out"


@dataclass
class Verdict:
    """What is known of a property.

    Members
    -------
    verdict: PROVED for any number of cycles; FAILED; BOUNDED, not within `depth` cycles; or OPEN.
    engine: what found that. depth: clauses of PDR's invariant, cycles that a BDD took to reach all states, or
        cycles that were looked at.
    seconds: that the engine ran, for all the properties that it looked at together.
    """

    verdict: str
    engine: str
    depth: int
    seconds: float


def _cone(netlist: Netlist, names: Sequence[str]) -> str:
    numbers = ",".join(str(netlist.properties[name]) for name in names)
    return f"read {netlist.folder / netlist.file}; cone -N {numbers}"


def pdr(netlist: Netlist, names: Sequence[str], seconds: float) -> dict[str, Verdict]:
    """Prove or refute properties; those that it says nothing of are left out."""
    start = time.monotonic()
    script = f"{_cone(netlist, names)}; {_PDR.format(seconds=int(seconds) + 1)}"
    text = abc.run(script, netlist.folder, seconds + 10)
    spent = time.monotonic() - start
    clauses = re.search(r"Verification of invariant with (\d+) clauses was successful", text)
    found = {}
    for number, trivial in re.findall(r"Proved output +(\d+) in frame .*\((\w+)\)", text):
        if trivial == "trivial":
            found[names[int(number)]] = Verdict(PROVED, "induction", 1, spent)
        elif clauses:
            found[names[int(number)]] = Verdict(PROVED, "PDR", int(clauses[1]), spent)
    for number, frame in re.findall(r"Output +(\d+) was asserted in frame +(\d+)", text):
        found[names[int(number)]] = Verdict(FAILED, "PDR", int(frame) + 1, spent)
    return found


def reach(netlist: Netlist, name: str, seconds: float) -> Verdict | None:
    """Prove or refute a property by all states that are reached, as a BDD; None where they are too many."""
    start = time.monotonic()
    limit = int(seconds) + 1
    text = abc.run(f"{_cone(netlist, [name])}; {_REACH.format(seconds=limit)}", netlist.folder, limit + 2)
    spent = time.monotonic() - start
    found = re.search(r"proved unreachable after (\d+) iterations", text)
    if found:
        return Verdict(PROVED, "BDD", int(found[1]), spent)
    found = re.search(r"was asserted in frame (\d+)", text)
    return Verdict(FAILED, "BDD", int(found[1]) + 1, spent) if found else None


def bounded(netlist: Netlist, name: str, seconds: float) -> Verdict:
    """Look for a failure within as many cycles as `seconds` allow."""
    start = time.monotonic()
    text = abc.run(
        f"{_cone(netlist, [name])}; bmc3 -F {MOST_FRAMES} -T {int(seconds) + 1}", netlist.folder, seconds + 10
    )
    spent = time.monotonic() - start
    asserted = re.search(r"was asserted in frame (\d+)", text)
    if asserted:
        return Verdict(FAILED, "BMC", int(asserted[1]) + 1, spent)
    frames = re.search(r"No output (?:was )?asserted in (\d+) frames", text)
    if frames:
        return Verdict(BOUNDED, "BMC", int(frames[1]), spent)
    return Verdict(OPEN, "PDR", 0, spent)


def counterexample(netlist: Netlist, name: str, frames: int, seconds: float) -> tuple[str, list[str]] | None:
    """The registers at first and the inputs in each cycle of a run that ends with a failure, as bits in the
    netlist's order; None where abc finds it not, or crashes."""
    path = netlist.folder / "failure.txt"
    path.unlink(missing_ok=True)
    search = f"bmc3 -F {frames + 1} -T {int(seconds) + 1}; write_cex -a {path}"
    abc.run(f"{_cone(netlist, [name])}; {search}", netlist.folder, seconds + 10)
    if not path.exists():
        return None
    lines = [line.strip() for line in path.read_text().splitlines()]
    bits = [line for line in lines if line and set(line) <= {"0", "1", "x"}]
    return (bits[0], bits[1:]) if bits else None
