"""A mapped netlist without hierarchy: every cell with its stage, every net a number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hadacast.errors import HadacastError
from hadacast.synth.cells.liberty import Library

Net = int | str
"""A net's number, or the constant "0" or "1"."""

TOP = "ports"
"""What is outside of every stage."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One cell: its kind in the library, its nets by pin, its stage, and whether it is delay storage."""

    kind: str
    pins: Mapping[str, Net]
    stage: str
    storage: bool


@dataclass(frozen=True, kw_only=True)
class Flat:
    """Cells in no order, ports as (direction, nets, lowest bit first), and how many nets there are."""

    name: str
    cells: tuple[Placed, ...]
    ports: Mapping[str, tuple[str, tuple[Net, ...]]]
    nets: int

    def verilog(self) -> str:
        """The netlist as structural Verilog: cell k is `c<k>`, net k is `n<k>`."""
        lines = [f"module {self.name} ({', '.join(self.ports)});"]
        for name, (direction, bits) in self.ports.items():
            lines.append(f"  {direction} {f'[{len(bits) - 1}:0] ' if len(bits) > 1 else ''}{name};")
        lines += [f"  wire n{net};" for net in range(self.nets)]
        for name, (direction, bits) in self.ports.items():
            for index, bit in enumerate(bits):
                place = f"{name}[{index}]" if len(bits) > 1 else name
                left, right = (_text(bit), place) if direction == "input" else (place, _text(bit))
                lines.append(f"  assign {left} = {right};")
        for index, cell in enumerate(self.cells):
            pins = ", ".join(f".{pin}({_text(net)})" for pin, net in cell.pins.items())
            lines.append(f"  {cell.kind} c{index} ({pins});")
        return "\n".join([*lines, "endmodule", ""])


def _text(net: Net) -> str:
    return f"1'b{net}" if isinstance(net, str) else f"n{net}"


@dataclass
class _Flattener:
    modules: Mapping[str, Any]
    library: Library
    top: str
    cells: list[Placed] = field(default_factory=list)
    same: list[Net] = field(default_factory=list)
    """What each net was found to be: another net, a constant, or itself."""

    def new(self) -> int:
        self.same.append(len(self.same))
        return len(self.same) - 1

    def root(self, net: Net) -> Net:
        """The net or constant that stands for all that a net is joined with."""
        while isinstance(net, int) and self.same[net] != net:
            net = self.same[net]
        return net

    def join(self, one: Net, other: Net) -> None:
        """Two nets are one."""
        one, other = self.root(one), self.root(other)
        if isinstance(one, int):
            self.same[one] = other
        elif isinstance(other, int):
            self.same[other] = one

    def instance(self, name: str, nets: dict[int, Net], stage: str, storage: bool) -> None:
        """Add the cells of one module, whose ports' nets are in `nets` by the module's own numbers."""

        def net(bit: int | str) -> Net:
            if isinstance(bit, str):
                return "1" if bit == "1" else "0"  # x may be anything
            if bit not in nets:
                nets[bit] = self.new()
            return nets[bit]

        for label, cell in self.modules[name]["cells"].items():
            kind, connections = cell["type"], cell["connections"]
            if kind in self.modules:
                inner: dict[int, Net] = {}
                for port, bits in connections.items():
                    own = self.modules[kind]["ports"][port]["bits"]
                    for theirs, ours in zip(own, bits, strict=True):
                        # A module may hand an input, or a constant, through to an output.
                        if theirs not in inner and isinstance(theirs, int):
                            inner[theirs] = net(ours)
                        else:
                            self.join(inner[theirs] if isinstance(theirs, int) else theirs, net(ours))
                here = label.rpartition(".")[2] if stage == TOP else stage
                self.instance(kind, inner, here, storage or kind.endswith(STORAGE))
                continue
            known = self.library.cells.get(kind)
            if known is None or known.other:
                raise HadacastError(f"{self.top}: {kind} of {self.library.name} is no cell for this flow")
            pins = {pin: net(bits[0]) for pin, bits in connections.items() if bits}
            self.cells.append(Placed(kind=kind, pins=pins, stage=stage, storage=storage))


STORAGE = "hadacast_storage"
"""How the name of a module ends that holds nothing but memories made of flip-flops."""


def flatten(modules: Mapping[str, Any], top: str, library: Library) -> Flat:
    """Flatten what Yosys wrote as JSON, its modules under `top`.

    The stage of a cell is the last part of the name of the instance directly under `top` that it is in.
    Raises HadacastError for a cell the library doesn't have, or one that isn't combinational or a flip-flop.
    """
    work = _Flattener(modules, library, top)
    nets: dict[int, Net] = {}
    ports = {}
    for name, port in modules[top]["ports"].items():
        bits: list[Net] = []
        for bit in port["bits"]:
            if isinstance(bit, int) and bit not in nets:
                nets[bit] = work.new()
            bits.append(nets[bit] if isinstance(bit, int) else ("1" if bit == "1" else "0"))
        ports[name] = (port["direction"], tuple(bits))
    work.instance(top, nets, TOP, False)
    # The nets that are left get numbers without gaps.
    numbers: dict[int, int] = {}

    def final(net: Net) -> Net:
        net = work.root(net)
        return numbers.setdefault(net, len(numbers)) if isinstance(net, int) else net

    cells = tuple(replace(c, pins={pin: final(net) for pin, net in c.pins.items()}) for c in work.cells)
    ends = {name: (way, tuple(final(bit) for bit in bits)) for name, (way, bits) in ports.items()}
    return Flat(name=top, cells=cells, ports=ends, nets=len(numbers))


def drivers(flat: Flat, library: Library) -> Iterator[tuple[int, int, str]]:
    """Net, cell and pin of every output of a cell."""
    for index, cell in enumerate(flat.cells):
        for pin in library.cells[cell.kind].outputs:
            net = cell.pins.get(pin)
            if isinstance(net, int):
                yield net, index, pin


def in_order(flat: Flat, library: Library) -> list[int]:
    """Cells without registers so that each comes after those that drive it.

    Raises HadacastError for a loop without a register.
    """
    logic = [k for k, cell in enumerate(flat.cells) if library.cells[cell.kind].flop is None]
    maker = {net: cell for net, cell, _ in drivers(flat, library)}
    users: dict[int, list[int]] = {}
    waiting = dict.fromkeys(logic, 0)
    for index in logic:
        cell = flat.cells[index]
        nets = [cell.pins[pin] for pin in library.cells[cell.kind].inputs if pin in cell.pins]
        for source in {maker[net] for net in nets if net in maker}:
            if source in waiting:
                waiting[index] += 1
                users.setdefault(source, []).append(index)
    ready = [index for index, count in waiting.items() if not count]
    ordered = []
    while ready:
        index = ready.pop()
        ordered.append(index)
        for user in users.get(index, ()):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    if len(ordered) < len(logic):
        raise HadacastError(
            f"{flat.name}: {len(logic) - len(ordered)} cells are in a loop without a register"
        )
    return ordered
