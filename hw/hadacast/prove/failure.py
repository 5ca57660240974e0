"""A failed property's shortest run: replayed in the netlist, and as waves."""

from dataclasses import dataclass
from pathlib import Path

from hadacast.prove import engines
from hadacast.prove.netlist import Netlist


@dataclass
class Failure:
    """Values of named bits in each cycle of a run; in the last of them the property fails."""

    name: str
    values: list[dict[str, int]]

    def words(self) -> dict[str, list[int]]:
        """The same of whole signals."""
        bits: dict[str, dict[int, str]] = {}
        for bit in self.values[0]:
            signal, _, number = bit.removesuffix("]").rpartition("[")
            bits.setdefault(signal or bit, {})[int(number) if signal else 0] = bit
        return {
            signal: [sum(cycle[bit] << number for number, bit in found.items()) for cycle in self.values]
            for signal, found in bits.items()
        }

    def line(self) -> str:
        """One line about it."""
        return f"{self.name} fails in cycle {len(self.values)} after reset"

    def vcd(self) -> str:
        """Its waves, a cycle in 10 ns (IEEE 1364 value change dump)."""
        words = self.words()
        widths = {name: 1 + max(_bits(self.values[0], name)) for name in words}
        lines = ["$timescale 1ns $end", "$scope module claims $end"]
        for number, (name, width) in enumerate(widths.items()):
            lines.append(f"$var wire {width} s{number} {name.replace(' ', '_')} $end")
        lines += ["$upscope $end", "$enddefinitions $end"]
        for cycle in range(len(self.values)):
            lines.append(f"#{10 * cycle}")
            lines += [f"b{word[cycle]:b} s{number}" for number, word in enumerate(words.values())]
        return "\n".join([*lines, f"#{10 * len(self.values)}", ""])


def _bits(cycle: dict[str, int], signal: str) -> list[int]:
    found = [name for name in cycle if name.rpartition("[")[0] == signal]
    return [int(name.removesuffix("]").rpartition("[")[2]) for name in found] or [0]


def replay(netlist: Netlist, first: str, inputs: list[str]) -> list[dict[str, int]]:
    """Run the netlist: values of all inputs, registers and outputs in each cycle."""
    count = len(netlist.inputs)
    state = [int(bit == "1") for bit in first]
    run = []
    for row in inputs:
        value = [0, *(int(bit == "1") for bit in row), *state]
        value += [0] * (max((out >> 1 for out, _, _ in netlist.ands), default=0) + 1 - len(value))
        for out, a, b in netlist.ands:
            value[out >> 1] = (value[a >> 1] ^ a & 1) & (value[b >> 1] ^ b & 1)
        cycle = {name: value[1 + n] for n, name in enumerate(netlist.inputs)}
        for n, name in enumerate(netlist.latches):
            cycle[name] = value[1 + count + n] ^ (n in netlist.inverted)
        for literal, name in zip(netlist.literals, netlist.outputs, strict=True):
            cycle[name] = value[literal >> 1] ^ literal & 1
        run.append(cycle)
        state = [value[literal >> 1] ^ literal & 1 for literal in netlist.following]
    return run


def explain(
    netlist: Netlist, name: str, depth: int, seconds: float, waves: Path | None = None
) -> Failure | None:
    """The shortest run in which a property fails, and its waves in a file; None where abc doesn't give it.

    What abc says is believed only after the netlist has done the same: AssertionError if it doesn't.
    """
    found = engines.counterexample(netlist, name, depth, seconds)
    if found is None:
        return None
    values = replay(netlist, *found)
    assert values[-1][netlist.outputs[netlist.properties[name]]], f"the run that abc gave for {name} is none"
    failure = Failure(name, values)
    if waves is not None:
        waves.write_text(failure.vcd(), encoding="utf-8")
    return failure
