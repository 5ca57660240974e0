"""Products: by constants, in adders or tables, and of two variables, in DSP blocks."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast import ratio
from hadacast.core.shift import shifted
from hadacast.tech.dsp import TileMultiplier


def add_tree(m: Module, enable: Value, terms: Sequence[tuple[Value, int]], width: int, name: str) -> Value:
    """The sum of values, each times 1 or -1, in `width` bits: a tree of adders with a register behind each.

    It takes hadacast.ratio.tree(len(terms)) enabled cycles. The sum is 0 or more.
    """
    level = 0
    while len(terms) > 1:
        following = []
        for index in range(0, len(terms) - 1, 2):
            (a, sign_a), (b, sign_b) = terms[index], terms[index + 1]
            if sign_a < 0 < sign_b:
                (a, sign_a), (b, sign_b) = (b, sign_b), (a, sign_a)
            total = Signal(width, name=f"{name}_{level}_{index}", reset_less=True)
            with m.If(enable):
                m.d.sync += total.eq(a + b if sign_a == sign_b else a - b)
            following.append((Value.cast(total), sign_a))
        if len(terms) % 2:
            value, sign = terms[-1]
            following.append((shifted(m, enable, value, 1, f"{name}_{level}_single"), sign))
        terms = following
        level += 1
    value, sign = terms[0]
    assert sign > 0, "the sum would be negative"
    return value


class ConstantMultiplier(Component):
    """|x|·M for the one constant M of a Ratio, as a Pipe.

    A power of two is a shift; few signed digits are a tree of adders; a short x is looked up, four bits at a
    time. Anything else is a Multiplier's.

    Members
    -------
    enable: nothing changes while it is low.
    i: |x|, from a register. o: the product.
    """

    def __init__(self, spec: ratio.Ratio):
        self.spec = spec
        self.latency = spec.product_latency
        super().__init__({"enable": In(1), "i": In(spec.bits), "o": Out(spec.product_bits)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, number = self.spec, self.spec.multipliers[0]
        if spec.plan == "wire":
            m.d.comb += self.o.eq(self.i * number)
        elif spec.plan == "digits":
            terms = [(Cat(Const(0, place), self.i), sign) for place, sign in ratio.signed_digits(number)]
            m.d.comb += self.o.eq(add_tree(m, self.enable, terms, spec.product_bits, "sum"))
        elif spec.plan == "nibbles":
            tables = []
            for start in range(0, spec.bits, ratio.NIBBLE):
                nibble = self.i[start : start + ratio.NIBBLE]
                entries = Array(Const(value * number) for value in range(1 << len(nibble)))
                found = Signal(len(nibble) + number.bit_length(), name=f"table_{start}", reset_less=True)
                with m.If(self.enable):
                    m.d.sync += found.eq(entries[nibble])
                tables.append((Cat(Const(0, start), found), 1))
            m.d.comb += self.o.eq(add_tree(m, self.enable, tables, spec.product_bits, "sum"))
        else:
            product = m.submodules.product = Multiplier(spec.bits, spec.multiplier_bits)
            m.d.comb += [
                product.enable.eq(self.enable),
                product.a.eq(self.i),
                product.b.eq(number),
                self.o.eq(product.o),
            ]
        return m


class Multiplier(Component):
    """a·b, unsigned, as a Pipe of hadacast.ratio.product_latency cycles.

    A factor of up to four bits selects shifted copies of the other one, which are added. Longer ones are
    multiplied in tiles of 18 × 18 bits, each a DSP block with its registers, and the partial products added.

    Parameters
    ----------
    a_bits, b_bits: of the factors.

    Members
    -------
    enable: nothing changes while it is low.
    a, b: the factors, from registers. o: the product.
    """

    def __init__(self, a_bits: int, b_bits: int):
        self.latency = ratio.product_latency(a_bits, b_bits)
        super().__init__({"enable": In(1), "a": In(a_bits), "b": In(b_bits), "o": Out(a_bits + b_bits)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        a, b, width = self.a, self.b, len(self.o)
        if len(a) > len(b):
            a, b = b, a
        if len(a) <= ratio.NIBBLE:
            terms = [(Cat(Const(0, bit), Mux(a[bit], b, 0)), 1) for bit in range(len(a))]
            m.d.comb += self.o.eq(add_tree(m, self.enable, terms, width, "sum"))
            return m
        operands = []
        for index, pairs in enumerate(ratio.tiles(len(a), len(b))):
            parts: list[Value] = []
            end = 0
            for i, j in pairs:
                start = ratio.TILE * (i + j)
                left = a[ratio.TILE * i : ratio.TILE * (i + 1)]
                right = b[ratio.TILE * j : ratio.TILE * (j + 1)]
                tile = m.submodules[f"tile_{i}_{j}"] = TileMultiplier(len(left), len(right))
                m.d.comb += [tile.enable.eq(self.enable), tile.a.eq(left), tile.b.eq(right)]
                parts += [Const(0, start - end), tile.o]
                end = start + len(tile.o)
            operand = Signal(width, name=f"operand_{index}")
            m.d.comb += operand.eq(Cat(*parts))
            operands.append((Value.cast(operand), 1))
        m.d.comb += self.o.eq(add_tree(m, self.enable, operands, width, "sum"))
        return m
