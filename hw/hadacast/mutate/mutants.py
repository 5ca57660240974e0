"""Many mutants in one design, of which an input chooses one.

Half are faults of whole operators (hadacast.mutate.operators), half faults of single bits at the ports of
cells, chosen and planted by Yosys's pass `mutate`: a bit inverted, stuck at 0 or 1, or inverted where another
bit of the same port is 0 or 1 (its modes inv, const0, const1, cnot0, cnot1). Both work on the core after
`proc`, flattened and without dead logic: on adders, comparisons, multiplexers, flip-flops with their enables
and resets, memories. The clock is left alone, and so is what couldn't be a fault, as a constant 0 stuck at 0.
"""

import random
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

from hadacast import checks
from hadacast.mutate import operators
from hadacast.mutate.rtlil import Cell, Flat
from hadacast.tools import yosys

INPUT, WIDTH = "mutant", 16
"""The port that chooses, and its bits; 0 is the core as it is."""

MOST = 10_000

# opt -full stumbles over initial values of registers that it joins, and so does wreduce. `mutate` leaves the
# initial value of a register behind where it plants a fault at its output: with zinit all are 0, which is
# also that of none.
PREPARE = """\
read_rtlil top.il
hierarchy -top top
proc
flatten
opt
wreduce t:* t:$*dff* t:$mem* %u %d
opt
zinit -all
setattr -unset init w:*
opt_clean -purge
write_rtlil flat.il
"""

BITS = {
    "inv": "inverted",
    "const0": "stuck at 0",
    "const1": "stuck at 1",
    "cnot0": "inverted where bit {} is 0",
    "cnot1": "inverted where bit {} is 1",
}
"""Yosys's modes, in words."""

_WORD = re.compile(r"-(\w+) (\S+)")
_PORT = re.compile(r"^  wire .*(?:input|output) (\d+) ", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """One fault.

    number: what the input INPUT is to plant it. mode: inv, const0, const1, cnot0, cnot1 or operator; what:
    the same in words. place: the signal that the cell drives, or the cell's own name. kind: the cell's type.
    port, bit: which bit of the cell; empty and -1 for a whole operator. source: the generator's file and
    line."""

    number: int
    mode: str
    what: str
    place: str
    kind: str
    port: str
    bit: int
    source: str

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)

    def __str__(self) -> str:
        where = f"{self.kind} {self.port}[{self.bit}]" if self.port else self.kind
        return f"{self.place}: {where} {self.what} ({self.source})"


@dataclass(frozen=True)
class Mutated:
    """A core with all its mutants inside: RTLIL whose module is called top."""

    text: str
    mutants: tuple[Mutant, ...]


def mutate(top: Any, count: int, seed: int = 0) -> Mutated:
    """Plant `count` mutants in a core with flat ports, an `AxiTop`; fewer where there are no more.

    Raises HadacastError for a bad count, and with what Yosys says.
    """
    checks.integer("mutants", count, 1, MOST)
    with tempfile.TemporaryDirectory(prefix="hadacast-mutate-") as folder:
        work = Path(folder)
        (work / "top.il").write_text(rtlil.convert(top, name="top"))
        yosys.run(PREPARE, cwd=work)
        flat = Flat.of((work / "flat.il").read_text())
        every = [
            (cell, fault)
            for cell in flat.cells
            if "Y" in cell.ports
            for fault in operators.faults(flat, cell)
        ]
        planted = random.Random(seed).sample(every, min(len(every), count // 2))
        chosen = [(number, cell, fault) for number, (cell, fault) in enumerate(planted, 1)]
        mutants = [_mutant(flat, cell, number, "operator", fault.what) for number, cell, fault in chosen]
        lines = _bit_faults(flat, work, count - len(chosen), seed)
        free = max(map(int, _PORT.findall("\n".join(flat.lines)))) + 1
        port = f"  wire width {WIDTH} input {free} \\{INPUT}"
        (work / "operators.il").write_text(operators.insert(flat, chosen, port, WIDTH))
        script = ["read_rtlil operators.il"]
        for number, (cell, words, line) in enumerate(lines, len(chosen) + 1):
            what = BITS[words["mode"]].format(words.get("ctrlbit", ""))
            script.append(f"{line} -ctrl {INPUT} {WIDTH} {number}")
            mutants.append(
                _mutant(flat, cell, number, words["mode"], what, words["port"], int(words["portbit"]))
            )
        script += ["opt_clean", "write_rtlil mutated.il"]
        yosys.run("\n".join(script), cwd=work)
        return Mutated((work / "mutated.il").read_text(), tuple(mutants))


def _bit_faults(flat: Flat, work: Path, count: int, seed: int) -> list[tuple[Cell, dict[str, str], str]]:
    """The cell, the words and the command of each of Yosys's mutations."""
    # What is left out is at most a clock's share.
    asked = 2 * count + 100
    yosys.run(f"read_rtlil flat.il\nmutate -list {asked} -seed {seed + 1} -o list.txt\n", cwd=work)
    cells = {cell.name.removeprefix("\\"): cell for cell in flat.cells}
    written = {cell.parameters["MEMID"] for cell in flat.cells if cell.kind.startswith("$memwr")}
    found: list[tuple[Cell, dict[str, str], str]] = []
    for line in (work / "list.txt").read_text().splitlines():
        words = dict(_WORD.findall(line))
        cell = cells[words["cell"].removeprefix("\\")]
        bit = flat.bits(cell.ports[words["port"]])[int(words["portbit"])]
        same = bit in ("x", "z") or words["mode"] == f"const{bit}"
        # What a memory holds at first matters in a table only.
        idle = cell.kind.startswith("$meminit") and cell.parameters["MEMID"] in written
        if not (same or idle or "CLK" in words["port"]):
            found.append((cell, words, line.partition(" -wire ")[0].partition(" -src ")[0]))
    return found[:count]


def _mutant(
    flat: Flat, cell: Cell, number: int, mode: str, what: str, port: str = "", bit: int = -1
) -> Mutant:
    source = next((text for text in cell.sources if "hadacast/" in text), "")
    return Mutant(
        number=number,
        mode=mode,
        what=what,
        place=_place(flat, cell),
        kind=cell.kind.removeprefix("$"),
        port=port,
        bit=bit,
        source="hadacast/" + source.rpartition("/hadacast/")[2] if source else "",
    )


def _place(flat: Flat, cell: Cell) -> str:
    """A public signal that the cell drives, or its name in the hierarchy."""
    for port in ("Q", "Y", "DATA"):
        for bit in flat.bits(cell.ports.get(port, "")):
            if bit.startswith("\\"):
                return bit[1:].partition(" ")[0]
    return cell.name.removeprefix("$flatten").replace("\\", "")
