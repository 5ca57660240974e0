"""Sums over registers that stay the same: what clauses can't say in short, found and proved by themselves.

A count of free places, the words in a queue and the beats on their way to it have a fixed sum. All linear
equations between registers that hold in every state that is reached are its affine hull (M. Karr, Acta
Informatica 6, 1976). It is approached from below: the hull of the states that a simulation reaches, made
larger by each state that PDR reaches outside of it. PDR adds the clauses that make the rest inductive.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from hadacast.prove import engines
from hadacast.prove.claims import ASSUMED
from hadacast.prove.engines import PROVED, Verdict
from hadacast.prove.failure import replay
from hadacast.prove.graph import Graph
from hadacast.prove.netlist import Netlist

# Runs side by side, their clocks, and how often inputs are drawn again where an assumption doesn't hold.
RUNS, CLOCKS, TRIES = 256, 400, 8
# Clocks of a simulation that begins where an equation failed.
AFTER = 24

PRIME = (1 << 31) - 1
MOST_WEIGHT = 256


@dataclass(frozen=True)
class Sum:
    """Sum of weight · register = constant. Registers by their number, as the netlist's latches hold them."""

    terms: tuple[tuple[int, int], ...]
    constant: int

    def holds(self, graph: Graph, registers: Sequence[int]) -> int:
        """The literal of whether it does."""
        plus = [(w, registers[n]) for n, w in self.terms if w > 0]
        minus = [(-w, registers[n]) for n, w in self.terms if w < 0]
        left = graph.total(plus, max(-self.constant, 0))
        return graph.equal(left, graph.total(minus, max(self.constant, 0)))


def cone(netlist: Netlist, names: Sequence[str]) -> list[int]:
    """The registers that properties depend on, in any number of clocks."""
    gates = {out >> 1: (a >> 1, b >> 1) for out, a, b in netlist.ands}
    first = 1 + len(netlist.inputs)
    waiting = [netlist.literals[netlist.properties[name]] >> 1 for name in names]
    reached: set[int] = set()
    while waiting:
        variable = waiting.pop()
        if variable not in reached:
            reached.add(variable)
            waiting += gates.get(variable, ())
            if first <= variable < first + len(netlist.latches):
                waiting.append(netlist.following[variable - first] >> 1)
    return [n for n in range(len(netlist.latches)) if first + n in reached]


def simulated(
    netlist: Netlist,
    registers: Sequence[int],
    clocks: int = CLOCKS,
    begin: tuple[Sequence[int], Sequence[int]] | None = None,
    seed: int = 1,
) -> NDArray[np.int64]:
    """Registers, a row for each state that is reached while the assumptions hold, from the first state on, or
    from the registers and inputs that `begin` gives."""
    rng = random.Random(seed)
    full = (1 << RUNS) - 1
    begin = begin or ([0] * len(netlist.latches), [0] * len(netlist.inputs))
    state, before = ([full * int(bit) for bit in bits] for bits in begin)
    assumed = netlist.literals[netlist.outputs.index(f"{ASSUMED}[0]")]
    rows = [np.array([[begin[0][n] for n in registers]], dtype=np.int64)]
    habits: list[int] = []
    for clock in range(clocks):
        inputs, good = before, 0
        if clock % 20 == 0:
            habits = [rng.randint(-3, 3) for _ in netlist.inputs]
        for _ in range(TRIES):
            keep = rng.getrandbits(RUNS)
            new = [_drawn(rng, name, habit) for name, habit in zip(netlist.inputs, habits, strict=True)]
            drawn = [(old & keep) | (bits & ~keep) for old, bits in zip(before, new, strict=True)]
            inputs = [(old & good) | (new & ~good & full) for old, new in zip(inputs, drawn, strict=True)]
            value = _evaluated(netlist, inputs, state, full)
            good = value[assumed >> 1] ^ (full if assumed & 1 else 0)
        if clock % 4 == 0 or clock < 40:
            chosen = [lane for lane in range(RUNS) if good >> lane & 1]
            bits = [[state[n] >> lane & 1 for n in registers] for lane in chosen[:48]]
            rows.append(np.array(bits, dtype=np.int64).reshape(-1, len(registers)))
        state = [value[lit >> 1] ^ (full if lit & 1 else 0) for lit in netlist.following]
        before = inputs
    return np.concatenate(rows)


def _drawn(rng: random.Random, name: str, habit: int) -> int:
    """An input of all runs: a reset now and then, others with one of seven habits, from seldom to often."""
    bits = rng.getrandbits(RUNS)
    if name.startswith("rst"):
        for _ in range(8):
            bits &= rng.getrandbits(RUNS)
        return bits
    for _ in range(abs(habit)):
        more = rng.getrandbits(RUNS)
        bits = bits & more if habit < 0 else bits | more
    return bits


def _evaluated(netlist: Netlist, inputs: Sequence[int], state: Sequence[int], full: int) -> list[int]:
    value = [0, *inputs, *state]
    for _, a, b in netlist.ands:
        x, y = value[a >> 1], value[b >> 1]
        value.append((x ^ full if a & 1 else x) & (y ^ full if b & 1 else y))
    return value


