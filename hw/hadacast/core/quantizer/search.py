"""How many of a row of constants a number reaches."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.table import lookup
from hadacast.core.quantizer.unit import delayed
from hadacast.tech.chains import above as exceeds


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
        # A level's limits are looked up while the level before is compared.
        choice: list[Value] = []
        for level in reversed(range(self.latency)):
            # For either result of the level before: that is known when these are in registers.
            limit = choice if found else [Const(limits[(1 << level) - 1], self.width)]
            above = [
                delayed(m, self.enable, exceeds(m, key, value), 1, f"above_{level}_{i}")
                for i, value in enumerate(limit)
            ]
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
            found = [delayed(m, self.enable, b, 1, f"found_{level}_{i}") for i, b in enumerate(found)]
            bit = Signal(name=f"bit_{level}")
            m.d.comb += bit.eq(Mux(found[0], above[1], above[0]) if found else above[0])
            found.insert(0, bit)
            key = delayed(m, self.enable, key, 1, f"key_{level}")
        m.d.comb += self.o.eq(Cat(*found))
        return m
