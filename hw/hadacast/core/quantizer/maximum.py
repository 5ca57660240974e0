"""Units of the scale "maximum": elements over the largest magnitude of their group."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from hadacast.core.quantizer.multiple import Multiple
from hadacast.core.quantizer.quotient import Divisor, Quotient, divisor_layout
from hadacast.core.quantizer.stored import Stored
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit, delayed
from hadacast.scale.maximum import Maximum
from hadacast.spec.quantize import Quantize
from hadacast.tech.chains import above


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
        found = self._ends(m, scale) if scale.ends else self.i.amax
        rest = self.latency - scale.ends_latency - 1
        # A group of zeros has a divisor of 1, whose quotients are 0 too.
        floor = max(scale.floor, 1)
        amax = Signal(division.common.bit_length(), reset_less=True)
        zero = Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += [
                amax.eq(Mux(found < floor, floor, found)),
                zero.eq(found == 0),
            ]
        divisor = m.submodules.divisor = Divisor(division)
        m.d.comb += [
            divisor.enable.eq(enable),
            divisor.i.eq(amax),
            self.terms.eq(delayed(m, enable, divisor.o, rest - divisor.latency, "divisor")),
        ]
        if storing is None:
            exact = amax if scale.floor else Mux(zero, 0, amax)
            m.d.comb += self.sides.scale.eq(delayed(m, enable, exact, rest, "amax"))
            return m
        stored = m.submodules.stored = Stored(storing)
        m.d.comb += [
            stored.enable.eq(enable),
            stored.i.eq(amax),
            stored.one.eq(zero),
            self.sides.scale.eq(delayed(m, enable, stored.o, rest - stored.latency, "scale")),
        ]
        if spec.floating:
            ahead = self.latency - rest
            m.d.comb += stored.exponent.eq(delayed(m, enable, self.i.exponent, ahead, "exponent"))
        return m

    def _ends(self, m: Module, scale: Maximum) -> Value:
        """The larger one of both ends' magnitudes times their clips; from registers, but for the choice."""
        latency = scale.ends_latency - 1
        products = []
        for name, weight in zip(("high", "low"), scale.weights, strict=True):
            i = getattr(self.i, name)
            multiple = m.submodules[name] = Multiple(i.shape(), weight)
            m.d.comb += [multiple.enable.eq(self.enable), multiple.i.eq(i)]
            products.append(delayed(m, self.enable, multiple.o, latency - multiple.latency, name))
        high, low = products
        later = [
            delayed(m, self.enable, product, 1, f"{name}_end")
            for name, product in (("high", high), ("low", low))
        ]
        greater = Signal(reset_less=True)
        with m.If(self.enable):
            m.d.sync += greater.eq(above(m, *_equally_wide(high, low)))
        return Mux(greater, *later)


def _equally_wide(a: Value, b: Value) -> tuple[Value, Value]:
    """Two unsigned numbers, the narrower one with zeros above."""
    width = max(len(a), len(b))
    return Cat(a, Const(0, width - len(a))), Cat(b, Const(0, width - len(b)))


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
