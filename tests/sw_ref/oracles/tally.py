"""Counts of agreement: what was compared, what differs by a named rule, and what differs without one."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CHUNK = 1 << 19


@dataclass(frozen=True)
class Rule:
    """A way in which an oracle is known to differ.

    where: mask of the codes that it is about. theirs: the oracle's codes there. always: whether the oracle
    has them wherever the mask is set (the rule is tested on both sides), or may also agree.
    """

    name: str
    where: Any
    theirs: Any
    always: bool = True


@dataclass(frozen=True)
class Outcome:
    """Codes of one chunk from hadacast and from an oracle, and the rules by which they may differ."""

    oracle: str
    ours: Any
    theirs: Any
    rules: tuple[Rule, ...] = ()


@dataclass
class Tally:
    """Sums over outcomes of one oracle."""

    compared: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        ours, theirs = np.broadcast_arrays(np.asarray(outcome.ours), np.asarray(outcome.theirs))
        self.compared += ours.size
        differ = ours != theirs
        wrong = np.zeros_like(differ)
        for rule in outcome.rules:
            where = np.broadcast_to(rule.where, differ.shape)
            follows = where & (theirs == rule.theirs)
            new = differ & follows
            self.explained[rule.name] += int(np.count_nonzero(new))
            differ &= ~new
            if rule.always:
                wrong |= where & ~follows
        wrong |= differ
        self.unexplained += int(np.count_nonzero(wrong))
        for at in np.argwhere(wrong)[: 5 - len(self.examples)]:
            place = tuple(at)
            self.examples.append(f"{list(map(int, place))}: {ours[place]}, {outcome.oracle} {theirs[place]}")


Chunk = Callable[[np.random.Generator, int], Iterable[Outcome]]


@dataclass(frozen=True)
class Comparison:
    """One format or setting against its oracles.

    group, name: where it stands in the table of the docs. oracles: what run() needs, packages or
    "definition". run: outcomes of about `count` values of every oracle that is installed. most: how many
    values a long run has. row: of the table, name by default.
    """

    group: str
    name: str
    oracles: tuple[str, ...]
    run: Chunk
    most: int = 10**7
    row: str = ""

    def __str__(self) -> str:
        return f"{self.group} {self.name}"

    def tally(self, count: int, seed: int = 2025) -> dict[str, Tally]:
        """Compare `count` values or a few more, in chunks."""
        rng, found = np.random.default_rng(seed), dict[str, Tally]()
        for size in sizes(count):
            for outcome in self.run(rng, size):
                found.setdefault(outcome.oracle, Tally()).add(outcome)
        return found


def sizes(count: int) -> Iterator[int]:
    """Chunks that make up `count`."""
    for start in range(0, count, CHUNK):
        yield min(CHUNK, count - start)
