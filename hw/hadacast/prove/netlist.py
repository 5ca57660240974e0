"""Claims as an and-inverter graph: by Yosys, for abc, and read back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from hadacast.errors import HadacastError
from hadacast.prove.cells import CELLS
from hadacast.prove.claims import ASSUMED, HINT, NEVER, TOP, Claims
from hadacast.tools import yosys

# What is undefined may have any value in any cycle.
_SCRIPT = """\
read_rtlil claims.il
{files}
hierarchy -top {top}
proc -norom
flatten
opt -fast
memory_collect
memory_nordff
memory_map
opt -fast
dffunmap
setundef -undriven -anyseq
setundef -anyseq
techmap
simplemap
opt -fast -nodffe -nosdff
dffunmap
simplemap
aigmap
opt_clean
write_aiger -zinit -ascii -symbols -map claims.map claims.aag
write_aiger -zinit claims.aig
"""


@dataclass
class Netlist:
    """An and-inverter graph with registers that are all 0 at first (AIGER 1.9: Biere, Heljanko, Wieringa).

    A literal is twice a variable, plus 1 if inverted; variable 0 is false.

    Members
    -------
    folder: where its files are. file: the one of them that abc reads.
    inputs, latches, outputs: names of bits in their order. following: of each latch, its literal.
    """

    folder: Path
    inputs: list[str]
    latches: list[str]
    outputs: list[str]
    literals: list[int]
    following: list[int]
    ands: list[tuple[int, int, int]]
    inverted: set[int] = field(default_factory=set)
    file: str = "claims.aig"

    @cached_property
    def properties(self) -> dict[str, int]:
        """Number of the output of each property."""
        return {
            name.removeprefix(NEVER): number
            for number, name in enumerate(self.outputs)
            if name.startswith(NEVER)
        }

    @cached_property
    def hints(self) -> dict[str, int]:
        """Number of the output of each hint."""
        return {name: number for number, name in enumerate(self.outputs) if name.startswith(HINT)}

    @property
    def assumed(self) -> int:
        """The literal of whether all assumptions hold."""
        return self.literals[self.outputs.index(f"{ASSUMED}[0]")]

    def register(self, number: int) -> int:
        """The literal of a register's value; the latch may hold its inverse."""
        return 2 * (1 + len(self.inputs) + number) ^ (number in self.inverted)

    def cone(self, outputs: Iterable[int]) -> list[int]:
        """The registers on which outputs depend, in any number of clocks."""
        reached = self.needed(self.literals[n] for n in outputs)
        first = 1 + len(self.inputs)
        return [n for n in range(len(self.latches)) if first + n in reached]

    def needed(self, literals: Iterable[int]) -> set[int]:
        """The variables on which literals depend, in any number of clocks, and their own."""
        return self._reached([literal >> 1 for literal in literals], True)

    def behind(self, name: str) -> set[int]:
        """The registers that depend on inputs whose names begin like this, in any number of clocks."""
        first = 1 + len(self.inputs)
        reached = {1 + n for n, found in enumerate(self.inputs) if found.startswith(name)}
        count = -1
        while count != len(reached):
            count = len(reached)
            reached |= {first + n for n, x in enumerate(self.following) if x >> 1 in reached}
            reached |= {out for out, (a, b) in self._gates.items() if a in reached or b in reached}
        return {n for n in range(len(self.latches)) if first + n in reached}

    @cached_property
    def _gates(self) -> dict[int, tuple[int, int]]:
        return {out >> 1: (a >> 1, b >> 1) for out, a, b in self.ands}

    def sources(self, output: str, ever: bool = False) -> set[str]:
        """The inputs from which a path without a register leads to a bit of an output; with `ever`, a path
        with any number of them."""
        waiting = [
            self.literals[n] >> 1 for n, name in enumerate(self.outputs) if name.startswith(f"{output}[")
        ]
        assert waiting, f"no output is called {output}"
        reached = self._reached(waiting, ever)
        return {self.inputs[variable - 1] for variable in reached if 0 < variable <= len(self.inputs)}

    def _reached(self, waiting: list[int], ever: bool) -> set[int]:
        """Variables on which these depend; with `ever`, through registers too."""
        reached: set[int] = set()
        inputs, latches = len(self.inputs), len(self.latches)
        while waiting:
            variable = waiting.pop()
            if variable in reached:
                continue
            reached.add(variable)
            waiting += self._gates.get(variable, ())
            if ever and inputs < variable <= inputs + latches:
                waiting.append(self.following[variable - inputs - 1] >> 1)
        return reached


