"""A function in one LUT, where synthesis would share a part of it with another and put two in a row.

What enables hundreds of registers has a long way to go: one LUT before it is a tenth of a cycle, a second one
and the wire to it are a quarter. Mappers see no path there that is longer than a carry chain, and take what
is smallest.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

from amaranth.hdl import Const, Instance, Module, Signal, Value

from hadacast.tech.family import of_platform

# Of each family: the primitive, its table's parameter, its inputs and its output. On iCE40, whose clock
# enables are global wires, it would cost LUTs and gain nothing.
_CELLS = {
    "ecp5": ("LUT4", "INIT", ("A", "B", "C", "D"), "Z"),
}


# How the names of these cells end, by which they are found in netlists.
SUFFIX = "_lut"


def table(function: Callable[..., Any], inputs: int) -> int:
    """The table of a LUT of four inputs, those above `inputs` without effect: bit i is the value at i."""
    rows = product((0, 1), repeat=4)  # the last input is the fastest
    return sum((function(*reversed(row[4 - inputs :])) & 1) << index for index, row in enumerate(rows))


def one_lut(m: Module, platform: Any, function: Callable[..., Any], *inputs: Value, name: str) -> Signal:
    """function(*inputs), of up to four bits, in one LUT where the family names one.

    function: of &, | and ~ alone, which mean the same of numbers' lowest bits and of signals.
    """
    result = Signal(name=name)
    family = of_platform(platform).name
    if family not in _CELLS:
        m.d.comb += result.eq(function(*inputs))
        return result
    primitive, parameter, pins, output = _CELLS[family]
    given = {f"i_{pin}": value for pin, value in zip(pins, inputs, strict=False)}
    ties = {f"i_{pin}": Const(0, 1) for pin in pins[len(inputs) :]}
    init = {f"p_{parameter}": Const(table(function, len(inputs)), 16)}
    m.submodules[f"{name}{SUFFIX}"] = Instance(primitive, **init, **given, **ties, **{f"o_{output}": result})
    return result
