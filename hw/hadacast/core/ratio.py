"""Multiplication by constant ratios without a divider."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast import ratio as spec_module
from hadacast.core.multiplier import ConstantMultiplier, Multiplier
from hadacast.core.shift import shifted


class Ratio(Component):
    """floor(|x|·r·2^F) and whether that is inexact, as a Pipe: hadacast.ratio.Ratio says how and why.

    Members
    -------
    enable: nothing changes while it is low.
    i: |x|, from a register. multiplier: M, with it, where there are several; a table's row.
    quotient: the floor. sticky: whether anything was cut off.
    """

    def __init__(self, spec: spec_module.Ratio):
        self.spec = spec
        self.latency = spec.latency
        ports = {"enable": In(1), "i": In(spec.bits), "quotient": Out(spec.width), "sticky": Out(1)}
        if not spec.constant:
            ports["multiplier"] = In(spec.multiplier_bits)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        product: Value
        if spec.constant:
            constant = m.submodules.product = ConstantMultiplier(spec)
            m.d.comb += [constant.enable.eq(self.enable), constant.i.eq(self.i)]
            product = constant.o
        else:
            general = m.submodules.product = Multiplier(spec.bits, spec.multiplier_bits)
            m.d.comb += [
                general.enable.eq(self.enable),
                general.a.eq(self.i),
                general.b.eq(self.multiplier),
            ]
            product = general.o
        first, stop = spec.sticky
        quotient = product[spec.cut :] if spec.cut >= 0 else Cat(Const(0, -spec.cut), product)
        dropped = product[first:stop].any()
        if spec.late_sticky:
            quotient = shifted(m, self.enable, quotient, 1, "late_quotient")
            late = Signal(name="late_sticky", reset_less=True)
            with m.If(self.enable):
                m.d.sync += late.eq(dropped)
            dropped = late
        m.d.comb += [self.quotient.eq(quotient), self.sticky.eq(dropped)]
        return m
