"""Units of the scale "range": elements between the smallest and the largest of their group.

hadacast.scale.range.RangeDivision says how few quotient bits suffice, and why.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed, unsigned
from amaranth.lib import data

from hadacast.core.quantizer.multiple import Multiple, product_shape
from hadacast.core.quantizer.recurrence import PARITY, Recurrence
from hadacast.core.quantizer.stored import Stored
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit, delayed, raw_shape
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.range import Range, RangeDivision
from hadacast.spec.quantize import Quantize


def _division(spec: Quantize) -> RangeDivision:
    assert isinstance(spec.scale, Range)
    return spec.scale.division(spec)


def _first_shape(division: RangeDivision, raw: Shape) -> Shape:
    """What the first step of the recurrence takes away from an element."""
    low = product_shape(raw, division.ratio.numerator).width + division.up
    return signed(max(low, division.denominator_bits + division.digits) + 2)


class RangeGroup(GroupUnit):
    """The divisor of a group's elements, its zero point or offset, and its scale."""

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        """denominator: D. first: what the recurrence takes away first. odd: whether the integer below a
        quotient is odd. offset: what is added to the quotient."""
        division = _division(spec)
        fields: dict[str, Any] = {
            "denominator": division.denominator_bits,
            "first": _first_shape(division, raw_shape(spec)),
        }
        if division.integer and spec.rounding == "even":
            fields["odd"] = 1
        if division.offset_bits:
            fields["offset"] = signed(division.offset_bits)
        return data.StructLayout(fields)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, enable = self.spec, self.enable
        scale, division = spec.scale, _division(spec)
        assert isinstance(scale, Range)
        raw = raw_shape(spec)
        low, high = self.i.low, self.i.high
        if scale.include_zero:
            low = Mux(low > 0, 0, low) if not raw.signed else Mux(low[-1], low, 0)
            high = high if not raw.signed else Mux(high[-1], 0, high)
        least = Signal(raw, reset_less=True)
        plain = Signal(raw.width, reset_less=True)
        span = Signal(division.span_bits, reset_less=True)
        with m.If(enable):
            m.d.sync += [
                least.eq(low),
                plain.eq(high - low),
                span.eq(Mux(plain < scale.floor, scale.floor, plain)),
            ]
        bits = division.denominator_bits
        over = m.submodules.over = Multiple(unsigned(division.span_bits), division.ratio.denominator)
        times = m.submodules.times = Multiple(raw, division.zero_numerator)
        m.d.comb += [over.enable.eq(enable), over.i.eq(span), times.enable.eq(enable), times.i.eq(least)]
        start = division.first_latency
        denominator = delayed(m, enable, over.o[:bits], start - RangeDivision.SPAN - over.latency, "over")
        product = delayed(m, enable, times.o, start - RangeDivision.LOW - times.latency, "times")
        terms: dict[str, Value] = {}
        if division.integer:
            zero = self._integer(m, division, denominator, product, terms)
            z = delayed(m, enable, zero, self.latency - division.term_latency, "zero_side")
            m.d.comb += self.sides.zero.eq(z)
        else:
            self._float(m, division, denominator, product, terms)
        for name, value in terms.items():
            later = delayed(m, enable, value, self.latency - division.term_latency, f"{name}_term")
            m.d.comb += getattr(self.terms, name).eq(later)
        self._sides(m, scale, least, span)
        return m

    def _sides(self, m: Module, scale: Range, least: Value, span: Value) -> None:
        """The scale and the offset: integers, or floats."""
        storing = scale.storing(self.spec)
        names = ("scale", "offset") if scale.zero == "float" else ("scale",)
        for index, name in enumerate(names):
            value = (span, least)[index]
            made = (RangeDivision.SPAN, RangeDivision.LOW)[index]
            if storing is not None:
                stored = m.submodules[f"stored_{name}"] = Stored(storing[index])
                m.d.comb += [stored.enable.eq(self.enable), stored.i.eq(value)]
                if self.spec.floating:
                    exponent = delayed(m, self.enable, self.i.exponent, made, f"exponent_{name}")
                    m.d.comb += stored.exponent.eq(exponent)
                value, made = stored.o, made + stored.latency
            side = delayed(m, self.enable, value, self.latency - made, f"{name}_side")
            m.d.comb += getattr(self.sides, name).eq(side)

    def _float(
        self, m: Module, division: RangeDivision, denominator: Value, product: Value, terms: dict[str, Value]
    ) -> None:
        """Elements count from the smallest on."""
        base = delayed(m, self.enable, product, 1, "base")
        terms["first"] = self._first(m, division, base, denominator)
        terms["denominator"] = delayed(m, self.enable, denominator, 2, "denominator_term")

    def _first(self, m: Module, division: RangeDivision, base: Value, denominator: Value) -> Value:
        """The `base` of quotients, and half of their range, less half a unit where that is added; two
        cycles after `denominator`, one after `base`."""
        middle = Signal(division.denominator_bits + division.digits, reset_less=True)
        first = Signal(_first_shape(division, raw_shape(self.spec)), name="first_sum", reset_less=True)
        if division.half:
            half_range: Value = (denominator << division.counted) - denominator
        else:
            half_range = denominator << (division.counted - 1)
        with m.If(self.enable):
            m.d.sync += [middle.eq(half_range), first.eq((base << division.up) + middle)]
        return first

    def _integer(
        self, m: Module, division: RangeDivision, denominator: Value, product: Value, terms: dict[str, Value]
    ) -> Value:
        """Divide the smallest, round to the zero point, and tell elements what is left; returns the zero
        point."""
        enable, rounding = self.enable, self.spec.rounding
        width = len(product) + (not product.shape().signed)
        recurrence = m.submodules.recurrence = Recurrence(width, len(denominator), division.zero_digits)
        m.d.comb += [
            recurrence.enable.eq(enable),
            recurrence.numerator.eq(product),
            recurrence.denominator.eq(denominator),
        ]
        cycles = recurrence.latency
        below, quotient = recurrence.divisor, recurrence.quotient
        # The remainder from 0 up; then what it leaves of the product, and twice it against the divisor.
        rest = Signal(len(below), reset_less=True)
        twice = Signal(signed(len(below) + 2), reset_less=True)
        inexact = Signal(reset_less=True)
        base = Signal(signed(max(len(product), len(below)) + 2), reset_less=True)
        minus = delayed(m, enable, product[-1] & product.shape().signed, cycles + 2, "minus")
        with m.If(enable):
            m.d.sync += [
                rest.eq(recurrence.remainder + Mux(recurrence.remainder[-1], below, 0)),
                twice.eq((rest << 1) - delayed(m, enable, below, 1, "below_1")),
                inexact.eq(rest.any()),
                base.eq(delayed(m, enable, product, cycles + 1, "product") - rest),
            ]
        whole = delayed(m, enable, quotient, 2, "quotient")
        above, tie = ~twice[-1] & twice.any(), ~twice.any()
        carry = Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += carry.eq(
                {
                    "even": above | (tie & whole[0]),
                    "stochastic": above | (tie & whole[0]),
                    # The zero point has the other sign.
                    "away": above | (tie & ~minus),
                    "up": above,
                    "zero": inexact & minus,
                }[rounding]
            )
        divisor = delayed(m, enable, below, 1, "below_2")
        first = self._first(m, division, base, divisor)
        whole = delayed(m, enable, whole, 1, "whole")
        if division.half:
            # Quotients count from the zero point on.
            more = Signal.like(first, name="first_carried", reset_less=True)
            last_divisor = delayed(m, enable, below, 3, "below_4")
            with m.If(enable):
                m.d.sync += more.eq(first + Mux(carry, last_divisor << 1, 0))
            first = more
        else:
            first = delayed(m, enable, first, 1, "first_late")
        zero = Signal(signed(len(quotient) + 1), reset_less=True)
        odd = Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += [zero.eq(-whole - carry), odd.eq(whole[0] ^ carry)]
        carry = delayed(m, enable, carry, 1, "carry")
        late = 3 if division.clips else 0
        terms |= {
            "first": delayed(m, enable, first, late, "first_clip"),
            "denominator": delayed(m, enable, delayed(m, enable, below, 4, "below_5"), late, "below_clip"),
        }
        if rounding == "even":
            terms["odd"] = delayed(m, enable, odd, late, "odd_clip")
        if not division.clips:
            if division.offset_bits:
                terms["offset"] = Cat(carry, carry).as_signed()
            return zero
        return self._clip(m, division, zero, carry, terms)

    def _clip(
        self, m: Module, division: RangeDivision, zero: Value, carry: Value, terms: dict[str, Value]
    ) -> Value:
        """A zero point held in the range of codes, and what that takes off it."""
        enable, top = self.enable, division.code.max
        clipped = Signal(division.code.width, name="clipped", reset_less=True)
        off = Signal(signed(max(len(zero), division.code.width + 1) + 2), name="off", reset_less=True)
        offset = Signal(signed(division.offset_bits), name="offset", reset_less=True)
        limit = 1 << (division.offset_bits - 2)
        with m.If(enable):
            m.d.sync += [
                clipped.eq(Mux(zero < 0, 0, Mux(zero > top, top, zero))),
                off.eq(clipped - delayed(m, enable, zero, 1, "zero_late")),
            ]
        if not division.half:
            # Quotients count from what is below the zero point.
            value = Signal(signed(len(off) + 1), name="off_carried")
            m.d.comb += value.eq(off - delayed(m, enable, carry, 2, "carry_late"))
        else:
            value = off
        if self.spec.overflow == "wrap":
            held: Value = value[: division.code.width]
        else:
            held = Mux(value > limit, limit, Mux(value < -limit, -limit, value))
        with m.If(enable):
            m.d.sync += offset.eq(held)
        terms["offset"] = offset
        return delayed(m, enable, clipped, 2, "clipped_late")


