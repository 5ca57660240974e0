"""Reading what is needed of RTLIL, Yosys's text of a design: one flat module, its wires and its cells."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_WIRE = re.compile(r"  wire (?:(.*) )?(\S+)$")
_CONSTANT = re.compile(r"(\d+)'([01xz]*)$")
_PIECE = re.compile(r"(\d+'[01xz]*)|([\\$][^\s]+)(?: \[(\d+)(?::(\d+))?\])?")


@dataclass(frozen=True)
class Cell:
    """A cell of the module.

    kind: such as `$add`. first, last: the lines of its text, from `cell` to `end`.
    sources: where in the generator's text it comes from, as `file:line`.
    """

    name: str
    kind: str
    parameters: Mapping[str, str]
    ports: Mapping[str, str]
    sources: tuple[str, ...]
    first: int
    last: int

    def number(self, parameter: str) -> int:
        """A parameter as an integer, such as a width."""
        return constant(self.parameters[parameter]) or 0


@dataclass
class Flat:
    """One flat module as lines of RTLIL.

    widths: of its wires. end: the line that ends the module.
    """

    lines: list[str]
    cells: list[Cell] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)
    end: int = 0

    @classmethod
    def of(cls, text: str) -> "Flat":
        """Read RTLIL that holds one module without processes."""
        flat = cls(text.splitlines())
        sources: tuple[str, ...] = ()
        numbered = iter(enumerate(flat.lines))
        for index, line in numbered:
            if line.startswith("  attribute \\src "):
                sources = tuple(line.split('"')[1].split("|"))
            elif line.startswith("  cell "):
                flat.cells.append(_cell(index, line, sources, numbered))
                sources = ()
            elif line.startswith("  wire "):
                match = _WIRE.match(line)
                assert match
                options = (match[1] or "").split()
                width = int(options[options.index("width") + 1]) if "width" in options else 1
                flat.widths[match[2]] = width
                sources = ()
            elif line == "end":
                flat.end = index
        return flat

    def bits(self, signal: str) -> list[str]:
        """The bits of a signal, lowest first: `0`, `1`, `x`, `z`, or a wire's name and bit."""
        found: list[str] = []
        # In a concatenation the highest comes first.
        for match in reversed(list(_PIECE.finditer(signal.strip("{} ")))):
            text, wire, high, low = match.groups()
            if text:
                width, _, digits = text.partition("'")
                found += list(reversed(digits.rjust(int(width), "0")))
            else:
                top = self.widths[wire] - 1 if high is None else int(high)
                bottom = (0 if high is None else top) if low is None else int(low)
                found += [f"{wire} {bit}" for bit in range(bottom, top + 1)]
        return found


def _cell(index: int, line: str, sources: tuple[str, ...], numbered: Iterator[tuple[int, str]]) -> Cell:
    _, kind, name = line.split()
    parameters: dict[str, str] = {}
    ports: dict[str, str] = {}
    last = index
    for place, body in numbered:
        last = place
        words = body.split(None, 2)
        if words[0] == "end":
            break
        if words[0] == "connect":
            ports[words[1][1:]] = words[2].strip()
        elif words[0] == "parameter":
            # `parameter signed \NAME value`, and so for real numbers.
            rest = body.split()[1:]
            rest = rest[1:] if rest[0] in ("signed", "real") else rest
            parameters[rest[0][1:]] = " ".join(rest[1:])
    return Cell(name, kind, parameters, ports, sources, index, last)


def constant(signal: str) -> int | None:
    """The value of a constant without unknown bits, and of a plain number; None for all else."""
    if signal.isdecimal():
        return int(signal)
    match = _CONSTANT.match(signal)
    return int(match[2], 2) if match and match[2] and set(match[2]) <= {"0", "1"} else None


def width_of(signal: str) -> int:
    """Bits of a constant such as `4'0110`."""
    return int(signal.partition("'")[0])
