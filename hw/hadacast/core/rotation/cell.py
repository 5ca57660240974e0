"""One cell of a matrix product: its elements, its coefficients, and what it adds to the sums that pass."""

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value, signed
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.core.queue import RAM_STYLES
from hadacast.core.shift import shifted
from hadacast.spec.rotate_plan import RotatePlan
from hadacast.tech.dsp import TileMultiplier
from hadacast.tech.family import of_platform


def write_layout(plan: RotatePlan) -> data.StructLayout:
    """A coefficient to be written: R[row, column] = value·2^-fraction, in the matrix that multiplies."""
    return data.StructLayout(
        {
            "row": range(plan.order),
            "column": range(plan.order),
            "value": signed(plan.format_.width),
        }
    )


class Coefficients(Component):
    """A cell's coefficients, as a Pipe that never stands still.

    The word at address i holds, for each sum of beat i of the results and each of the cell's elements, one
    coefficient. Constant ones are logic. Loadable ones are memories with a register behind, which hold the
    matrix until it is overwritten.

    Parameters
    ----------
    index: the cell's number.

    Members
    -------
    address: a beat of the results. o: the word, plan.coefficient cycles later; [sum][element].
    enable, word, sum, element, value: write one coefficient. Only where they are loadable.
    """

    def __init__(self, plan: RotatePlan, index: int):
        self.plan, self.index = plan, index
        shape = signed(plan.format_.width)
        word = data.ArrayLayout(data.ArrayLayout(shape, plan.taps), plan.taps)
        ports: dict[str, Any] = {"address": In(range(plan.steps)), "o": Out(word)}
        if plan.loadable:
            ports |= {
                "enable": In(1),
                "word": In(range(plan.steps)),
                "sum": In(range(plan.taps)),
                "element": In(range(plan.taps)),
                "value": In(shape),
            }
        super().__init__(ports)

    def _column(self, index: int, tap: int) -> list[int]:
        """What multiplies one element, for one sum of each beat of the results."""
        plan = self.plan
        column = self.index * plan.taps + tap
        return [plan.matrix[i * plan.taps + index][column] for i in range(plan.steps)]

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self.plan
        for index in range(plan.taps):
            for tap in range(plan.taps):
                rows = self._column(index, tap)
                found = Signal(signed(plan.format_.width), name=f"found_{index}_{tap}", reset_less=True)
                m.d.comb += self.o[index][tap].eq(found)
                if plan.loadable:
                    m.d.sync += found.eq(self._memory(m, platform, index, tap, rows))
                else:
                    with m.Switch(self.address):
                        for address, code in enumerate(rows):
                            with m.Case(address):
                                m.d.sync += found.eq(code)
        return m

    def _memory(self, m: Module, platform: Any, index: int, tap: int, rows: list[int]) -> Value:
        style = RAM_STYLES[of_platform(platform).storage(len(rows))]
        memory = Memory(
            shape=self.value.shape(),
            depth=len(rows),
            init=rows,
            attrs={"ram_style": style, "no_rw_check": 1},
        )
        m.submodules[f"memory_{index}_{tap}"] = memory
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            write.addr.eq(self.word),
            write.data.eq(self.value),
            write.en.eq(self.enable & (self.sum == index) & (self.element == tap)),
            read.addr.eq(self.address),
        ]
        return read.data


class Cell(Component):
    """A cell, as a Pipe that never stands still: hadacast.spec.rotate_plan.RotatePlan says what it is for.

    Members
    -------
    coefficients: the Coefficients, a submodule; its write port is the user's.
    load, x: take this beat of elements.
    address: which beat of results comes by.
    i: its sums so far, plan.cell - 1 cycles later; [sum][column]. Not in cell 0.
    o: its sums behind this cell, plan.cell cycles after the address. `load` counts for an address that comes
        plan.coefficient - 1 cycles before it.
    """

    def __init__(self, plan: RotatePlan, index: int):
        self.plan, self.index = plan, index
        self.coefficients = Coefficients(plan, index)
        ports: dict[str, Any] = {
            "load": In(1),
            "x": In(beat.lanes_layout(plan.element, plan.taps * plan.columns)),
            "address": In(range(plan.steps)),
            "o": Out(sums_layout(plan, index)),
        }
        if index:
            ports["i"] = In(sums_layout(plan, index - 1))
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self.plan
        m.submodules.coefficients = self.coefficients
        m.d.comb += self.coefficients.address.eq(self.address)
        kept = Signal(self.x.shape(), reset_less=True)
        with m.If(self.load):
            m.d.sync += kept.eq(self.x)
        width = plan.width(self.index)
        for column in range(plan.columns):
            for index in range(plan.taps):
                terms: list[Value] = []
                for tap in range(plan.taps):
                    factor = self.coefficients.o[index][tap]
                    x = Value.cast(kept[tap * plan.columns + column])
                    terms += self._products(m, x, factor, f"{column}_{index}_{tap}")
                term = self._sum(m, terms, f"{column}_{index}")
                total = Signal(signed(width), name=f"total_{column}_{index}", reset_less=True)
                m.d.sync += total.eq(self.i[index][column] + term if self.index else term)
                m.d.comb += self.o[index][column].eq(total)
        return m

    def _products(self, m: Module, x: Value, factor: Value, name: str) -> list[Value]:
        """An element times a coefficient: a multiplier for each piece of the element."""
        found: list[Value] = []
        for start, stop in self.plan.parts:
            is_signed = self.plan.element.signed and stop == len(x)
            tile = TileMultiplier(stop - start, len(factor), a_signed=is_signed, b_signed=True)
            m.submodules[f"tile_{name}_{start}"] = tile
            m.d.comb += [tile.enable.eq(1), tile.a.eq(x[start:stop]), tile.b.eq(factor)]
            product = Signal(signed(len(tile.o) + start), name=f"product_{name}_{start}")
            m.d.comb += product.eq(tile.o.as_signed() << start)
            found.append(product)
        return found

    def _sum(self, m: Module, terms: list[Value], name: str) -> Value:
        """A tree of adders, a register behind each."""
        level = 0
        while len(terms) > 1:
            following: list[Value] = []
            for pair in range(0, len(terms) - 1, 2):
                total = Signal(
                    signed(self.plan.product_width), name=f"sum_{name}_{level}_{pair}", reset_less=True
                )
                m.d.sync += total.eq(terms[pair] + terms[pair + 1])
                following.append(total)
            if len(terms) % 2:
                following.append(shifted(m, Const(1), terms[-1], 1, f"sum_{name}_{level}_single"))
            terms, level = following, level + 1
        return terms[0]


def sums_layout(plan: RotatePlan, cell: int) -> data.ArrayLayout:
    """A beat of sums behind a cell; [sum][column]."""
    return data.ArrayLayout(data.ArrayLayout(signed(plan.width(cell)), plan.columns), plan.taps)