def build(claims: Claims, folder: Path, timeout: float | None = None) -> Netlist:
    """The netlist of claims, and its files in a folder. Raises HadacastError where Yosys fails."""
    (folder / "claims.il").write_text(collided(claims.rtlil()))
    for name, text in claims.target.files.items():
        (folder / name).write_text(text)
    models = [CELLS[claims.family]] if claims.target.files else []
    files = "\n".join([*models, *(f"read_verilog {name}" for name in claims.target.files)])
    yosys.run(_SCRIPT.format(top=TOP, files=files), cwd=folder, timeout=timeout, log=folder / "yosys.log")
    return read(folder, claims.outputs)


def collided(text: str) -> str:
    """Yosys's text with reads that are undefined where memories are declared so: of a word that is written in
    the same cycle, by a port with a register. Synthesis may give anything for it (`no_rw_check`)."""
    modules = re.split(r"(?m)^(?=module )", text)
    for number, module in enumerate(modules):
        if "no_rw_check" in module:
            cells = re.split(r"(?m)^(?=  cell )", module)
            modules[number] = "".join(_collides(cell) for cell in cells)
    return "".join(modules)


def _collides(cell: str) -> str:
    if not re.search(r"\\CLK_ENABLE 1\n", cell) or "TRANSPARENCY_MASK" not in cell:
        return cell
    assert re.search(r"\\TRANSPARENCY_MASK \d+'0+\n", cell)
    return re.sub(r"(COLLISION_X_MASK \d+')(0+)", lambda found: found[1] + "1" * len(found[2]), cell)


def read(folder: Path, names: list[str]) -> Netlist:
    """The netlist in a folder, and the names of its outputs in order: Yosys names none that is constant."""
    lines = (folder / "claims.aag").read_text().splitlines()
    kind, *counts = lines[0].split()
    if kind != "aag":
        raise HadacastError(f"Yosys wrote {kind!r}: it must be an ASCII AIGER file")
    _, inputs, latches, outputs, ands = map(int, counts[:5])
    body = [[int(word) for word in line.split()] for line in lines[1 : 1 + inputs + latches + outputs + ands]]
    rest = body[inputs:]
    known = _names(folder / "claims.map")
    assert len(names) == outputs
    assert all(known.get(("output", n), name) == name for n, name in enumerate(names))
    # Inputs and latches have variables in order: 1 to I, then I + 1 to I + L.
    assert [row[0] for row in body[: inputs + latches]] == [2 * n for n in range(1, inputs + latches + 1)]
    found = Netlist(
        folder,
        [known.get(("input", n), f"input_{n}") for n in range(inputs)],
        [known.get(("latch", n), f"latch_{n}") for n in range(latches)],
        names,
        [row[0] for row in rest[latches : latches + outputs]],
        [row[1] for row in rest[:latches]],
        [(row[0], row[1], row[2]) for row in rest[latches + outputs :]],
        {n for n in range(latches) if ("invlatch", n) in known},
    )
    return found


def _names(path: Path) -> dict[tuple[str, int], str]:
    names: dict[tuple[str, int], str] = {}
    for line in path.read_text().splitlines():
        kind, *rest = line.split(maxsplit=3)
        if len(rest) < 3:
            continue  # the input or latch by which registers may begin with anything
        number, bit, name = rest
        if kind == "invlatch":
            names["invlatch", int(number)] = ""
            kind = "latch"
        names.setdefault((kind, int(number)), name if name.startswith(NEVER) else f"{name}[{bit}]")
    return names
