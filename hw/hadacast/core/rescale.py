"""One fixed-point format as another."""

from typing import Any

from amaranth.hdl import Const, Module, Shape, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast import rescale as spec_module
from hadacast.core.fixed_rounder import FixedRounder
from hadacast.core.ratio import Ratio
from hadacast.core.shift import shifted


class Rescale(Component):
    """A Rescale spec as a Pipe: wires where codes stay as they are.

    Members
    -------
    enable: nothing changes while it is low. i: a code. o: the code it becomes.
    """

    def __init__(self, spec: spec_module.Rescale):
        self.spec = spec
        self.latency = spec.latency
        super().__init__(
            {
                "enable": In(1),
                "i": In(Shape(spec.input.width, spec.input.signed)),
                "o": Out(Shape(spec.output.width, spec.output.signed)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        if spec.free:
            m.d.comb += self.o.eq(self.i)
            return m
        negative = self.i[-1] if spec.input.signed else Const(0, 1)
        magnitude, sign = Signal(spec.largest.bit_length(), reset_less=True), Signal(reset_less=True)
        with m.If(self.enable):
            m.d.sync += [
                magnitude.eq((self.i ^ negative.replicate(len(self.i))) + negative),
                sign.eq(negative),
            ]
        m.submodules.ratio = ratio = Ratio(spec.ratio)
        m.submodules.rounder = rounder = FixedRounder(spec.rounder)
        beyond = shifted(m, self.enable, magnitude[spec.bits :].any(), ratio.latency, "beyond")
        bits = len(rounder.quotient)
        m.d.comb += [
            ratio.enable.eq(self.enable),
            ratio.i.eq(magnitude[: spec.bits]),
            rounder.enable.eq(self.enable),
            rounder.negative.eq(shifted(m, self.enable, sign, ratio.latency, "negative")),
            rounder.quotient.eq(ratio.quotient[:bits]),
            rounder.sticky.eq(ratio.sticky),
            rounder.over.eq(ratio.quotient[bits:].any() | beyond),
            self.o.eq(rounder.o),
        ]
        return m
