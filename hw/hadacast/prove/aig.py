"""And-inverter graphs with registers: AIGER text read, copied with constants, and written.

Literals are as in AIGER (Biere, Heljanko, Wieringa, 2011): twice a variable's number, plus 1 where inverted;
0 is false. All registers start at 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Protocol

FALSE, TRUE = 0, 1


@dataclass
class Circuit:
    """A circuit read from AIGER: literals by name, and AND gates in an order in which they can be computed.

    inputs, outputs: by name, such as `m_axis_tdata[3]`. latches: the literal of each register and of its next
    value. ands: (result, a, b).
    """

    inputs: dict[str, int]
    outputs: dict[str, int]
    latches: list[tuple[int, int]]
    ands: list[tuple[int, int, int]]

    @classmethod
    def read(cls, text: str) -> "Circuit":
        """Of the ASCII format, with symbols for inputs and outputs."""
        lines = text.splitlines()
        kind, _, inputs, latches, outputs, ands = lines[0].split()[:6]
        if kind != "aag":
            raise ValueError(f"not ASCII AIGER: {lines[0]!r}")
        counts = [int(inputs), int(latches), int(outputs), int(ands)]
        parts: list[list[str]] = []
        at = 1
        for count in counts:
            parts.append(lines[at : at + count])
            at += count
        names: dict[str, str] = {}
        for line in lines[at:]:
            if line == "c":
                break
            place, _, name = line.partition(" ")
            names[place] = name
        numbers = [[tuple(map(int, line.split())) for line in part] for part in parts]
        return cls(
            {names.get(f"i{n}", f"i{n}"): words[0] for n, words in enumerate(numbers[0])},
            {names.get(f"o{n}", f"o{n}"): words[0] for n, words in enumerate(numbers[2])},
            [(words[0], words[1]) for words in numbers[1]],
            [(words[0], words[1], words[2]) for words in numbers[3]],
        )


def outputs(aiger: bytes) -> list[int]:
    """The literals of the outputs of binary AIGER."""
    lines = aiger.split(b"\n")
    latches, count = (int(word) for word in lines[0].split()[3:5])
    return [int(line) for line in lines[1 + latches : 1 + latches + count]]


class Gates(Protocol):
    """What has AND gates, as a Circuit has them."""

    ands: list[tuple[int, int, int]]


@dataclass
class Builder:
    """A circuit in the making; equal gates are one gate, and constants go as far as they can."""

    inputs: int = 0
    latches: list[list[int]] = field(default_factory=list)
    _variables: int = 0
    _gates: dict[tuple[int, int], int] = field(default_factory=dict)
    _kinds: list[tuple[str, int]] = field(default_factory=list)

    def input(self) -> int:
        """A new input."""
        self.inputs += 1
        return self._new("i")

    def latch(self) -> int:
        """A new register; `close` says what follows."""
        literal = self._new("l")
        self.latches.append([literal, FALSE])
        return literal

    def close(self, latch: int, after: int) -> None:
        """Say what follows the value of a register, by its place in `latches`."""
        self.latches[latch][1] = after

    def _new(self, kind: str) -> int:
        self._variables += 1
        self._kinds.append((kind, self._variables))
        return 2 * self._variables

    def both(self, a: int, b: int) -> int:
        """a and b."""
        if a > b:
            a, b = b, a
        if a == FALSE or a == b ^ 1:
            return FALSE
        if a in (TRUE, b):
            return b
        found = self._gates.get((a, b))
        if found is None:
            found = self._gates[a, b] = self._new("a")
        return found

    def either(self, a: int, b: int) -> int:
        """a or b."""
        return self.both(a ^ 1, b ^ 1) ^ 1

    def differ(self, a: int, b: int) -> int:
        """a is not b."""
        return self.both(self.both(a, b) ^ 1, self.both(a ^ 1, b ^ 1) ^ 1)

    def any(self, literals: Sequence[int]) -> int:
        """Whether one of them is true."""
        row = list(literals) or [FALSE]
        while len(row) > 1:
            row = [
                self.either(*row[n : n + 2]) if n + 1 < len(row) else row[n] for n in range(0, len(row), 2)
            ]
        return row[0]

    def every(self, literals: Iterable[int]) -> int:
        """Whether all of them are true."""
        return self.any([literal ^ 1 for literal in literals]) ^ 1

    def total(self, terms: Iterable[tuple[int, int]], constant: int) -> list[int]:
        """constant + sum of weight · literal, as bits from the low one on; no weight is negative."""
        columns: dict[int, list[int]] = {}
        for weight, literal in (*terms, (constant, TRUE)):
            for bit in range(weight.bit_length()):
                if weight >> bit & 1:
                    columns.setdefault(bit, []).append(literal)
        bits = []
        column = 0
        while column <= max(columns, default=-1):
            waiting = columns.get(column, [])
            while len(waiting) > 1:
                a, b = waiting.pop(0), waiting.pop(0)
                c = waiting.pop(0) if waiting else FALSE
                half = self.differ(a, b)
                waiting.append(self.differ(half, c))
                carry = self.either(self.both(a, b), self.both(half, c))
                if carry != FALSE:
                    columns.setdefault(column + 1, []).append(carry)
            bits.append(waiting[0] if waiting else FALSE)
            column += 1
        return bits

    def equal(self, a: Sequence[int], b: Sequence[int]) -> int:
        """Whether two numbers are equal, given as their bits."""
        pairs = zip_longest(a, b, fillvalue=FALSE)
        return self.every(self.differ(x, y) ^ 1 for x, y in pairs)

    def copy(self, circuit: Gates, known: Mapping[int, int]) -> dict[int, int]:
        """The gates of a circuit over known literals of its inputs and registers; returns its literals, even
        ones, as literals here."""
        place = {0: FALSE, **known}
        for result, a, b in circuit.ands:
            place[result] = self.both(place[a & ~1] ^ (a & 1), place[b & ~1] ^ (b & 1))
        return place

    def write(self, *outputs: int, depth: int | None = None) -> bytes:
        """Binary AIGER of what some outputs depend on.

        depth: registers that are further away than so many clocks are inputs, which may be anything. So what
        can't be is proved, of a smaller circuit, and what can be isn't known to.
        """
        needed, cut = self._cone(outputs, depth)
        gates = {result: pair for pair, result in self._gates.items()}
        after = {latch[0]: latch[1] for latch in self.latches if latch[0] not in cut}
        place = {FALSE: FALSE}
        kinds = [("i" if 2 * variable in cut else kind, 2 * variable) for kind, variable in self._kinds]
        for kind in "ila":
            for found, literal in kinds:
                if found == kind and literal in needed:
                    place[literal] = 2 * len(place)

        def name(literal: int) -> int:
            return place[literal & ~1] ^ (literal & 1)

        order = list(place)[1:]
        latches = [literal for literal in order if literal in after]
        ands = [literal for literal in order if literal in gates]
        counts = len(order), len(order) - len(latches) - len(ands), len(latches), len(outputs), len(ands)
        lines = ["aig " + " ".join(map(str, counts))]
        lines += [str(name(after[literal])) for literal in latches]
        lines += [str(name(literal)) for literal in outputs]
        data = bytearray("\n".join(lines).encode() + b"\n")
        for literal in ands:
            low, high = sorted(map(name, gates[literal]))
            for delta in (name(literal) - high, high - low):
                while delta > 0x7F:
                    data.append(delta & 0x7F | 0x80)
                    delta >>= 7
                data.append(delta)
        return bytes(data)

    def _cone(self, outputs: Iterable[int], depth: int | None) -> tuple[set[int], set[int]]:
        """What they depend on, and the registers among that which are further away."""
        gates = {result: pair for pair, result in self._gates.items()}
        after = {latch[0]: latch[1] for latch in self.latches}
        seen: set[int] = set()
        reached = [literal & ~1 for literal in outputs]
        clocks = 0
        while reached:
            waiting, latches = reached, []
            while waiting:
                literal = waiting.pop()
                if literal in seen or literal == FALSE:
                    continue
                seen.add(literal)
                if literal in gates:
                    waiting += [side & ~1 for side in gates[literal]]
                elif literal in after:
                    latches.append(literal)
            if clocks == depth:
                return seen, set(latches)
            clocks += 1
            reached = [after[latch] & ~1 for latch in latches]
        return seen, set()
