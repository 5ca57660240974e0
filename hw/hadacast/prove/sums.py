"""Sums over registers that stay the same: what clauses can't say in short, found and proved by themselves.

A count of free places, the words in a queue and the beats on their way to it have a fixed sum. All linear
equations between bits that hold in every state that is reached are their affine hull (M. Karr, Acta
Informatica 6, 1976). It is guessed from states that a simulation reaches. Which of the equations follow from
each other a clock later, ABC says: each is an output that is 1 where it doesn't hold, and signal
correspondence (C. A. J. van Eijk, IEEE Trans. CAD 19(7), 2000) leaves 0 in place of those that it proves, by
induction on all of them at once.

Bits are registers that don't depend on marks, and what the claims hint at. Two kinds of products are guessed
with them: bounds of numbers, and how far something has come that has been waited for.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from math import lcm

import numpy as np
from numpy.typing import NDArray

from hadacast.prove import abc
from hadacast.prove.aig import Builder, outputs
from hadacast.prove.claims import ENDS, TOLD, WAITED, WAY
from hadacast.prove.netlist import Netlist

Bits = NDArray[np.bool_]

# Runs side by side, and how many have habits in common; their clocks, and after how many they have other
# habits; how often inputs are drawn again where an assumption doesn't hold; 2^-SELDOM is a small chance.
RUNS, TOGETHER, CLOCKS, HABITS, TRIES, SELDOM = 256, 16, 400, 40, 6, 8

# States of which equations are guessed, before they are tried on all.
FEW = 2000

PRIME = (1 << 31) - 1
MOST_WEIGHT = 256

# Clocks of induction that are tried, one after the other.
DEPTHS = (1, 2)

# The inputs that arrive, and the one of them that marks the frame which is followed.
ARRIVING, MARK = "free_i_", "free_i_mark"

GUESSES, STRONG = "guesses.aig", "strong.aig"


@dataclass(frozen=True)
class Sum:
    """Sum of weight · bit = constant. A bit is 1 if each of its literals of the netlist is."""

    terms: tuple[tuple[int, tuple[int, ...]], ...]
    constant: int

    def holds(self, graph: Builder, here: Mapping[int, int]) -> int:
        """The literal of whether it does, in a graph; `here` are the netlist's literals there."""
        bits = [(weight, graph.every(_of(here, x) for x in term)) for weight, term in self.terms]
        left = graph.total([(w, bit) for w, bit in bits if w > 0], max(-self.constant, 0))
        right = graph.total([(-w, bit) for w, bit in bits if w < 0], max(self.constant, 0))
        return graph.equal(left, right)


def proved(netlist: Netlist, names: Sequence[str], seconds: float) -> list[Sum]:
    """Sums over what these properties depend on that hold in every state that is reached."""
    guesses = guessed(netlist, names)
    found: dict[Sum, None] = {}
    for depth in DEPTHS:
        found |= dict.fromkeys(_inductive(netlist, guesses, depth, seconds))
        if len(found) == len(guesses):
            break
    return list(found)


def strengthened(netlist: Netlist, sums: Iterable[Sum], lemmas: Iterable[str]) -> Netlist:
    """The netlist with its properties only of runs in which sums and other properties hold, so far and now.
    Where these are known to hold in all runs nothing is lost, and the rest is easier to prove."""
    graph, here = _copied(netlist)
    known = [netlist.literals[netlist.properties[name]] for name in lemmas]
    holds = [found.holds(graph, here) for found in sums] + [_of(here, literal) ^ 1 for literal in known]
    broken = graph.latch()
    # Where an assumption fails they needn't hold: that must not hide what comes after the next reset.
    assumed = _of(here, netlist.assumed)
    breaks = graph.either(broken, graph.both(assumed, graph.every(holds) ^ 1))
    graph.close(len(netlist.latches), breaks)
    claims = [0] * len(netlist.outputs)
    for number in netlist.properties.values():
        claims[number] = graph.both(_of(here, netlist.literals[number]), breaks ^ 1)
    (netlist.folder / STRONG).write_bytes(graph.write(*claims))
    return replace(netlist, file=STRONG)


