"""Outlier groups: units for either element format, and the flag that chooses."""

from fractions import Fraction
from typing import Any

from amaranth.hdl import Module, Mux, Shape, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.leading import LeadingOne
from hadacast.core.quantizer.unit import (
    ElementUnit,
    GroupUnit,
    code_shape,
    delayed,
    element_layout,
    reduced_layout,
    sides_layout,
)
from hadacast.core.quantizer.units import UNITS
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.latency import outlier_latency
from hadacast.scale.scale import EXPONENT_BIAS
from hadacast.spec.quantize import Quantize


class Outlier(Component):
    """Whether a group's largest magnitude lies above `spec.above`: a pipe.

    Members
    -------
    enable: registers move on.
    i: the group (reduced_layout).
    flag: the answer.

    Attributes
    ----------
    latency: enabled cycles, hadacast.scale.latency.outlier_latency.
    """

    def __init__(self, spec: Quantize):
        self.spec = spec
        self.latency = outlier_latency(spec)
        super().__init__({"enable": In(1), "i": In(reduced_layout(spec)), "flag": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        above, fraction = self.spec.above, self.spec.fixed.fraction
        width = len(self.i.amax)
        found: Value
        if not self.spec.floating:
            limit = int(above * Fraction(2) ** fraction)
            found = self.i.amax > limit if limit >> width == 0 else Value.cast(0)
        elif above == 0:
            found = delayed(m, self.enable, self.i.amax.any(), self.latency - 1, "any")
        else:
            leading = m.submodules.leading = LeadingOne(width, width)
            m.d.comb += [leading.enable.eq(self.enable), leading.i.eq(self.i.amax)]
            exponent = delayed(m, self.enable, self.i.exponent, leading.latency, "exponent")
            # amax = top·2^-zeros, the leading one of top at 2^(width - 1); `above` alike.
            power = above.numerator.bit_length() - above.denominator.bit_length()
            power -= Fraction(2) ** power > above
            mantissa = int(above / Fraction(2) ** power * (1 << (width - 1)))
            # width - 1 - zeros + exponent - bias - fraction against power.
            needed = power + EXPONENT_BIAS + fraction - (width - 1)
            have = Signal(Shape(len(exponent) + len(leading.zeros) + 1, signed=True))
            m.d.comb += have.eq(exponent - leading.zeros)
            equal = (have == needed) & (leading.top > mantissa)
            found = leading.top[-1] & ((have > needed) | equal)
        m.d.comb += self.flag.eq(delayed(m, self.enable, found, 1, "flag"))
        return m


class WideGroup(Component):
    """The GroupUnits of both formats beside each other; ports as theirs.

    The flag goes with the sides, and with the terms to the elements.
    """

    def __init__(self, spec: Quantize):
        self.spec = spec
        self.latency = spec.group_latency
        super().__init__(
            {
                "enable": In(1),
                "i": In(reduced_layout(spec)),
                "sides": Out(sides_layout(spec)),
                "terms": Out(self.terms_layout(spec)),
            }
        )

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        unit = UNITS[spec.scale.kind][0]
        assert unit is not None
        narrow, wide = (unit.terms_layout(part) for part in spec.parts)
        return data.StructLayout({"narrow": narrow, "wide": wide, "flag": 1})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        cls = UNITS[self.spec.scale.kind][0]
        assert cls is not None
        outlier = m.submodules.outlier = Outlier(self.spec)
        units = [cls(part) for part in self.spec.parts]
        m.submodules.narrow, m.submodules.wide = units
        pipes: list[Any] = [outlier, *units]
        for pipe in pipes:
            m.d.comb += [pipe.enable.eq(self.enable), pipe.i.eq(self.i)]

        def late(value: Value, unit: Any, name: str) -> Value:
            return delayed(m, self.enable, value, self.latency - unit.latency, name)

        flag = late(outlier.flag, outlier, "flag")
        narrow, wide = (
            [late(u.terms.as_value(), u, "terms"), late(u.sides.as_value(), u, "sides")] for u in units
        )
        m.d.comb += [
            self.terms.narrow.eq(narrow[0]),
            self.terms.wide.eq(wide[0]),
            self.terms.flag.eq(flag),
            self.sides.wide.eq(flag),
        ]
        layout = sides_layout(self.spec.parts[0])
        chosen = data.View(layout, Mux(flag, wide[1], narrow[1]))
        m.d.comb += [self.sides[name].eq(chosen[name]) for name, _ in layout]
        return m


class WideElement(Component):
    """The ElementUnits of both formats beside each other; ports as theirs."""

    PLACED = False

    def __init__(self, spec: Quantize, lane: int = 0):
        self.spec = spec
        self.lane = lane
        self.latency = spec.element_latency
        ports = {
            "enable": In(1),
            "x": In(element_layout(spec)),
            "terms": In(WideGroup.terms_layout(spec)),
            "code": Out(Shape(spec.output.width, spec.output.signed)),
        }
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        cls = UNITS[self.spec.scale.kind][1]
        codes = []
        for part, name in zip(self.spec.parts, ("narrow", "wide"), strict=True):
            unit = m.submodules[name] = cls(part, self.lane)
            m.d.comb += [
                unit.enable.eq(self.enable),
                unit.x.eq(self.x),
                unit.terms.eq(self.terms[name]),
            ]
            if self.spec.rounding == "stochastic":
                m.d.comb += unit.random.eq(self.random)
            late = delayed(m, self.enable, unit.code, self.latency - unit.latency, name)
            codes.append(Value.cast(late) if not code_shape(part).signed else late.as_signed())
        flag = delayed(m, self.enable, self.terms.flag, self.latency, "flag")
        m.d.comb += self.code.eq(Mux(flag, codes[1], codes[0]))
        return m


def group_unit(spec: Quantize) -> type[GroupUnit] | type[WideGroup] | None:
    """The class that makes the scales of a stage, or None where they are constant."""
    return WideGroup if spec.wide else UNITS[spec.scale.kind][0]


def element_unit(spec: Quantize) -> type[ElementUnit] | type[WideElement]:
    """The class that makes its codes."""
    return WideElement if spec.wide else UNITS[spec.scale.kind][1]
