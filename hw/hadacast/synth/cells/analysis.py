"""Timing and power of a mapped netlist from its library's tables, before layout: no wires, an ideal clock.

Timing is graph-based: the latest arrival and the slowest transition at each net, rising and falling, through
the tables of the non-linear delay model. Power is what the Liberty user guide defines: energy a transition of
each pin (`internal_power`), ½·C·V² for a transition of each net, and leakage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hadacast.errors import HadacastError
from hadacast.synth.cells.flat import Flat, Net, in_order
from hadacast.synth.cells.liberty import Arc, Cell, Energy, Library, Table

CLOCK = "aclk"
LOAD_PINS = 4
"""Outputs drive so many inputs of the library's smallest buffer, which also drives the inputs."""

_RISE, _FALL = 0, 1
_TRANSITION = ("rise_transition", "fall_transition")
_DELAY = ("cell_rise", "cell_fall")
_CONSTRAINT = ("rise_constraint", "fall_constraint")
# From which transition of the input one of the output comes.
_SENSES = {
    "positive_unate": ((0, 0), (1, 1)),
    "negative_unate": ((0, 1), (1, 0)),
    "non_unate": ((0, 0), (0, 1), (1, 0), (1, 1)),
}
_NEVER = float("-inf")


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A net's transitions per clock, and the share of clocks in which it is 1."""

    toggles: float
    ones: float


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Delays in ns, setup included: of the slowest path between two registers, with the cells at its ends
    (None without such a path), and of the slowest path of all, those at the ports included."""

    inner_ns: float
    all_ns: float
    start: int | None
    end: int | None


@dataclass(frozen=True, kw_only=True)
class Power:
    """Watts of a cell: what its own transitions take, what charging the nets it drives takes, leakage."""

    internal: float
    switching: float
    leakage: float


@dataclass
class _Edge:
    """The latest transition of one direction at a net.

    arrival, inputs: after the clock's edge, of paths from registers and from inputs. slew: its length.
    start: the cell where the path from a register begins.
    """

    arrival: float = _NEVER
    inputs: float = _NEVER
    slew: float = 0.0
    start: int = -1


class Analysis:
    """Arrivals and slews of a netlist, in the library's units.

    Raises HadacastError for a loop without a register.
    """

    def __init__(self, flat: Flat, library: Library):
        self.flat = flat
        self.library = library
        self.loads = self._loads()
        self.edges = [(_Edge(), _Edge()) for _ in range(flat.nets)]
        self._inputs()
        for index, cell in enumerate(flat.cells):
            kind = library.cells[cell.kind]
            if kind.flop:
                self._register(index, kind)
        for index in in_order(flat, library):
            self._logic(index, library.cells[flat.cells[index].kind])

    def _loads(self) -> list[float]:
        """The capacitance of each net: its pins', and a load at each output of the core."""
        library = self.library
        loads = [0.0] * self.flat.nets
        for cell in self.flat.cells:
            for pin, farads in library.cells[cell.kind].inputs.items():
                net = cell.pins.get(pin)
                if isinstance(net, int):
                    loads[net] += farads / library.capacitance
        beyond = LOAD_PINS * next(iter(library.driver.inputs.values())) / library.capacitance
        for way, bits in self.flat.ports.values():
            for bit in bits:
                if way == "output" and isinstance(bit, int):
                    loads[bit] += beyond
        return loads

    def _inputs(self) -> None:
        """Inputs change with the clock, as fast as the library's smallest buffer drives them."""
        driver = self.library.driver
        arc = next(iter(driver.arcs[next(iter(driver.outputs))]), None)
        for name, (way, bits) in self.flat.ports.items():
            for bit in bits:
                if way == "input" and name != CLOCK and isinstance(bit, int):
                    for edge, table in zip(self.edges[bit], _TRANSITION, strict=True):
                        edge.inputs = 0.0
                        edge.slew = _value(arc, table, load=self.loads[bit], slew=0.0)

    def _register(self, index: int, kind: Cell) -> None:
        for _, net, arc in self._arcs(index, kind):
            if arc.kind not in ("rising_edge", "falling_edge"):
                continue
            for way, edge in enumerate(self.edges[net]):
                if _DELAY[way] in arc.tables:
                    edge.slew = max(edge.slew, _value(arc, _TRANSITION[way], load=self.loads[net], slew=0.0))
                    arrival = _value(arc, _DELAY[way], load=self.loads[net], slew=0.0)
                    if arrival > edge.arrival:
                        edge.arrival, edge.start = arrival, index

    def _logic(self, index: int, kind: Cell) -> None:
        for source, net, arc in self._arcs(index, kind):
            if not isinstance(source, int):
                continue
            load = self.loads[net]
            for before, after in _SENSES.get(arc.sense, _SENSES["non_unate"]):
                came, goes = self.edges[source][before], self.edges[net][after]
                if max(came.arrival, came.inputs) == _NEVER or _DELAY[after] not in arc.tables:
                    continue
                delay = _value(arc, _DELAY[after], load=load, slew=came.slew)
                goes.slew = max(goes.slew, _value(arc, _TRANSITION[after], load=load, slew=came.slew))
                goes.inputs = max(goes.inputs, came.inputs + delay)
                if came.arrival + delay > goes.arrival:
                    goes.arrival, goes.start = came.arrival + delay, came.start

    def _arcs(self, index: int, kind: Cell) -> Iterator[tuple[Net | None, int, Arc]]:
        pins = self.flat.cells[index].pins
        for pin, arcs in kind.arcs.items():
            net = pins.get(pin)
            if isinstance(net, int):
                for arc in arcs:
                    yield pins.get(arc.related), net, arc

    def timing(self) -> Timing:
        """The slowest paths, setup times included."""
        ns = self.library.time * 1e9
        inner = everything = 0.0
        start: int | None = None
        end: int | None = None
        for index, cell in enumerate(self.flat.cells):
            for pin, checks in self.library.cells[cell.kind].checks.items():
                net = cell.pins.get(pin)
                for check in checks if isinstance(net, int) else ():
                    if check.kind not in ("setup_rising", "setup_falling"):
                        continue
                    for edge, table in zip(self.edges[int(net or 0)], _CONSTRAINT, strict=True):
                        setup = _value(check, table, load=0.0, slew=edge.slew)
                        everything = max(everything, setup + max(edge.arrival, edge.inputs))
                        if setup + edge.arrival > inner:
                            inner, start, end = setup + edge.arrival, edge.start, index
        for way, bits in self.flat.ports.values():
            for bit in bits:
                if way == "output" and isinstance(bit, int):
                    everything = max(everything, *(max(e.arrival, e.inputs) for e in self.edges[bit]))
        return Timing(inner_ns=inner * ns, all_ns=max(inner, everything) * ns, start=start, end=end)

    def powers(self, activity: Mapping[int, Activity], clock: float) -> tuple[Power, ...]:
        """The power of each cell at `clock` MHz, in the netlist's order. Nets that `activity` doesn't name
        rest. Raises HadacastError if the library doesn't say its voltage."""
        volts = self.library.voltage
        if volts is None:
            raise HadacastError(f"library {self.library.name!r} doesn't say its voltage: no power")
        rate = clock * 1e6
        clocked = self.flat.ports[CLOCK][1][0]

        def toggles(net: Net | None) -> float:
            if net == clocked:
                return 2.0
            found = activity.get(net) if isinstance(net, int) else None
            return found.toggles if found else 0.0

        result = []
        for cell in self.flat.cells:
            kind = self.library.cells[cell.kind]
            internal = switching = 0.0
            for pin, net in cell.pins.items():
                count = toggles(net)
                if not count or not isinstance(net, int):
                    continue
                if pin in kind.outputs:
                    switching += 0.5 * self.loads[net] * self.library.capacitance * volts**2 * count
                energies = kind.energies.get(pin, ())
                # The pin that toggles most is most often the cause.
                weights = [toggles(cell.pins.get(e.related)) if e.related else count for e in energies]
                if energies and not sum(weights):
                    weights = [1.0] * len(energies)
                for energy, weight in zip(energies, weights, strict=True):
                    if weight:
                        taken = self._energy(energy, cell.pins, net)
                        internal += taken * self.library.energy * count * weight / sum(weights)
            result.append(Power(internal=internal * rate, switching=switching * rate, leakage=kind.leakage))
        return tuple(result)

    def _energy(self, energy: Energy, pins: Mapping[str, Net], net: int) -> float:
        """The mean energy of a transition, half of them rising."""
        cause = pins.get(energy.related, net)
        slews = [edge.slew for edge in self.edges[cause]] if isinstance(cause, int) else [0.0, 0.0]
        slew = sum(slews) / 2
        tables = [table for table in (energy.rise, energy.fall) if table]
        return sum(table.at(load=self.loads[net], slew=slew) for table in tables) / 2


def _value(arc: Arc | None, name: str, *, load: float, slew: float) -> float:
    table: Table | None = arc.tables.get(name) if arc else None
    return table.at(load=load, slew=slew) if table else 0.0
