"""Units of the scale "maximum": elements over the largest magnitude of their group."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data

from hadacast.core.quantizer.quotient import Divisor, Quotient, divisor_layout
from hadacast.core.quantizer.stored import Stored
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit, delayed
from hadacast.scale.maximum import Maximum
from hadacast.spec.quantize import Quantize


class MaximumGroup(GroupUnit):
    """The divisor of a group's elements, and its scale."""

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        assert isinstance(spec.scale, Maximum)
        return divisor_layout(spec.scale.division(spec))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, enable = self.spec, self.enable
        scale = spec.scale
        assert isinstance(scale, Maximum)
        division, storing = scale.division(spec), scale.storing(spec)
        # A group of zeros has a divisor of 1, whose quotients are 0 too.
        floor = max(scale.floor, 1)
        amax = Signal(division.common.bit_length(), reset_less=True)
        zero = Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += [
                amax.eq(Mux(self.i.amax < floor, floor, self.i.amax)),
                zero.eq(self.i.amax == 0),
            ]
        divisor = m.submodules.divisor = Divisor(division)
        m.d.comb += [
            divisor.enable.eq(enable),
            divisor.i.eq(amax),
            self.terms.eq(delayed(m, enable, divisor.o, self.latency - 1 - divisor.latency, "divisor")),
        ]
        if storing is None:
            exact = amax if scale.floor else Mux(zero, 0, amax)
            m.d.comb += self.sides.scale.eq(delayed(m, enable, exact, self.latency - 1, "amax"))
            return m
        stored = m.submodules.stored = Stored(storing)
        m.d.comb += [
            stored.enable.eq(enable),
            stored.i.eq(amax),
            stored.one.eq(zero),
            self.sides.scale.eq(delayed(m, enable, stored.o, self.latency - 1 - stored.latency, "scale")),
        ]
        if spec.floating:
            m.d.comb += stored.exponent.eq(delayed(m, enable, self.i.exponent, 1, "exponent"))
        return m


class MaximumElement(ElementUnit):
    """The code of an element: divided, and rounded."""

    GROUP = MaximumGroup

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        assert isinstance(self.spec.scale, Maximum)
        quotient = m.submodules.quotient = Quotient(self.spec, self.spec.scale.division(self.spec))
        m.d.comb += [
            quotient.enable.eq(self.enable),
            quotient.magnitude.eq(self.x.magnitude),
            quotient.negative.eq(self.x.negative),
            quotient.divisor.eq(self.terms),
            self.code.eq(quotient.code),
        ]
        if self.spec.rounding == "stochastic":
            m.d.comb += quotient.random.eq(self.random)
        return m