class Hull:
    """The affine hull of states: rows of (1, registers), reduced, modulo a prime."""

    def __init__(self, width: int):
        self.width = width + 1
        self.rows: list[NDArray[np.int64]] = []
        self.pivots: list[int] = []

    def add(self, state: Sequence[int] | NDArray[np.int64]) -> bool:
        """Make it contain a state; whether it grew."""
        row = np.concatenate([[1], np.asarray(state, dtype=np.int64)]) % PRIME
        for known, pivot in zip(self.rows, self.pivots, strict=True):
            if row[pivot]:
                row = (row - row[pivot] * known) % PRIME
        found = np.flatnonzero(row)
        if not len(found):
            return False
        pivot = int(found[0])
        row = row * pow(int(row[pivot]), -1, PRIME) % PRIME
        for index, known in enumerate(self.rows):
            if known[pivot]:
                self.rows[index] = (known - known[pivot] * row) % PRIME
        self.rows.append(row)
        self.pivots.append(pivot)
        return True

    def sums(self, registers: Sequence[int]) -> list[Sum]:
        """Its equations, those with small weights."""
        found = []
        for column in sorted(set(range(self.width)) - set(self.pivots)):
            weights = {column: Fraction(1)}
            for row, pivot in zip(self.rows, self.pivots, strict=True):
                if row[column]:
                    weights[pivot] = -_fraction(int(row[column]))
            scale = lcm(*(weight.denominator for weight in weights.values()))
            whole = {n: int(weight * scale) for n, weight in weights.items() if weight}
            if max(map(abs, whole.values())) > MOST_WEIGHT:
                continue
            constant = -whole.pop(0, 0)
            terms = tuple(sorted((registers[n - 1], weight) for n, weight in whole.items()))
            found.append(Sum(terms, constant))
        return found


def _fraction(value: int) -> Fraction:
    """The small fraction that is `value` modulo PRIME (rational reconstruction)."""
    a, b, x, y = PRIME, value, 0, 1
    while b * b * 2 > PRIME:
        quotient = a // b
        a, b, x, y = b, a - quotient * b, y, x - quotient * y
    return Fraction(b, y) if y else Fraction(PRIME)


def prove(netlist: Netlist, names: Sequence[str], seconds: float) -> dict[str, Verdict]:
    """Prove these properties, all at once and with sums over the registers on which they depend; what isn't
    proved is left out, and so is what fails.

    Each sum that PDR refutes gives a state that is reached: the hull grows by it and by what is reached soon
    after it, and PDR begins anew.
    """
    start = time.monotonic()

    def left() -> float:
        return start + seconds - time.monotonic()

    registers = cone(netlist, names)
    hull = Hull(len(registers))
    for row in simulated(netlist, registers):
        hull.add(row)
    while left() > 1:
        found = hull.sums(registers)
        _together(netlist, names, found)
        verdict = engines.solved("read sums.aig", netlist.folder, left()).get(0)
        if verdict is None:
            break
        if verdict.verdict == PROVED:
            spent = time.monotonic() - start
            proved = Verdict(PROVED, f"{verdict.engine}, {len(found)} sums", verdict.depth, spent)
            return dict.fromkeys(names, proved)
        run = engines.assignment(netlist.folder, "read sums.aig", verdict.depth, max(left(), 1))
        if run is None or not _grown(hull, netlist, registers, replay(netlist, *run)):
            break
    return {}


def _grown(hull: Hull, netlist: Netlist, registers: Sequence[int], run: list[dict[str, int]]) -> bool:
    """Make the hull contain what is reached in a run, and in simulations that leave it; whether it grew."""
    grown = False
    for number, cycle in enumerate(run):
        if cycle[f"{ASSUMED}[0]"]:
            state = [cycle[name] ^ (n in netlist.inverted) for n, name in enumerate(netlist.latches)]
            rows = [np.array([state[n] for n in registers])]
            if number % 4 == 0:
                begin = state, [cycle[name] for name in netlist.inputs]
                rows += list(simulated(netlist, registers, AFTER, begin, number))
            for row in rows:
                grown |= hull.add(row)
    return grown


def _together(netlist: Netlist, names: Sequence[str], sums: Sequence[Sum]) -> None:
    """The netlist with one output: a property fails, or a sum doesn't hold while the assumptions do."""
    first = 1 + len(netlist.inputs)
    graph = Graph(len(netlist.inputs), len(netlist.latches))
    state = [2 * (first + n) for n in range(len(netlist.latches))]
    copied = graph.copy(netlist, [2 * n for n in range(1, first)], state)

    def here(literal: int) -> int:
        return copied[literal >> 1] ^ literal & 1

    assumed = here(netlist.literals[netlist.outputs.index(f"{ASSUMED}[0]")])
    hold = graph.every([found.holds(graph, state) for found in sums])
    good = [here(netlist.literals[netlist.properties[name]]) ^ 1 for name in names]
    output = graph.every([*good, graph.both(assumed, hold ^ 1) ^ 1]) ^ 1
    graph.write(netlist.folder / "sums.aig", [here(literal) for literal in netlist.following], [output])
