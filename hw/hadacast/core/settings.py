"""The ports by which settings come to a stage."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import data
from amaranth.lib.wiring import In

from hadacast.settings import Register, Setting, Table


def shape_of(setting: Setting) -> Shape:
    """A register's value, or a table's row."""
    return Shape(setting.width, setting.signed)


def row_write(depth: int, shape: Shape) -> data.StructLayout:
    """A table's write port: `enable` for a cycle, the row's number and the row."""
    return data.StructLayout({"enable": 1, "row": range(max(depth, 2)), "data": shape})


def port_shape(setting: Setting) -> Any:
    """A register comes as its value, a table by its write port."""
    return row_write(setting.depth, shape_of(setting)) if isinstance(setting, Table) else shape_of(setting)


def members(settings: Sequence[Setting]) -> dict[str, Any]:
    """A stage's ports for its settings, `set_NAME` of each. They change while no frame is in the core; a
    register's value is what it is after reset, where nothing is connected."""
    return {
        f"set_{setting.name}": In(
            port_shape(setting), init=setting.init if isinstance(setting, Register) else None
        )
        for setting in settings
    }
