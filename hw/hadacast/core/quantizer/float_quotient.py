"""Elements over a normalized divisor, as floating quotients."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.float_round import FloatRound, place_shape
from hadacast.core.quantizer.multiple import Multiple
from hadacast.core.quantizer.normalize import Normalize
from hadacast.core.quantizer.recurrence import ANY, NOTHING, Recurrence
from hadacast.core.quantizer.unit import code_shape, delayed
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.division import FloatDivision
from hadacast.spec.quantize import Quantize


class FloatQuotient(Component):
    """The code of an element, as hadacast.scale.division.FloatDivision says: a pipe. The element too is
    normalized: then the quotient, from 1/2 to 2, has as many bits as matter.

    Members
    -------
    enable: registers move on. magnitude, negative: the element. denominator, zeros: of its group, in the same
    cycle. none: the code is 0, without a sign. random: 8 bits, only where rounding is stochastic. code:
    spec.code, from a register.
    """

    def __init__(self, spec: Quantize, division: FloatDivision):
        self.spec = spec
        self.division = division
        self.latency = division.latency
        ports = {
            "enable": In(1),
            "magnitude": In(spec.element.width),
            "negative": In(1),
            "denominator": In(division.denominator_bits),
            "zeros": In(max(division.most_zeros.bit_length(), 1)),
            "none": In(1),
            "code": Out(code_shape(spec)),
        }
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        division, spec, enable = self.division, self.spec, self.enable
        multiple = m.submodules.multiple = Multiple(unsigned(division.largest.bit_length()), division.n)
        normalize = m.submodules.normalize = Normalize(division.numerator_bits)
        m.d.comb += [
            multiple.enable.eq(enable),
            multiple.i.eq(self.magnitude),
            normalize.enable.eq(enable),
            normalize.i.eq(multiple.o),
        ]
        cycles = multiple.latency + normalize.latency
        denominator = delayed(m, enable, self.denominator, cycles, "denominator")
        # Highest bit upon highest bit, and `significant` bits of the quotient behind the point.
        significant = division.significant
        shift = significant + division.denominator_bits - division.numerator_bits
        up, zeros = max(shift, 0), max(-shift, 0)
        width = division.denominator_bits + zeros + significant + 1
        start = Signal(signed(width), reset_less=True)
        with m.If(enable):
            m.d.sync += start.eq((normalize.o << up) - (denominator << (zeros + significant)))
        recurrence = m.submodules.recurrence = Recurrence(
            width, division.denominator_bits, significant, zeros, ANY if division.exact else NOTHING
        )
        m.d.comb += [
            recurrence.enable.eq(enable),
            recurrence.numerator.eq(start),
            recurrence.denominator.eq(delayed(m, enable, denominator, 1, "below")),
        ]
        least, most = division.offset - division.numerator_bits - 1, division.offset + division.most_zeros
        rounder = m.submodules.rounder = FloatRound(
            division.code,
            spec.rounding,
            spec.overflow,
            place_shape(least, most, division.code.mantissa),
            division.lowest,
            division.highest,
        )
        # The place of a quotient from 1 up.
        offset = division.offset - division.code.mantissa
        larger = Signal(rounder.place.shape(), reset_less=True)
        divisor_zeros = delayed(m, enable, self.zeros, cycles, "zeros")
        with m.If(enable):
            m.d.sync += larger.eq(divisor_zeros - normalize.zeros + offset)
        cycles += 1 + recurrence.latency
        quotient = recurrence.quotient ^ (1 << significant)
        below = ~quotient[significant]
        none = delayed(m, enable, self.none, cycles, "none")
        negative: Value = delayed(m, enable, self.negative, cycles, "negative")
        exponent = Signal(rounder.place.shape(), reset_less=True)
        significand = Signal(significant, reset_less=True)
        sticky = Signal(reset_less=True)
        sign = Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += [
                exponent.eq(delayed(m, enable, larger, recurrence.latency, "larger") - below),
                significand.eq(
                    Mux(below, quotient[:significant], quotient[1:]) & ~none.replicate(significant)
                ),
                sticky.eq((~recurrence.exact | (~below & quotient[0])) & ~none),
                sign.eq(negative & ~none),
            ]
        m.d.comb += [
            rounder.enable.eq(enable),
            rounder.place.eq(exponent),
            rounder.significand.eq(significand),
            rounder.sticky.eq(sticky),
            rounder.negative.eq(sign),
            self.code.eq(rounder.o),
        ]
        if spec.rounding == "stochastic":
            m.d.comb += rounder.random.eq(delayed(m, enable, self.random, cycles + 1, "random"))
        return m
