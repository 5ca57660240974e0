"""A number times a constant."""

from typing import Any

from amaranth.hdl import Cat, Module, Shape, Signal, Value, signed, unsigned
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import delayed
from hadacast.ratio import signed_digits
from hadacast.scale.division import multiple_latency


def product_shape(shape: Shape, constant: int) -> Shape:
    """The shape of `constant` times a number of `shape`."""
    if shape.signed:
        return signed(((1 << (shape.width - 1)) * constant - 1).bit_length() + 1)
    return unsigned((((1 << shape.width) - 1) * constant).bit_length())


class Multiple(Component):
    """constant · i, in a tree of adders with a register behind each level.

    Parameters
    ----------
    shape: of i. constant: 1 or more.

    Members
    -------
    enable: all registers wait while it is low.
    i: a number. o: its product, `latency` enabled cycles later.
    """

    def __init__(self, shape: Shape, constant: int):
        self.constant = constant
        self.latency = multiple_latency(constant)
        super().__init__({"enable": In(1), "i": In(shape), "o": Out(product_shape(shape, constant))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # (place, sign, factor, number · factor): as many as there are digits, then half as many.
        terms: list[tuple[int, int, int, Value]] = [
            (place, sign, 1, self.i) for place, sign in signed_digits(self.constant)
        ]
        for level in range(self.latency):
            sums = []
            for index in range(0, len(terms), 2):
                name = f"sum_{level}_{index // 2}"
                if index + 1 == len(terms):
                    place, sign, factor, value = terms[index]
                    sums.append((place, sign, factor, delayed(m, self.enable, value, 1, name)))
                    continue
                (place, low_sign, low_factor, low), (high_place, sign, high_factor, high) = terms[
                    index : index + 2
                ]
                by = high_place - place
                factor = (high_factor << by) + low_sign * sign * low_factor
                total = Signal(product_shape(self.i.shape(), factor), name=name, reset_less=True)
                if low_sign == sign:
                    # What lies below the higher one takes no adder.
                    extended = Signal(Shape(max(len(low), by + 1), low.shape().signed), name=f"low_{name}")
                    m.d.comb += extended.eq(low)
                    value = Cat(extended[:by], (extended >> by) + high)
                else:
                    value = (high << by) - low
                with m.If(self.enable):
                    m.d.sync += total.eq(value)
                sums.append((place, sign, factor, total))
            terms = sums
        (place, _, _, value) = terms[0]
        m.d.comb += self.o.eq(value << place)
        return m
