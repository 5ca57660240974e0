"""Reading a Liberty file: as much of it as area, function, timing and power need.

The grammar is that of the Liberty user guide: groups `name (arguments) { … }`, simple attributes
`name : value ;` and complex attributes `name (values) ;`. Of delays and energies the tables of the
non-linear delay model (NLDM) are read, in the file's units.
"""

import gzip
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hadacast import checks
from hadacast.errors import HadacastError

_TOKEN = re.compile(
    r"""(?:\s|\\|/\*.*?\*/|//[^\n]*)*          # what separates
        (?: "(?P<text>(?:[^"\\]|\\.)*)"
          | (?P<word>[^\s"(){}:;,\\/]+(?:/[^\s"(){}:;,\\/*]+)*)
          | (?P<mark>[(){}:;,]) )""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$\[\]]*")
_REST = re.compile(r"(?:\s|\\|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_LARGEST = 1 << 30
_OTHERS = ("latch", "latch_bank", "ff_bank", "memory", "statetable")
_EXPRESSIONS = ("next_state", "clocked_on", "clear", "preset")
_SCALES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}


@dataclass
class Group:
    """One group: what it is, its arguments, its attributes (the last of a name counts) and groups."""

    kind: str
    arguments: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list["Group"] = field(default_factory=list)

    def of(self, kind: str) -> Iterator["Group"]:
        """The groups of a kind in it."""
        return (group for group in self.groups if group.kind == kind)


@dataclass(frozen=True, kw_only=True)
class Flop:
    """A cell's register: its state's name and its complement's, and expressions over pins; empty for none."""

    state: str
    inverse: str
    next_state: str
    clocked_on: str
    clear: str = ""
    preset: str = ""


@dataclass(frozen=True)
class Table:
    """Values over one or two variables by name, each with its rising index."""

    names: tuple[str, ...]
    indices: tuple[tuple[float, ...], ...]
    values: tuple[float, ...]

    def at(self, *, load: float, slew: float, related: float = 0.0) -> float:
        """The value at a load, an input's transition time and that of the related pin, between the table's
        points and beyond them linear."""
        result = self.values
        for name, index in zip(reversed(self.names), reversed(self.indices), strict=True):
            point = load if "capacitance" in name else related if name == "related_pin_transition" else slew
            low = min(max(bisect_right(index, point) - 1, 0), len(index) - 2)
            share = (point - index[low]) / (index[low + 1] - index[low]) if len(index) > 1 else 0.0
            next_ = min(low + 1, len(index) - 1)
            size = len(index)
            result = tuple(
                result[row + low] + share * (result[row + next_] - result[row + low])
                for row in range(0, len(result), size)
            )
        return result[0]


@dataclass(frozen=True, kw_only=True)
class Arc:
    """A `timing` group: from a pin, of a type and sense, its tables by name."""

    related: str
    kind: str
    sense: str
    tables: Mapping[str, Table]


@dataclass(frozen=True, kw_only=True)
class Energy:
    """An `internal_power` group: what a transition of a pin takes, by the pin that caused it or empty."""

    related: str
    rise: Table | None
    fall: Table | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One standard cell.

    Members
    -------
    area: in the library's unit, µm² in nearly all. inputs: capacitance of each input pin in farads.
    outputs: Boolean function of each output pin, empty where it has none.
    arcs: to each output pin; checks: on each input pin. energies: of each pin. leakage: in watts.
    flop: its register, or None. other: whether it is what this flow doesn't use: latch, tristate, macro.
    dont_use: whether the library asks tools to leave it alone.
    """

    name: str
    area: float
    inputs: Mapping[str, float]
    outputs: Mapping[str, str]
    arcs: Mapping[str, tuple[Arc, ...]] = field(default_factory=dict)
    checks: Mapping[str, tuple[Arc, ...]] = field(default_factory=dict)
    energies: Mapping[str, tuple[Energy, ...]] = field(default_factory=dict)
    leakage: float = 0.0
    flop: Flop | None = None
    other: bool = False
    dont_use: bool = False

    @property
    def buffer(self) -> bool:
        """Whether it has one input and one output that follows it."""
        return self._single and self._function == next(iter(self.inputs))

    @property
    def inverter(self) -> bool:
        """Whether it has one input and one output that is its complement."""
        pin = next(iter(self.inputs), "")
        return self._single and self._function in (f"!{pin}", f"{pin}'")

    @property
    def _single(self) -> bool:
        return len(self.inputs) == len(self.outputs) == 1 and self.flop is None and not self.other

    @property
    def _function(self) -> str:
        text = re.sub(r"\s", "", next(iter(self.outputs.values())))
        while text.startswith("(") and text.endswith(")"):
            text = text[1:-1]
        return re.sub(r"^!\((\w+)\)$", r"!\1", text)


@dataclass(frozen=True, kw_only=True)
class Library:
    """A Liberty file's name, supply in volts (None if it doesn't say), temperature in °C and cells.

    The units of its tables: of time in seconds, of capacitance in farads, of energy in joules.
    """

    name: str
    time: float
    capacitance: float
    energy: float
    voltage: float | None
    temperature: float | None
    cells: Mapping[str, Cell]

    @property
    def driver(self) -> Cell:
        """What drives the inputs in estimates: the smallest buffer, or inverter where there is none."""
        for wanted in ("buffer", "inverter"):
            found = [c for c in self.cells.values() if getattr(c, wanted) and not c.dont_use]
            if found:
                return min(found, key=lambda cell: (cell.area, cell.name))
        raise HadacastError(f"library {self.name!r} has no buffer and no inverter")


def read(path: Path) -> Library:
    """Read a Liberty file, plain or gzipped.

    Raises:
        HadacastError: it can't be read, isn't Liberty, or holds no flip-flop.
    """
    name = _name(path)
    text = text_of(path)
    return library(parse(text, name), name)


def text_of(path: Path) -> str:
    """A Liberty file's text, unpacked if it is gzipped. Raises HadacastError if it can't be read."""
    name = _name(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise HadacastError(f"{name} has {path.stat().st_size:,} bytes: more than {_LARGEST:,}")
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8", "replace")
    except (OSError, EOFError, ValueError) as error:
        raise HadacastError(f"{name} can't be read: {getattr(error, 'strerror', None) or error}") from None


def _name(path: Path) -> str:
    return f"Liberty file {str(path)!r}"


def parse(text: str, name: str = "Liberty text") -> Group:
    """The outermost group of a Liberty text. Raises HadacastError with the line of what is wrong."""
    tokens = _tokens(text, name)
    root = Group("")
    stack = [root]
    statement: list[str] = []
    depth = 0  # of parentheses
    for kind, token, position in tokens:
        if kind == "mark" and token in "()":
            depth += 1 if token == "(" else -1
            statement.append(token)
            if depth < 0 or (token == "(" and depth > 1):
                raise HadacastError(f"{name}, line {_line(text, position)}: unexpected {token!r}")
        elif kind == "mark" and token == "{":
            if len(statement) < 3 or statement[1] != "(" or statement[-1] != ")":
                raise HadacastError(f"{name}, line {_line(text, position)}: a group needs a name and ()")
            words = tuple(word for word in statement[2:-1] if word != ",")
            group = Group(statement[0], words)
            stack[-1].groups.append(group)
            stack.append(group)
            statement = []
        elif kind == "mark" and token in ";}":
            _attribute(stack[-1], statement)
            statement = []
            if token == "}":
                if len(stack) == 1:
                    raise HadacastError(f"{name}, line {_line(text, position)}: unexpected '}}'")
                stack.pop()
        else:
            # Many files leave out the semicolon at the end of a line: a new attribute starts there.
            if token == ":" and len(statement) >= 4 and statement[1] == ":":
                last = statement.pop()
                _attribute(stack[-1], statement)
                statement = [last]
            elif depth == 0 and statement and statement[-1] == ")" and kind == "word":
                statement = []
            statement.append(token)
    if len(stack) > 1 or depth:
        raise HadacastError(f"{name} ends inside {stack[-1].kind or 'parentheses'!r}: it is cut off")
    if len(root.groups) != 1 or root.groups[0].kind != "library":
        raise HadacastError(f"{name} is no Liberty file: it must be one library (...) {{ ... }}")
    return root.groups[0]


def _tokens(text: str, name: str) -> Iterator[tuple[str, str, int]]:
    position = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        yield kind, match[kind], match.start(kind)
        position = match.end()
    rest = _REST.match(text, position)
    if rest is None or rest.end() < len(text):
        line = _line(text, rest.end() if rest else position)
        raise HadacastError(f"{name}, line {line}: no Liberty")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _attribute(group: Group, statement: list[str]) -> None:
    if len(statement) >= 3 and statement[1] == ":":
        group.attributes[statement[0]] = " ".join(statement[2:])
    elif len(statement) >= 3 and statement[1] == "(":
        group.attributes[statement[0]] = " ".join(word for word in statement[2:-1] if word != ",")


def library(group: Group, name: str) -> Library:
    """What `Library` holds, from the outermost group. Raises HadacastError without a flip-flop."""
    unit = _capacitance_unit(group.attributes.get("capacitive_load_unit", "1 pf"), name)
    leak = _unit(group.attributes.get("leakage_power_unit", "1nW"), "W")
    templates = _templates(group)
    default = _number(group.attributes.get("default_cell_leakage_power")) or 0.0
    cells = {}
    for entry in group.of("cell"):
        if entry.arguments:
            if not _NAME.fullmatch(entry.arguments[0]):  # it gets into scripts of Yosys and ABC
                shown = checks.quote(entry.arguments[0])
                raise HadacastError(f"{name}: cell {shown}: a name must be letters, digits, _ . $ and []")
            cells[entry.arguments[0]] = _cell(entry, name, unit, leak, default, templates)
    if not any(cell.flop and not cell.other for cell in cells.values()):
        raise HadacastError(f"{name} has no flip-flop among its {len(cells)} cells")
    conditions = {
        entry.arguments[0]: entry for entry in group.of("operating_conditions") if entry.arguments
    }.get(group.attributes.get("default_operating_conditions", ""))
    named = conditions.attributes if conditions else {}
    return Library(
        name=group.arguments[0] if group.arguments else "",
        time=_unit(group.attributes.get("time_unit", "1ns"), "s"),
        capacitance=unit,
        energy=unit * _unit(group.attributes.get("voltage_unit", "1V"), "V") ** 2,
        voltage=_number(named.get("voltage", group.attributes.get("nom_voltage"))),
        temperature=_number(named.get("temperature", group.attributes.get("nom_temperature"))),
        cells=cells,
    )


def _cell(
    group: Group, name: str, unit: float, leak: float, default: float, templates: Mapping[str, "Group"]
) -> Cell:
    inputs: dict[str, float] = {}
    outputs: dict[str, str] = {}
    arcs: dict[str, tuple[Arc, ...]] = {}
    checks: dict[str, tuple[Arc, ...]] = {}
    energies: dict[str, tuple[Energy, ...]] = {}
    other = any(entry.kind in _OTHERS for entry in group.groups)
    for pin in group.of("pin"):
        for label in pin.arguments:
            direction = pin.attributes.get("direction")
            timing = tuple(arc for entry in pin.of("timing") for arc in _arcs(entry, templates))
            (arcs if direction == "output" else checks)[label] = timing
            energies[label] = tuple(
                e for entry in pin.of("internal_power") for e in _energies(entry, templates)
            )
            if direction == "input":
                inputs[label] = (_number(pin.attributes.get("capacitance")) or 0.0) * unit
            elif direction == "output":
                outputs[label] = pin.attributes.get("function", "")
                other |= "three_state" in pin.attributes
            elif direction == "inout":
                other = True
    other |= any(True for _ in group.of("bus")) or any(True for _ in group.of("bundle"))
    flop = None
    for register in group.of("ff"):
        state, inverse = (*register.arguments, "", "")[:2]
        words = {
            key: register.attributes.get(key, "") for key in ("next_state", "clocked_on", "clear", "preset")
        }
        flop = Flop(state=state, inverse=inverse, **words)
    area = _number(group.attributes.get("area"))
    if area is None:
        raise HadacastError(f"{name}: cell {group.arguments[0]!r} has no area")
    return Cell(
        name=group.arguments[0],
        area=area,
        inputs=inputs,
        outputs=outputs,
        arcs=arcs,
        checks=checks,
        energies=energies,
        leakage=leak * _leakage(group, default),
        flop=flop,
        other=other,
        dont_use=group.attributes.get("dont_use", "") == "true",
    )


def _templates(group: Group) -> dict[str, Group]:
    kinds = ("lu_table_template", "power_lut_template")
    return {entry.arguments[0]: entry for entry in group.groups if entry.kind in kinds and entry.arguments}


def _arcs(group: Group, templates: Mapping[str, Group]) -> Iterator[Arc]:
    tables = {}
    for entry in group.groups:
        if table := _table(entry, templates):
            tables[entry.kind] = table
    for related in group.attributes.get("related_pin", "").split():
        kind = group.attributes.get("timing_type", "combinational")
        yield Arc(
            related=related, kind=kind, sense=group.attributes.get("timing_sense", "non_unate"), tables=tables
        )


def _energies(group: Group, templates: Mapping[str, Group]) -> Iterator[Energy]:
    tables = {entry.kind: _table(entry, templates) for entry in group.groups}
    both = tables.get("power")
    for related in group.attributes.get("related_pin", "").split() or [""]:
        yield Energy(
            related=related, rise=tables.get("rise_power", both), fall=tables.get("fall_power", both)
        )


def _table(group: Group, templates: Mapping[str, Group]) -> Table | None:
    """A group's table, with what it leaves to its template; None for what is none."""
    values = _numbers(group.attributes.get("values", ""))
    if not values:
        return None
    template = templates.get(group.arguments[0] if group.arguments else "", Group(""))
    names, indices = [], []
    for k in (1, 2, 3):
        index = group.attributes.get(f"index_{k}", template.attributes.get(f"index_{k}"))
        variable = template.attributes.get(f"variable_{k}")
        if index is not None and variable is not None:
            names.append(variable)
            indices.append(_numbers(index))
    size = 1
    for entry in indices:
        size *= len(entry)
    if size != len(values):
        return None
    return Table(tuple(names), tuple(indices), values)


def _numbers(text: str) -> tuple[float, ...]:
    found = [_number(word) for word in text.replace(",", " ").split()]
    return tuple(value for value in found if value is not None)


def _leakage(group: Group, default: float) -> float:
    own = _number(group.attributes.get("cell_leakage_power"))
    if own is not None:
        return own
    states = [_number(entry.attributes.get("value")) for entry in group.of("leakage_power")]
    known = [value for value in states if value is not None]
    return sum(known) / len(known) if known else default


def _unit(text: str, unit: str) -> float:
    """What a unit such as "1ns" or "10uW" is in its base unit; 1 for none that is known."""
    match = re.fullmatch(rf"([\d.]+)\s*([fpnum]?){unit}", text.strip(), re.IGNORECASE)
    return float(match[1]) * _SCALES[match[2].lower()] if match else 1.0


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _capacitance_unit(text: str, name: str) -> float:
    words = text.split()
    scale = {"ff": 1e-15, "pf": 1e-12, "nf": 1e-9}.get(words[-1].lower() if words else "")
    factor = _number(words[0]) if len(words) == 2 else None
    if scale is None or factor is None:
        raise HadacastError(f"{name}: capacitive_load_unit is {text!r}: it must be a number and ff or pf")
    return scale * factor
