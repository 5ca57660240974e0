"""The row of cells: a systolic array that multiplies vectors by a matrix."""

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.rotation.cell import Cell, sums_layout, write_layout
from hadacast.core.shift import shifted
from hadacast.spec.rotate_plan import GROUP, RotatePlan


class Array(Component):
    """Vectors in, beat by beat, and plan.array cycles later their products with the matrix, beat by beat.

    Beat b of a vector is kept by cell b, in the very cycle in which the first beat of sums comes to it: a
    cell is always busy, no element is stored twice, and no sum waits. (H. T. Kung, "Why systolic
    architectures?", Computer 15(1), 1982: results move, inputs stay.) The array never stands still; the beats
    of a vector come in a row, and its results leave in a row.

    Members
    -------
    x: a beat of elements. first: whether it is a vector's first. address: its number in the vector. All from
        registers; without a vector they are anything, but for `first`, 0.
    o: a beat of sums, plan.array cycles later.
    write, coefficient: write one coefficient; where they are loadable. It is in use 2 cycles later.
    """

    def __init__(self, plan: RotatePlan):
        self.plan = plan
        ports: dict[str, Any] = {
            "x": In(beat.lanes_layout(plan.element, plan.taps * plan.columns)),
            "first": In(1),
            "address": In(range(plan.steps)),
            "o": Out(sums_layout(plan, plan.steps - 1)),
        }
        if plan.loadable:
            ports |= {"write": In(1), "coefficient": In(write_layout(plan))}
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self.plan
        always = Const(1)

        def later(value: Value, cycles: int, name: str) -> Value:
            return shifted(m, always, value, cycles, name)

        # Addresses go ahead of elements where coefficients take longer to come.
        x: Value = later(Value.cast(self.x), plan.coefficient - 1, "x")
        load: Value = later(self.first, plan.coefficient - 1, "first")
        address: Value = self.address
        sums: Value | None = None
        cells = [Cell(plan, index) for index in range(plan.steps)]
        for index, cell in enumerate(cells):
            m.submodules[f"cell_{index}"] = cell
            if index:
                wait = plan.starts(index) - plan.starts(index - 1)
                load = later(load, wait, f"load_{index}")
                address = later(address, wait, f"address_{index}")
                assert sums is not None
                m.d.comb += Value.cast(cell.i).eq(later(sums, wait - 1, f"sums_{index}"))
                if index % GROUP == 0:
                    x = later(x, 1, f"x_{index}")
            m.d.comb += [Value.cast(cell.x).eq(x), cell.load.eq(load), cell.address.eq(address)]
            sums = Value.cast(cell.o)
        m.d.comb += Value.cast(self.o).eq(sums)
        if plan.loadable:
            self._write(m, cells)
        return m

    def _write(self, m: Module, cells: list[Cell]) -> None:
        """The write port of each cell: row and column in beats, and places in them."""
        plan = self.plan
        write = Signal()
        word, sum_ = _divided(m, self.coefficient.row, plan.order, plan.taps, "row")
        cell, element = _divided(m, self.coefficient.column, plan.order, plan.taps, "column")
        value = Signal.like(self.coefficient.value, name="value", reset_less=True)
        m.d.sync += [write.eq(self.write), value.eq(self.coefficient.value)]
        for index, each in enumerate(cells):
            port = each.coefficients
            m.d.comb += [
                port.enable.eq(write & (cell == index)),
                port.word.eq(word),
                port.sum.eq(sum_),
                port.element.eq(element),
                port.value.eq(value),
            ]


def _divided(m: Module, number: Value, stop: int, by: int, name: str) -> tuple[Value, Value]:
    """Quotient and remainder of a number from 0 to `stop` - 1, from registers."""
    quotient = Signal(range(-(-stop // by)), name=f"{name}_quotient", reset_less=True)
    remainder = Signal(range(by), name=f"{name}_remainder", reset_less=True)
    if by & (by - 1) == 0:
        bits = by.bit_length() - 1
        m.d.sync += [quotient.eq(number >> bits), remainder.eq(number[:bits] if bits else 0)]
    else:
        with m.Switch(number):
            for value in range(stop):
                with m.Case(value):
                    m.d.sync += [quotient.eq(value // by), remainder.eq(value % by)]
    return quotient, remainder
