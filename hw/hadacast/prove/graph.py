"""And-inverter graphs, built gate by gate."""

from collections.abc import Sequence
from pathlib import Path

from hadacast.prove.netlist import Netlist

FALSE, TRUE = 0, 1


class Graph:
    """A graph with `inputs` inputs and `latches` registers; literals as in a Netlist."""

    def __init__(self, inputs: int, latches: int):
        self.inputs, self.latches = inputs, latches
        self.ands: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}

    def both(self, a: int, b: int) -> int:
        """a AND b."""
        a, b = max(a, b), min(a, b)
        if b == FALSE or a == b ^ 1:
            return FALSE
        if b == TRUE or a == b:
            return a
        if (a, b) not in self._known:
            self.ands.append((a, b))
            self._known[a, b] = 2 * (self.inputs + self.latches + len(self.ands))
        return self._known[a, b]

    def either(self, a: int, b: int) -> int:
        return self.both(a ^ 1, b ^ 1) ^ 1

    def differ(self, a: int, b: int) -> int:
        return self.either(self.both(a, b ^ 1), self.both(a ^ 1, b))

    def every(self, literals: Sequence[int]) -> int:
        found = TRUE
        for literal in literals:
            found = self.both(found, literal)
        return found

    def total(self, terms: Sequence[tuple[int, int]], constant: int) -> list[int]:
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
        """Whether two numbers are equal."""
        width = max(len(a), len(b))
        wide = [[*number, *[FALSE] * (width - len(number))] for number in (a, b)]
        return self.every([self.differ(x, y) ^ 1 for x, y in zip(*wide, strict=True)])

    def copy(self, netlist: Netlist, inputs: Sequence[int], latches: Sequence[int]) -> list[int]:
        """A netlist's gates, on these inputs and registers: the literal here of each even literal there."""
        here = [FALSE, *inputs, *latches]
        for out, a, b in netlist.ands:
            assert out >> 1 == len(here)
            here.append(self.both(here[a >> 1] ^ a & 1, here[b >> 1] ^ b & 1))
        return here

    def write(self, path: Path, following: Sequence[int], outputs: Sequence[int]) -> None:
        """As a binary AIGER file; all registers are 0 at first."""
        count = self.inputs + self.latches + len(self.ands)
        head = f"aig {count} {self.inputs} {self.latches} {len(outputs)} {len(self.ands)}"
        lines = [head, *map(str, following), *map(str, outputs), ""]
        body = bytearray("\n".join(lines).encode())
        for number, (a, b) in enumerate(self.ands):
            out = 2 * (self.inputs + self.latches + number + 1)
            for delta in (out - a, a - b):
                while delta >= 128:
                    body.append(delta & 127 | 128)
                    delta >>= 7
                body.append(delta)
        path.write_bytes(bytes(body))
