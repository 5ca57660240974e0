"""A named LUT has the table of its function."""

from itertools import product

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from hadacast.errors import HadacastError
from hadacast.tech.family import FAMILIES, Target
from hadacast.tech.lut import one_lut, table
from hadacast.tools import yosys

FUNCTIONS = {
    "and": (2, lambda a, b: a & b),
    "moves": (3, lambda e, v, o: e & (v | o)),
    "stays": (4, lambda e, v, o, s: e & (v | (o & ~s))),
    "steps": (4, lambda e, v, b, a: e & ((v & b) | (~v & a))),
}


@pytest.mark.parametrize(("inputs", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_table(inputs, function):
    bits = table(function, inputs)
    for row in product((0, 1), repeat=4):
        assert bits >> sum(bit << k for k, bit in enumerate(row)) & 1 == function(*row[:inputs]) & 1


class One(Component):
    def __init__(self, inputs, function):
        self.function = function
        super().__init__({**{f"i{k}": In(1) for k in range(inputs)}, "o": Out(1)})

    def elaborate(self, platform):
        m = Module()
        inputs = [getattr(self, name) for name in self.signature.members if name != "o"]
        m.d.comb += self.o.eq(one_lut(m, platform, self.function, *inputs, name="one"))
        return m


def prove(folder, inputs, function, other):
    for name, family, what in (("gold", "generic", function), ("gate", "ecp5", other)):
        text = rtlil.convert(One(inputs, what), name=name, platform=Target(FAMILIES[family]))
        (folder / f"{name}.il").write_text(text)
    return yosys.run(
        """
        read_verilog +/lattice/common_sim.vh
        read_rtlil gate.il
        hierarchy -top gate
        proc
        flatten
        read_rtlil gold.il
        proc gold
        miter -equiv -flatten -make_outputs gold gate miter
        hierarchy -top miter
        sat -verify -prove trigger 0 miter
        """,
        cwd=folder,
        timeout=60,
    )


@pytest.mark.parametrize(("inputs", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_equal_to_plain(tmp_path, inputs, function):
    assert "no model found: SUCCESS!" in prove(tmp_path, inputs, function, function)


def test_another_function_is_found(tmp_path):
    with pytest.raises(HadacastError, match="proof did fail"):
        prove(tmp_path, 3, lambda e, v, o: e & (v | o), lambda e, v, o: e & (v & o))
