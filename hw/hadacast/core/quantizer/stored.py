"""A whole number of a group, times a constant, as a float."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, unsigned
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.constant_division import ConstantDivision
from hadacast.core.quantizer.float_round import FloatRound, place_shape
from hadacast.core.quantizer.multiple import Multiple
from hadacast.core.quantizer.normalize import Normalize
from hadacast.core.quantizer.unit import EXPONENT_WIDTH, delayed
from hadacast.scale.scale import NAN_EXPONENT
from hadacast.scale.stored import Storing


class Stored(Component):
    """The code of number · ratio · 2^(exponent - fraction), to nearest, ties to even: a pipe. As
    hadacast.scale.stored.

    Members
    -------
    enable: registers move on.
    i: the number. exponent: the frame's E8M0 code, where there is one; 255 makes NaN.
    one: the result is 1.0 whatever the number. o: the code.
    """

    def __init__(self, spec: Storing):
        self.spec = spec
        self.latency = spec.latency
        ports = {
            "enable": In(1),
            "i": In(Shape(spec.width, spec.signed)),
            "one": In(1),
            "o": Out(spec.target.width),
        }
        if spec.floating:
            ports["exponent"] = In(EXPONENT_WIDTH)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, enable = self.spec, self.enable
        numerator, denominator, _ = spec.parts
        negative: Value = Const(0, 1)
        magnitude: Value = self.i
        if spec.signed:
            absolute = Signal(spec.width)
            m.d.comb += absolute.eq(Mux(self.i < 0, -self.i, self.i))
            negative = delayed(m, enable, self.i < 0, 1, "negative")
            magnitude = delayed(m, enable, absolute, 1, "absolute")
        multiple = m.submodules.multiple = Multiple(unsigned(spec.width), numerator)
        normalize = m.submodules.normalize = Normalize(spec.product_bits)
        m.d.comb += [
            multiple.enable.eq(enable),
            multiple.i.eq(magnitude),
            normalize.enable.eq(enable),
            normalize.i.eq(multiple.o),
        ]
        before = self.latency - spec.signed - multiple.latency - normalize.latency
        rounder = m.submodules.rounder = FloatRound(
            spec.target,
            "even",
            "inf",
            place_shape(spec.lowest - 1, spec.highest + 1, spec.target.mantissa),
            spec.lowest,
            spec.highest,
        )
        before -= rounder.latency + 1
        width = spec.target.mantissa + 2
        quotient: Value
        if denominator > 1:
            division = m.submodules.division = ConstantDivision(
                spec.product_bits, denominator, spec.significant
            )
            m.d.comb += [division.enable.eq(enable), division.i.eq(normalize.o)]
            below, quotient, left = ~division.o[-1], division.o, division.sticky
            significand = Mux(below, quotient[:width], quotient[1:])
            sticky = left | (~below & quotient[0])
        else:
            below, quotient = Const(0, 1), Cat(Const(0, max(width - spec.product_bits, 0)), normalize.o)
            significand = quotient[len(quotient) - width :]
            sticky = quotient[: len(quotient) - width].any()
        zeros = delayed(m, enable, normalize.zeros, before, "zeros")
        exponent = Signal(rounder.place.shape(), reset_less=True)
        power: Value = Const(0, 1)
        if spec.floating:
            power = delayed(m, enable, self.exponent, self.latency - rounder.latency - 1, "power")
        with m.If(enable):
            m.d.sync += exponent.eq(power + (spec.offset - spec.target.mantissa) - zeros - below)
        m.d.comb += [
            rounder.enable.eq(enable),
            rounder.place.eq(exponent),
            rounder.significand.eq(delayed(m, enable, significand, 1, "significand")),
            rounder.sticky.eq(delayed(m, enable, sticky, 1, "sticky")),
            rounder.negative.eq(
                delayed(m, enable, negative, self.latency - spec.signed - rounder.latency, "sign")
            ),
        ]
        one = delayed(m, enable, self.one, self.latency, "one")
        m.d.comb += self.o.eq(Mux(one, spec.target.bias << spec.target.mantissa, rounder.o))
        if spec.floating:
            invalid = delayed(m, enable, self.exponent == NAN_EXPONENT, self.latency, "invalid")
            with m.If(invalid):
                m.d.comb += self.o.eq(Const(spec.target.nan_code, spec.target.width))
        return m
