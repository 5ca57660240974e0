"""Whether a mutant is equal to the core: proved for every input, from power-on, for ever.

Equal means that what a stream's other side may look at never differs: the handshakes, the payload of beats
that are offered, and frame_error; nothing in a clock with the reset on. Inputs are free, the reset among
them.

Core and mutant stand side by side, on the same inputs and, at first, on one set of registers: if in every
state that the core can reach the mutant shows the same and goes to the same state, they are equal, by
induction over clocks. Where the fault changes registers that need not be the same, those get copies of the
mutant's own, and then those behind them, up to all that it can reach. Most faults are equal because of what
is close to them: so registers that lie further back may be anything at first, which makes a small circuit,
and come in by and by. ABC looks for the proof: it merges what it proves to have the same value (signal
correspondence: van Eijk, 2000), searches for a difference (bounded model checking), and proves by
property-directed reachability (Bradley, 2011).
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from hadacast.mutate.mutants import INPUT, WIDTH, Mutant, Mutated
from hadacast.prove import abc
from hadacast.prove.aig import FALSE, Builder, Circuit
from hadacast.tools import yosys

EQUAL, DIFFERENT, OPEN = "equal", "different", "open"

DEPTHS: tuple[tuple[int | None, float], ...] = ((2, 0.02), (3, 0.03), (6, 0.05), (12, 0.1), (None, 0.2))
"""How many clocks back registers are what they are, and the share of the time for each proof."""

STEPS = 8
"""How often more registers are set apart, before all."""

HANDSHAKES = ("s_axis_tready", "m_axis_tvalid", "frame_error")
"""Outputs that count in each clock without reset; the others count while m_axis_tvalid is 1."""

PREPARE = """\
read_rtlil core.il
hierarchy -top top
opt
memory_map
opt
techmap
opt
dffunmap
setundef -zero -init
simplemap
aigmap
opt_merge
opt_clean
write_aiger -ascii -symbols -zinit core.aag
"""


@dataclass(frozen=True)
class Proof:
    """EQUAL; DIFFERENT, where inputs were found that show it; or OPEN, where the time didn't suffice. apart:
    registers that the mutant had of its own in the proof."""

    verdict: str
    apart: int


@dataclass(frozen=True)
class Pair:
    """Core and mutant in one circuit. wrong: 1 where the mutant shows another thing or goes to another state.
    apart: registers that it has of its own."""

    circuit: Builder
    wrong: int
    apart: int


class Proofs:
    """A core with mutants as one circuit, from which the proofs of all of them are made."""

    def __init__(self, mutated: Mutated) -> None:
        with tempfile.TemporaryDirectory(prefix="hadacast-equal-") as folder:
            Path(folder, "core.il").write_text(mutated.text)
            yosys.run(PREPARE, cwd=Path(folder), timeout=1200)
            self.circuit = Circuit.read(Path(folder, "core.aag").read_text())

    def prove(self, mutant: Mutant, timeout: float = 30) -> Proof:
        """The verdict on a mutant after about `timeout` seconds or less."""
        end = time.monotonic() + timeout
        pairs = list(self._pairs(mutant))
        for depth, share in DEPTHS:
            for pair in pairs:
                left = end - time.monotonic()
                if left <= 0:
                    return Proof(OPEN, pair.apart)
                found = abc.prove(pair.circuit.write(pair.wrong, depth=depth), min(left, timeout * share))
                if found == abc.PROVED:
                    return Proof(EQUAL, pair.apart)
                if found == abc.REFUTED and depth is None and pair is pairs[-1]:
                    return Proof(DIFFERENT, pair.apart)
        return Proof(OPEN, pairs[-1].apart)

    def _pairs(self, mutant: Mutant) -> Iterator[Pair]:
        """Core and mutant with more and more registers apart, the last with all that differ ever."""
        apart: set[int] = set()
        for _ in range(STEPS):
            pair, touched = self.pair(mutant, apart)
            yield pair
            if touched <= apart:
                return
            apart |= touched
        yield self.pair(mutant, set(range(len(self.circuit.latches))))[0]

    def pair(self, mutant: Mutant, apart: AbstractSet[int]) -> tuple[Pair, set[int]]:
        """The mutant, with registers `apart` of its own and else those of the core, beside the core; and the
        registers that the fault reaches at once."""
        new = Builder()
        inputs = self._inputs(new)
        latches = self.circuit.latches
        states = {literal: new.latch() for literal, _ in latches}
        own = {latches[place][0]: new.latch() for place in sorted(apart)}
        core = new.copy(self.circuit, inputs | states | self._select(0))
        other = new.copy(self.circuit, inputs | states | own | self._select(mutant.number))
        wrong = [self._shown(new, core, other, inputs)]
        touched = set()
        for place, (_, after) in enumerate(latches):
            new.close(place, _value(core, after))
            differs = new.differ(_value(core, after), _value(other, after))
            if differs != FALSE:
                touched.add(place)
            if place not in apart:
                wrong.append(differs)
        for place, latch in enumerate(sorted(apart), len(latches)):
            new.close(place, _value(other, latches[latch][1]))
        return Pair(new, new.any(wrong), len(apart)), touched

    def _inputs(self, new: Builder) -> dict[int, int]:
        chooser = set(self._select(0))
        return {literal: new.input() for literal in self.circuit.inputs.values() if literal not in chooser}

    def _select(self, number: int) -> dict[int, int]:
        """What the bits of the choosing input are; those that nothing looks at aren't there."""
        names = {bit: self.circuit.inputs.get(f"{INPUT}[{bit}]") for bit in range(WIDTH)}
        return {literal: number >> bit & 1 for bit, literal in names.items() if literal is not None}

    def _shown(
        self, new: Builder, a: Mapping[int, int], b: Mapping[int, int], inputs: Mapping[int, int]
    ) -> int:
        """1 where the two show other things to who may look."""
        always: list[int] = []
        offered: list[int] = []
        for name, literal in self.circuit.outputs.items():
            side = always if name in HANDSHAKES else offered
            side.append(new.differ(_value(a, literal), _value(b, literal)))
        valid = _value(a, self.circuit.outputs["m_axis_tvalid"])
        awake = inputs[self.circuit.inputs["aresetn"]]
        return new.both(awake, new.either(new.any(always), new.both(valid, new.any(offered))))


def _value(place: Mapping[int, int], literal: int) -> int:
    return place[literal & ~1] ^ (literal & 1)