def _copied(netlist: Netlist) -> tuple[Builder, dict[int, int]]:
    """A graph with the netlist in it, and the netlist's even literals there."""
    graph = Builder()
    circuit: dict[int, int] = {}
    first = 1 + len(netlist.inputs)
    for variable in range(1, first + len(netlist.latches)):
        circuit[2 * variable] = graph.input() if variable < first else graph.latch()
    here = graph.copy(netlist, circuit)
    for number, literal in enumerate(netlist.following):
        graph.close(number, _of(here, literal))
    return graph, here


def _of(here: Mapping[int, int], literal: int) -> int:
    return here[literal & ~1] ^ literal & 1


def _inductive(netlist: Netlist, guesses: Sequence[Sum], depth: int, seconds: float) -> list[Sum]:
    """Those of the sums that induction over `depth` clocks proves together."""
    graph, here = _copied(netlist)
    assumed = _of(here, netlist.assumed)
    wrong = [graph.both(assumed, guess.holds(graph, here) ^ 1) for guess in guesses]
    (netlist.folder / GUESSES).write_bytes(graph.write(*wrong))
    after = netlist.folder / f"after_{GUESSES}"
    after.unlink(missing_ok=True)
    abc.run(f"read {GUESSES}; scorr -C 50000 -F {depth}; write_aiger {after}", netlist.folder, seconds)
    left = outputs(after.read_bytes()) if after.exists() else [1] * len(guesses)
    return [guess for guess, literal in zip(guesses, left, strict=True) if literal == 0]


def guessed(netlist: Netlist, names: Sequence[str]) -> list[Sum]:
    """What a simulation doesn't refute: sums, and pairs of bits of which one is 0."""
    literals, states = bits(netlist, names)
    found = equations(literals, states)
    more = _bounds(netlist, literals, states) + _progress(netlist, literals, states)
    return found + _wider(netlist, found) + more


def _wider(netlist: Netlist, sums: Iterable[Sum]) -> list[Sum]:
    """The sums over beats of the marked frame in a queue, with those of its places too in which the
    simulation saw none."""
    kinds: dict[str, list[int]] = {}
    for name, number in netlist.hints.items():
        kind = name.split("_")[2]
        if kind.startswith((TOLD, ENDS)):
            kinds.setdefault(kind, []).append(netlist.literals[number])
    found = []
    for each in sums:
        for literals in kinds.values():
            weights = {weight for weight, term in each.terms if term[0] in literals}
            known = {term[0] for _, term in each.terms}
            if len(weights) == 1 and len(literals) > len(set(literals) & known) > len(literals) // 2:
                (weight,) = weights
                more = ((weight, (literal,)) for literal in literals if literal not in known)
                found.append(Sum((*each.terms, *more), each.constant))
    return found


def _bounds(netlist: Netlist, literals: Sequence[int], states: Bits) -> list[Sum]:
    """Pairs of a number's bits that are never alike, or never differ in this way."""
    words: dict[str, list[int]] = {}
    for column, literal in enumerate(literals):
        number = (literal >> 1) - 1 - len(netlist.inputs)
        if 0 <= number < len(netlist.latches):
            words.setdefault(netlist.latches[number].rpartition("[")[0], []).append(column)
    pairs = [pair for columns in words.values() for pair in combinations(columns, 2)]
    found = []
    for (a, b), low, lower in product(pairs, range(2), range(2)):
        if not ((states[:, a] ^ bool(low)) & (states[:, b] ^ bool(lower))).any():
            found.append(Sum(((1, (literals[a] ^ low, literals[b] ^ lower)),), 0))
    return found


