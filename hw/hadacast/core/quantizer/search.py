"""How many of a row of constants a number reaches."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.table import lookup
from hadacast.core.quantizer.unit import delayed


class Search(Component):
    """Binary search among constants, a pipe: a comparison and a register for each bit of the result.

    Parameters
    ----------
    width: bits of the key. thresholds: constants from 1 up, in order; a key of `width` bits need not reach
        the last ones.

    Members
    -------
    enable: registers move on. key: a number. o: how many thresholds are no larger.
    """

    def __init__(self, width: int, thresholds: Sequence[int]):
        self.width, self.thresholds = width, thresholds
        self.latency = len(thresholds).bit_length()
        super().__init__({"enable": In(1), "key": In(width), "o": Out(self.latency)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        key: Value = self.key
        # The key reaches a threshold if it is above the number before it; none is above all ones.
        top = (1 << self.width) - 1
        limits = [min(threshold - 1, top) for threshold in self.thresholds]
        limits += [top] * ((1 << self.latency) - 1 - len(limits))
        found: list[Value] = []  # bits of the result, the lowest first
        # A level's limit is looked up while the level before is compared, for either result of that.
        choice: list[Value] = []
        for level in reversed(range(self.latency)):
            bit = Signal(name=f"bit_{level}", reset_less=True)
            if found:
                # Two comparisons cost no more than a multiplexer of limits, and less time.
                above = Mux(found[0], key > choice[1], key > choice[0])
            else:
                above = key > limits[(1 << level) - 1]
            with m.If(self.enable):
                m.d.sync += bit.eq(above)
            if level:
                step = 1 << (level - 1)
                choice = []
                for value in range(2):
                    # With `found` above, then `value`, and this bit and zeros below.
                    table = [
                        limits[(((prefix << 1) | value) << level) + step - 1]
                        for prefix in range(1 << len(found))
                    ]
                    limit_of = lookup(Cat(*found), table, self.width)
                    if not isinstance(limit_of, Const):
                        limit_of = delayed(m, self.enable, limit_of, 1, f"limit_{level - 1}_{value}")
                    choice.append(limit_of)
            found = [bit, *(delayed(m, self.enable, b, 1, f"found_{level}_{i}") for i, b in enumerate(found))]
            key = delayed(m, self.enable, key, 1, f"key_{level}")
        m.d.comb += self.o.eq(Cat(*found))
        return m
