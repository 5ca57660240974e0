"""The random numbers of stochastic rounding."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast import random_bits
from hadacast.rounding import RANDOM_BITS


class Xorshift32(Component):
    """The hardware of hadacast.random_bits.Xorshift32: a byte for each lane, new ones after each `taken`.

    Members
    -------
    taken: the bytes were used. random: the bytes, lane 0 first, from registers.
    """

    def __init__(self, spec: random_bits.Xorshift32):
        self.spec = spec
        super().__init__({"taken": In(1), "random": Out(data.ArrayLayout(RANDOM_BITS, spec.lanes))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        states = [Signal(32, init=seed, name=f"state_{i}") for i, seed in enumerate(self.spec.seeds)]
        for state in states:
            left = state ^ (state << 13)[:32]
            right = left ^ (left >> 17)
            with m.If(self.taken):
                m.d.sync += state.eq(right ^ (right << 5)[:32])
        m.d.comb += self.random.eq(Cat(*states))
        return m
