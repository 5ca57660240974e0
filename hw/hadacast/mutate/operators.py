"""Faults of whole operators: a wrong operator, operands swapped, a sign forgotten, a number off by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hadacast.mutate.rtlil import Cell, Flat, constant, width_of

WRONG: Mapping[str, tuple[str, ...]] = {
    "$add": ("$sub",),
    "$sub": ("$add",),
    "$mul": ("$add",),
    "$and": ("$or",),
    "$or": ("$and", "$xor"),
    "$xor": ("$or", "$and"),
    "$xnor": ("$xor",),
    "$eq": ("$ne", "$ge"),
    "$ne": ("$eq",),
    "$lt": ("$le", "$ge"),
    "$le": ("$lt", "$gt"),
    "$gt": ("$ge", "$le"),
    "$ge": ("$gt", "$lt"),
    "$reduce_and": ("$reduce_or",),
    "$reduce_or": ("$reduce_and",),
    "$reduce_bool": ("$reduce_and",),
    "$reduce_xor": ("$reduce_or",),
    "$logic_and": ("$logic_or",),
    "$logic_or": ("$logic_and",),
    "$logic_not": ("$reduce_bool",),
    "$not": ("$pos",),
    "$neg": ("$pos", "$not"),
    "$shl": ("$shr",),
    "$shr": ("$shl",),
    "$sshr": ("$shr",),
}
"""What each operator may be taken for. Cells of the same ports."""

ORDERED = ("$sub", "$lt", "$le", "$gt", "$ge", "$shl", "$shr", "$sshr")
"""Operators whose operands may be swapped. (Of a comparison that is another operator's negation with equality
moved: a fault all the same.)"""

ARITHMETIC = ("$add", "$sub", "$mul", "$neg", "$lt", "$le", "$gt", "$ge", "$eq", "$ne")
"""Operators of numbers: a sign can be forgotten, a constant can be off by one."""


@dataclass(frozen=True)
class Fault:
    """One wrong version of a cell: what is wrong, in words, and the wrong cell; None for the right result and
    one more."""

    what: str
    wrong: Cell | None


def faults(flat: Flat, cell: Cell) -> Iterator[Fault]:
    """All the faults of one cell that change its function."""
    for kind in WRONG.get(cell.kind, ()):
        yield Fault(f"{cell.kind[1:]} taken for {kind[1:]}", replace(cell, kind=kind))
    if cell.kind in ORDERED or (cell.kind == "$mux" and cell.ports["A"] != cell.ports["B"]):
        yield Fault("operands swapped", _swapped(cell))
    if cell.kind in ARITHMETIC and _extends(flat, cell):
        signed = {name: value for name, value in cell.parameters.items() if name.endswith("_SIGNED")}
        other = {name: "0" if constant(value) else "1" for name, value in signed.items()}
        yield Fault("sign of operands", replace(cell, parameters={**cell.parameters, **other}))
    if cell.kind in ("$add", "$sub", "$neg"):
        yield Fault("result one too many", None)
    if cell.kind in (*ARITHMETIC, "$mux", "$shl", "$shr", "$sshr"):
        for port in ("A", "B"):
            value = constant(cell.ports.get(port, ""))
            if value is None or "'" not in cell.ports[port]:
                continue
            width = width_of(cell.ports[port])
            # Of one bit, one more is one less.
            for step in (1,) if width == 1 else (1, -1):
                text = f"{width}'{(value + step) % (1 << width):0{width}b}"
                ports = {**cell.ports, port: text}
                yield Fault(f"constant {value} taken for {value}{step:+}", replace(cell, ports=ports))


def _swapped(cell: Cell) -> Cell:
    exchange = {"A": "B", "B": "A"}
    ports = {exchange.get(name, name): signal for name, signal in cell.ports.items()}
    parameters = {
        exchange[name[0]] + name[1:] if name[:2] in ("A_", "B_") else name: value
        for name, value in cell.parameters.items()
    }
    return replace(cell, ports=ports, parameters=parameters)


def _extends(flat: Flat, cell: Cell) -> bool:
    """Whether the sign of operands makes a difference: one is extended, or compared by size."""
    widths = [len(flat.bits(cell.ports[port])) for port in ("A", "B") if port in cell.ports]
    if cell.kind in ("$lt", "$le", "$gt", "$ge"):
        return True
    if cell.kind in ("$eq", "$ne"):
        return len(set(widths)) > 1
    return min(widths) < cell.number("Y_WIDTH")


def insert(flat: Flat, chosen: list[tuple[int, Cell, Fault]], port: str, width: int) -> str:
    """The module's text with faulty versions beside their cells. The line `port` declares a new input of
    `width` bits; the version whose number it has is the one in use."""
    lines = list(flat.lines)
    select = port.split()[-1]
    added = [port]
    places: dict[str, list[tuple[int, Fault]]] = {}
    cells = {cell.name: cell for _, cell, _ in chosen}
    for number, cell, fault in chosen:
        places.setdefault(cell.name, []).append((number, fault))
    for name, planted in places.items():
        cell = cells[name]
        result = cell.ports["Y"]
        bits = cell.number("Y_WIDTH" if "Y_WIDTH" in cell.parameters else "WIDTH")
        right = f"\\mutant_{planted[0][0]}_right"
        added.append(f"  wire width {bits} {right}")
        for line in range(cell.first, cell.last):
            if lines[line].split()[:2] == ["connect", "\\Y"]:
                lines[line] = f"    connect \\Y {right}"
        for place, (number, fault) in enumerate(planted):
            wrong, on = f"\\mutant_{number}_wrong", f"\\mutant_{number}_on"
            after = result if place == len(planted) - 1 else f"\\mutant_{number}_y"
            if after != result:
                added.append(f"  wire width {bits} {after}")
            added += [f"  wire width {bits} {wrong}", f"  wire {on}"]
            added += _text(fault.wrong or _one_more(right, bits), f"\\mutant_{number}_cell", wrong)
            added += _text(_is(select, number, width), f"\\mutant_{number}_is", on)
            added += _text(_choice(right, wrong, on, bits), f"\\mutant_{number}_choice", after)
            right = after
    # A wire is declared before it is used.
    wires = [line for line in added if line.startswith("  wire ")]
    rest = [line for line in added if not line.startswith("  wire ")]
    start = lines.index("module \\top") + 1
    return "\n".join([*lines[:start], *wires, *lines[start : flat.end], *rest, *lines[flat.end :]]) + "\n"


def _one_more(right: str, bits: int) -> Cell:
    return _binary("$add", right, bits, "1'1", 1, bits)


def _is(select: str, number: int, width: int) -> Cell:
    return _binary("$eq", select, width, f"{width}'{number:0{width}b}", width, 1)


def _choice(right: str, wrong: str, on: str, bits: int) -> Cell:
    return Cell("", "$mux", {"WIDTH": str(bits)}, {"A": right, "B": wrong, "S": on}, (), 0, 0)


def _binary(kind: str, a: str, a_width: int, b: str, b_width: int, y_width: int) -> Cell:
    widths = {"A_WIDTH": a_width, "B_WIDTH": b_width, "Y_WIDTH": y_width}
    parameters = {"A_SIGNED": "0", "B_SIGNED": "0"} | {name: str(value) for name, value in widths.items()}
    return Cell("", kind, parameters, {"A": a, "B": b}, (), 0, 0)


def _text(cell: Cell, name: str, result: str) -> list[str]:
    ports = {**cell.ports, "Y": result}
    return [
        f"  cell {cell.kind} {name}",
        *(f"    parameter \\{parameter} {value}" for parameter, value in cell.parameters.items()),
        *(f"    connect \\{port} {signal}" for port, signal in ports.items()),
        "  end",
    ]