class RangeElement(ElementUnit):
    """The code of an element: less what the group takes away, divided, and rounded."""

    GROUP = RangeGroup

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, enable = self.spec, self.enable
        division = _division(spec)
        digits, up = division.digits, division.up
        multiple = m.submodules.multiple = Multiple(raw_shape(spec), division.ratio.numerator)
        m.d.comb += [multiple.enable.eq(enable), multiple.i.eq(self.x)]
        cycles = multiple.latency
        denominator = delayed(m, enable, self.terms.denominator, cycles, "denominator")
        zeros = int(division.half)
        width = len(denominator) + zeros + digits
        start = Signal(signed(width), reset_less=True)
        with m.If(enable):
            m.d.sync += start.eq((multiple.o << up) - delayed(m, enable, self.terms.first, cycles, "first"))
        recurrence = m.submodules.recurrence = Recurrence(
            width, len(denominator), digits - 1, zeros, division.exact
        )
        m.d.comb += [
            recurrence.enable.eq(enable),
            recurrence.numerator.eq(start),
            recurrence.denominator.eq(delayed(m, enable, denominator, 1, "below")),
        ]
        if division.exact == PARITY:
            odd = delayed(m, enable, self.terms.odd, cycles + 1 + recurrence.digits, "odd")
            m.d.comb += recurrence.even.eq(odd)
        cycles += 1 + recurrence.latency
        if division.below:
            quotient: Value = recurrence.quotient + (1 << (division.counted - 1))
        else:
            quotient = (recurrence.quotient ^ (1 << (digits - 1)))[:digits]
        steps = self._rounded(m, division, quotient, recurrence.exact, cycles)
        if division.offset_bits:
            steps = steps + delayed(m, enable, self.terms.offset, cycles, "offset")
        code = Signal(self.code.shape(), reset_less=True)
        m.d.comb += self.code.eq(code)
        total = Signal(signed(len(steps) + 1), reset_less=True)
        held: Value = steps
        if not division.inside:
            with m.If(enable):
                m.d.sync += total.eq(steps)
            top = division.code.max
            held = Mux(total < 0, 0, Mux(total > top, top, total))
            if spec.overflow == "wrap":
                held = total[: len(code)]
        with m.If(enable):
            m.d.sync += code.eq(held)
        return m

    def _rounded(
        self, m: Module, division: RangeDivision, quotient: Value, exact: Value, cycles: int
    ) -> Value:
        """Whole steps of a quotient: floors of it, with half a unit added to round to nearest."""
        rounding = self.spec.rounding
        negative: Value = Const(0, 1)
        if division.integer and raw_shape(self.spec).signed:
            negative = delayed(m, self.enable, self.x[-1], cycles, "negative")
        if rounding == "up" or (rounding in ("away", "zero") and not division.integer):
            return quotient
        match rounding:
            case "even":
                # Ties have gone up; to even, those to an odd integer go down.
                return quotient - exact
            case "away":
                return quotient - (exact & negative)
            case "zero":
                return quotient + (~exact & negative)
            case _:
                random = delayed(m, self.enable, self.random, cycles, "random")
                # Below zero, |y| + r/256 rounded down is -y - r/256 rounded up.
                draw = random ^ negative.replicate(RANDOM_BITS)
                return (quotient + draw + (negative & ~exact)) >> RANDOM_BITS
