"""An element's sign and magnitude."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import element_layout, raw_shape
from hadacast.spec.quantize import Quantize
from hadacast.tech.chains import Magnitude


class Separate(Component):
    """Sign and magnitude of an element, the magnitude held where its bits end (spec.magnitudes).
    Combinational.

    Members
    -------
    i: an element (raw_shape). o: element_layout.
    """

    def __init__(self, spec: Quantize):
        self.magnitudes = spec.magnitudes
        super().__init__({"i": In(raw_shape(spec)), "o": Out(element_layout(spec))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits, ones = self.magnitudes.bits, self.magnitudes.ones
        if self.i.shape().signed:
            chain = m.submodules.chain = Magnitude(len(self.i), bits, ones)
            m.d.comb += [
                chain.a.eq(self.i),
                self.o.magnitude.eq(chain.o),
                self.o.negative.eq(self.i[-1]),
            ]
        elif ones:
            over = self.i[bits:].any() | self.i[bits - ones : bits].all()
            m.d.comb += self.o.magnitude.eq(self.i[:bits] | over.replicate(bits))
        else:
            m.d.comb += self.o.magnitude.eq(self.i)
        return m
