"""Elements divided by what their group has in common."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.float_quotient import FloatQuotient
from hadacast.core.quantizer.multiple import Multiple
from hadacast.core.quantizer.normalize import Normalize
from hadacast.core.quantizer.recurrence import NOTHING, Recurrence
from hadacast.core.quantizer.rounder import Rounder, integer_code
from hadacast.core.quantizer.unit import code_shape, delayed
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.division import Division
from hadacast.spec.quantize import Quantize


def divisor_layout(division: Division) -> data.StructLayout:
    """What elements need of a group, and it is made of the denominator a·d:

    - denominator: itself; where quotients are floating, normalized, and `zeros` says by how many bits.
    - first: where quotients have half a unit added, what the first step of the recurrence takes away.
    """
    bits = division.denominator_bits
    fields = {"denominator": bits}
    if division.floating:
        fields["zeros"] = max((bits - 1).bit_length(), 1)
    elif division.half:
        fields["first"] = bits + division.digits
    return data.StructLayout(fields)


class Divisor(Component):
    """What elements need of a group: a pipe.

    Members
    -------
    enable: registers move on. i: a. o: divisor_layout.
    """

    def __init__(self, division: Division):
        self.division = division
        self.latency = division.term_latency
        super().__init__(
            {
                "enable": In(1),
                "i": In(unsigned(division.common.bit_length())),
                "o": Out(divisor_layout(division)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        division, bits = self.division, self.division.denominator_bits
        multiple = m.submodules.multiple = Multiple(self.i.shape(), division.parts[1])
        denominator = Signal(bits)  # the shape of a product is that of any a of as many bits
        m.d.comb += [
            multiple.enable.eq(self.enable),
            multiple.i.eq(self.i),
            denominator.eq(multiple.o),
        ]
        if division.floating:
            normalize = m.submodules.normalize = Normalize(bits)
            m.d.comb += [
                normalize.enable.eq(self.enable),
                normalize.i.eq(denominator),
                self.o.denominator.eq(normalize.o),
                self.o.zeros.eq(normalize.zeros),
            ]
        elif division.half:
            # In halves: 2^digits·D is half of the range, D is half a unit.
            first = Signal(bits + division.digits, reset_less=True)
            with m.If(self.enable):
                m.d.sync += first.eq((denominator << division.digits) - denominator)
            m.d.comb += [
                self.o.denominator.eq(delayed(m, self.enable, denominator, 1, "denominator")),
                self.o.first.eq(first),
            ]
        else:
            m.d.comb += self.o.denominator.eq(denominator)
        return m


class Quotient(Component):
    """The code of an element, a magnitude over the divisor of its group: a pipe.

    Members
    -------
    enable: registers move on. magnitude, negative: the element. divisor: divisor_layout. random: 8 bits, only
    where rounding is stochastic. code: spec.code, from a register.
    """

    def __init__(self, spec: Quantize, division: Division):
        self.spec = spec
        self.division = division
        self.latency = division.latency
        ports = {
            "enable": In(1),
            "magnitude": In(spec.element.width),
            "negative": In(1),
            "divisor": In(divisor_layout(division)),
            "code": Out(code_shape(spec)),
        }
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        division = self.division
        if division.floating:
            self._floating(m)
            return m
        multiple = m.submodules.multiple = Multiple(
            unsigned(division.largest.bit_length()), division.parts[0]
        )
        number = Signal(division.numerator_bits)
        m.d.comb += [
            multiple.enable.eq(self.enable),
            multiple.i.eq(self.magnitude),
            number.eq(multiple.o),
        ]
        self._fixed(m, number, multiple.latency)
        return m

    def _floating(self, m: Module) -> None:
        quotient = m.submodules.quotient = FloatQuotient(self.spec, self.division.float_division)
        m.d.comb += [
            quotient.enable.eq(self.enable),
            quotient.magnitude.eq(self.magnitude),
            quotient.negative.eq(self.negative),
            quotient.denominator.eq(self.divisor.denominator),
            quotient.zeros.eq(self.divisor.zeros),
            self.code.eq(quotient.code),
        ]
        if self.spec.rounding == "stochastic":
            m.d.comb += quotient.random.eq(self.random)

    def _beside(self, m: Module, cycles: int) -> tuple[Value, Value | None]:
        """The sign and the random bits, `cycles` later."""
        random = None
        if self.spec.rounding == "stochastic":
            random = delayed(m, self.enable, self.random, cycles, "random")
        return delayed(m, self.enable, self.negative, cycles, "negative"), random

    def _fixed(self, m: Module, number: Value, latency: int) -> None:
        """As many quotient bits as the code has magnitudes, and those that rounding looks at."""
        division, enable = self.division, self.enable
        half, digits = int(division.half), division.digits
        # x·n·2^shift·2^fraction over a·d, both doubled where half a unit is added.
        shift = division.parts[2] + division.fraction
        up, zeros = max(shift, 0) + half, max(-shift, 0) + half
        denominator = delayed(m, enable, self.divisor.denominator, latency, "denominator")
        if half:
            first: Value = delayed(m, enable, self.divisor.first, latency, "first") << max(-shift, 0)
        else:
            first = denominator << (zeros + digits - 1)
        # The first digit of a number from 0 takes half of the range away.
        width = len(denominator) + zeros + digits
        start = Signal(signed(width), reset_less=True)
        with m.If(enable):
            # What is below ties has half a unit less something added: ~first is -first - 1.
            m.d.sync += start.eq(
                (number << up) + ~Cat(first, Const(0, 1)).as_signed()
                if division.below
                else (number << up) - first
            )
        recurrence = m.submodules.recurrence = Recurrence(
            width, len(denominator), digits - 1, zeros, division.exact
        )
        m.d.comb += [
            recurrence.enable.eq(enable),
            recurrence.numerator.eq(start),
            recurrence.denominator.eq(delayed(m, enable, denominator, 1, "below")),
        ]
        negative, random = self._beside(m, latency + 1 + recurrence.latency)
        # Less half of the range: the highest bit is the other way round.
        quotient = recurrence.quotient ^ (1 << (digits - 1))
        if division.rounds_itself:
            # A tie was rounded up; behind an odd result the even one is one less.
            steps = Cat(quotient[0] & ~recurrence.exact, quotient[1:digits])
            code = Signal(self.code.shape(), reset_less=True)
            with m.If(enable):
                m.d.sync += code.eq(integer_code(self.spec, steps, Const(0, 1), negative, Const(0, 1)))
            m.d.comb += self.code.eq(code)
            return
        rounder = m.submodules.rounder = Rounder(self.spec, division.integer)
        m.d.comb += [
            rounder.enable.eq(enable),
            rounder.quotient.eq(quotient),
            rounder.negative.eq(negative),
            # Behind an even quotient in halves nothing is a tie, and what is left is not looked at.
            rounder.sticky.eq(~recurrence.exact if division.exact != NOTHING else 0),
            self.code.eq(rounder.code),
        ]
        if random is not None:
            m.d.comb += rounder.random.eq(random)