def _progress(netlist: Netlist, literals: Sequence[int], states: Bits) -> list[Sum]:
    """What has been waited for is on its way, and the farther the longer it has been waited for: it is never
    so that none of the last steps has it."""
    place = {literal: column for column, literal in enumerate(literals)}
    long, way = (
        [place[netlist.literals[number]] for name, number in netlist.hints.items() if f"_{kind}_" in name]
        for kind in (WAITED, WAY)
    )
    found = []
    for waited in long:
        for begin in range(len(way) + 1):
            if (states[:, waited] & ~states[:, way[begin:]].any(axis=1)).any():
                break
            nowhere = (literals[step] ^ 1 for step in way[begin:])
            found.append(Sum(((1, (literals[waited], *nowhere)),), 0))
    return found


def bits(netlist: Netlist, names: Sequence[str]) -> tuple[list[int], Bits]:
    """Literals that may have sums, but for what depends on marks, and their values in each state of a
    simulation."""
    registers = netlist.cone([netlist.properties[name] for name in names] + list(netlist.hints.values()))
    marked = netlist.behind(MARK)
    hints = [netlist.literals[number] for number in netlist.hints.values()]
    found = list(dict.fromkeys([netlist.register(n) for n in registers if n not in marked] + hints))
    return found, simulated(netlist, found)


def simulated(netlist: Netlist, literals: Sequence[int], clocks: int = CLOCKS, seed: int = 1) -> Bits:
    """Values of literals, a row for each different state, from the first ones on, while the assumptions
    hold."""
    rng = random.Random(seed)
    full = (1 << RUNS) - 1
    assumed = netlist.assumed
    needed = netlist.needed([*literals, assumed])
    first = 1 + len(netlist.inputs)
    inputs = [n for n in range(1, first) if n in needed]
    latches = [(first + n, x) for n, x in enumerate(netlist.following) if first + n in needed]
    gates = [(out >> 1, a, b) for out, a, b in netlist.ands if out >> 1 in needed]
    value = dict.fromkeys(needed, 0) | {0: 0}
    anew = [(full, 0)] * SELDOM
    rows: list[Bits] = []
    habits: dict[int, list[tuple[int, int]]] = {}
    for clock in range(clocks):
        good = 0
        if clock % HABITS == 0:
            habits = {n: _habit(rng, netlist.inputs[n - 1]) for n in inputs}
        before = {n: value[n] for n in inputs if netlist.inputs[n - 1].startswith(ARRIVING)}
        for _ in range(TRIES):
            # What is offered at the input may have to stay.
            stays = rng.getrandbits(RUNS)
            for n in inputs:
                drawn = _drawn(rng, habits[n])
                drawn = (before[n] & stays) | (drawn & ~stays) if n in before else drawn
                value[n] = (value[n] & good) | (drawn & ~good)
            for out, a, b in gates:
                x, y = value[a >> 1], value[b >> 1]
                value[out] = (x ^ full if a & 1 else x) & (y ^ full if b & 1 else y)
            good = value[assumed >> 1] ^ (full if assumed & 1 else 0)
            if good == full:
                break
        seen = [value[x >> 1] ^ (full if x & 1 else 0) for x in (*literals, assumed)]
        packed = np.frombuffer(b"".join(word.to_bytes(RUNS // 8, "little") for word in seen), dtype=np.uint8)
        found = np.unpackbits(packed.reshape(-1, RUNS // 8), axis=1, bitorder="little").T.astype(np.bool_)
        rows.append(found[found[:, -1], :-1])
        # Runs that an assumption ended begin anew, and others now and then.
        good &= ~_drawn(rng, anew)
        value |= [(latch, (value[x >> 1] ^ (full if x & 1 else 0)) & good) for latch, x in latches]
    return np.unique(np.concatenate(rows), axis=0)


def _habit(rng: random.Random, name: str) -> list[tuple[int, int]]:
    """How an input behaves for a while, for groups of runs: a reset comes now and then, a mark sometimes,
    others seldom or often, in one of nine steps."""
    often = [(0, 0)] * SELDOM
    for group in range(RUNS // TOGETHER):
        lanes = ((1 << TOGETHER) - 1) << group * TOGETHER
        habit = rng.randint(-SELDOM, -2) if name.startswith(("rst", MARK)) else rng.randint(-4, 4)
        often = [
            (few | lanes, many) if n < -habit else (few, many | lanes) if n < habit else (few, many)
            for n, (few, many) in enumerate(often)
        ]
    return [pair for pair in often if any(pair)]


def _drawn(rng: random.Random, habit: list[tuple[int, int]]) -> int:
    drawn = rng.getrandbits(RUNS)
    for few, many in habit:
        more = rng.getrandbits(RUNS)
        drawn = drawn & (more | ~few) | more & many
    return drawn


def equations(literals: Sequence[int], states: Bits) -> list[Sum]:
    """The equations of the affine hull of states, those with small weights."""
    rows = np.concatenate([np.ones((len(states), 1)), states], axis=1)
    some = np.random.default_rng(1).permutation(len(rows))[:FEW]
    while True:
        found = _hull(rows[some].astype(np.int64))
        wrong = (rows @ found.T.astype(np.float64)) != 0
        if not wrong.any():
            break
        # A state for each equation that it refutes.
        some = np.union1d(some, wrong.argmax(axis=0)[wrong.any(axis=0)])
    return [
        Sum(tuple((int(row[n]), (literals[n - 1],)) for n in range(1, len(row)) if row[n]), -int(row[0]))
        for row in short(found)
        if abs(row).max() <= MOST_WEIGHT
    ]


def _hull(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of small integers whose product with all given ones is 0; each with a number where none other has
    one."""
    pivots: list[int] = []
    for column in range(rows.shape[1]):
        below = np.flatnonzero(rows[len(pivots) :, column])
        if not len(below):
            continue
        at = len(pivots)
        rows[[at, at + below[0]]] = rows[[at + below[0], at]]
        rows[at] = rows[at] * pow(int(rows[at, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(rows[:, column])
        others = others[others != at]
        rows[others] = (rows[others] - rows[others, column, None] * rows[at]) % PRIME
        pivots.append(column)
    found = []
    for column in sorted(set(range(rows.shape[1])) - set(pivots)):
        weights = {column: Fraction(1)}
        for row, pivot in zip(rows, pivots, strict=False):
            if row[column]:
                weights[pivot] = -fraction(int(row[column]))
        scale = lcm(*(weight.denominator for weight in weights.values()))
        whole = [int(weights.get(n, 0) * scale) for n in range(rows.shape[1])]
        if max(map(abs, whole)) <= MOST_WEIGHT:
            found.append(whole)
    return np.array(found, dtype=np.int64).reshape(-1, rows.shape[1])


def short(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that span the same space, with fewer numbers in them: a row with a multiple of another one added,
    where that leaves less of it."""
    rows = rows.copy()
    changed = True
    while changed:
        changed = False
        for i in np.argsort(-np.count_nonzero(rows[:, 1:], axis=1)):
            for j in range(len(rows)):
                shared = np.flatnonzero(rows[i] * rows[j])
                ratios = {Fraction(int(rows[i, n]), int(rows[j, n])) for n in shared if n} if i != j else ()
                for ratio in ratios:
                    row = rows[i] * ratio.denominator - rows[j] * ratio.numerator
                    if np.count_nonzero(row[1:]) < np.count_nonzero(rows[i, 1:]):
                        rows[i] = row // np.gcd.reduce(row)
                        changed = True
                        break
    return rows


def fraction(value: int) -> Fraction:
    """The small fraction that is `value` modulo PRIME (rational reconstruction)."""
    a, b, x, y = PRIME, value, 0, 1
    while b * b * 2 > PRIME:
        quotient = a // b
        a, b, x, y = b, a - quotient * b, y, x - quotient * y
    return Fraction(b, y) if y else Fraction(PRIME)
