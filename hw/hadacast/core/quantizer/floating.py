"""Units of the scale "floating": floating-point scales of groups, and minifloats under them."""

from typing import Any

import numpy as np
from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib import data

from hadacast.core.quantizer.float_quotient import FloatQuotient
from hadacast.core.quantizer.normalize import Normalize
from hadacast.core.quantizer.search import Search
from hadacast.core.quantizer.table import lookup
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit, delayed
from hadacast.minifloat import Minifloat
from hadacast.scale import thresholds
from hadacast.scale.floating import EXACT, Floating
from hadacast.scale.scale import NAN_EXPONENT
from hadacast.spec.quantize import Quantize
from hadacast.tech.chains import AboveEither, above


def _scale(spec: Quantize) -> Floating:
    assert isinstance(spec.scale, Floating)
    return spec.scale


class FloatingGroup(GroupUnit):
    """The scale code of a group, looked up by its largest magnitude, and what elements compare with, or are
    divided by."""

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        """row: the scale's significand, and under a ladder a row more for scale 0. none: the scale is 0 and
        codes are too.

        - shift: how far down the row's thresholds are shifted. never: no element reaches one.
        - zeros: of the divisor (hadacast.core.quantizer.float_quotient).
        """
        scale = _scale(spec)
        mantissa = scale.scale_format.mantissa
        if not scale.compares(spec):
            most = scale.float_division(spec).most_zeros
            return data.StructLayout({"row": mantissa, "none": 1, "zeros": max(most.bit_length(), 1)})
        ladder = scale.ladder(spec)
        rows = (len(ladder.rows) - 1).bit_length()
        return data.StructLayout({"row": rows, "none": 1, "shift": range(ladder.bits + 1), "never": 1})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec, enable, scale = self.spec, self.enable, _scale(self.spec)
        format_ = scale.scale_format
        rows = thresholds.Significands(format_)
        keys = scale.keys(spec)
        first, _ = thresholds.scale_range(scale, spec.code, keys)
        search = m.submodules.search = Search(keys.bits, thresholds.scale_thresholds(scale, spec.code, keys))
        m.d.comb += [search.enable.eq(enable), search.key.eq(self._key(m))]
        cycles = scale.search_latency(spec)
        # A register behind the code's row and exponent, and one behind what they make with the frame's.
        code = Signal(format_.magnitude_bits)
        m.d.comb += code.eq(search.o + first)
        mantissa = format_.mantissa
        field, low = code[mantissa:], code[:mantissa]
        row = Signal(mantissa, reset_less=True)
        exponent = Signal(signed(max(rows.highest.bit_length(), mantissa.bit_length()) + 1), reset_less=True)
        zero = Signal(reset_less=True)
        # Subnormals are few.
        places = [self._split(rows, number) for number in range(1 << mantissa)]
        with m.If(enable):
            m.d.sync += zero.eq(code == 0)
            with m.If(field.any()):
                m.d.sync += [row.eq(low), exponent.eq(field - 1)]
            with m.Else():
                m.d.sync += [
                    row.eq(lookup(low, [place[0] for place in places], mantissa)),
                    exponent.eq(-lookup(low, [-place[1] for place in places], mantissa.bit_length())),
                ]
        power: Value = Const(0, 1)
        if spec.floating:
            power = delayed(m, enable, self.i.exponent, cycles + 1, "power")
        self._terms(m, row, exponent, zero, power)
        side: Value = code
        if spec.floating and format_.nan_code is not None:
            invalid = delayed(m, enable, self.i.exponent == NAN_EXPONENT, cycles, "invalid")
            side = Mux(invalid, format_.nan_code, code)
        m.d.comb += self.sides.scale.eq(
            delayed(m, enable, Cat(side, Const(0, 1))[: format_.width], 2, "scale")
        )
        return m

    @staticmethod
    def _split(rows: thresholds.Significands, code: int) -> tuple[int, int]:
        """Row and exponent of a subnormal scale code."""
        row, exponent = rows.split(np.array(code))
        return int(row), int(exponent)

    def _key(self, m: Module) -> Value:
        """What the scale is looked up by: hadacast.scale.thresholds.Keys."""
        if not self.spec.floating:
            return self.i.amax
        width = len(self.i.amax)
        normalize = m.submodules.normalize = Normalize(width)
        m.d.comb += [normalize.enable.eq(self.enable), normalize.i.eq(self.i.amax)]
        power = delayed(m, self.enable, self.i.exponent, normalize.latency, "key_power")
        keys = _scale(self.spec).keys(self.spec)
        key = Signal(keys.bits, reset_less=True)
        exponent = Mux(normalize.o[-1], power + width - normalize.zeros, 0)
        with m.If(self.enable):
            m.d.sync += key.eq(Cat(normalize.o[: width - 1], exponent))
        return key

    def _terms(self, m: Module, row: Value, exponent: Value, zero: Value, power: Value) -> None:
        spec, scale = self.spec, _scale(self.spec)
        terms = Signal(self.terms.shape(), reset_less=True)
        m.d.comb += self.terms.eq(terms)
        if not scale.compares(spec):
            rows = thresholds.Significands(scale.scale_format)
            extra = lookup(row, [zeros for _, zeros in scale.divisors(spec)], 1)
            with m.If(self.enable):
                m.d.sync += [
                    terms.row.eq(row),
                    terms.none.eq(zero),
                    terms.zeros.eq(rows.highest - exponent + extra + power),
                ]
            return
        ladder = scale.ladder(spec)
        rows = thresholds.Significands(scale.scale_format)
        ends = [ladder.top - rows.highest, ladder.top - rows.lowest]
        if ladder.zero is not None:
            ends += [ladder.zero]
        least, most = min(ends), max(ends) + ((1 << len(power)) - 1 if spec.floating else 0)
        place = Signal(Shape.cast(range(min(least, 0), most + 1)))
        m.d.comb += place.eq(ladder.top - exponent + power)
        never: Value = place < 0
        if ladder.zero is None:
            never = never | zero
        else:
            row = Mux(zero, len(ladder.rows) - 1, row)
            with m.If(zero):
                m.d.comb += place.eq(ladder.zero + power)
        with m.If(self.enable):
            m.d.sync += [
                terms.row.eq(row),
                terms.shift.eq(Mux(place > ladder.bits, ladder.bits, place) if most > ladder.bits else place),
                terms.never.eq(never),
                # Under scale 0, exact arithmetic has zeros without a sign.
                terms.none.eq(zero if scale.arithmetic == EXACT else 0),
            ]


class FloatingElement(ElementUnit):
    """The code of an element: by comparisons, or divided and rounded."""

    GROUP = FloatingGroup

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if _scale(self.spec).compares(self.spec):
            self._compared(m)
        else:
            self._divided(m)
        return m

    def _divided(self, m: Module) -> None:
        spec, scale = self.spec, _scale(self.spec)
        division = scale.float_division(spec)
        quotient = m.submodules.quotient = FloatQuotient(spec, division)
        divisors = [divisor for divisor, _ in scale.divisors(spec)]
        m.d.comb += [
            quotient.enable.eq(self.enable),
            quotient.magnitude.eq(self.x.magnitude),
            quotient.negative.eq(self.x.negative),
            quotient.denominator.eq(lookup(self.terms.row, divisors, division.denominator_bits)),
            quotient.zeros.eq(self.terms.zeros),
            quotient.none.eq(self.terms.none),
            self.code.eq(quotient.code),
        ]
        if spec.rounding == "stochastic":
            m.d.comb += quotient.random.eq(self.random)

    def _compared(self, m: Module) -> None:
        spec, enable = self.spec, self.enable
        code = spec.code
        assert isinstance(code, Minifloat)
        ladder = _scale(spec).ladder(spec)
        magnitude: Value = delayed(m, enable, self.x.magnitude, 2, "magnitude")
        negative = delayed(m, enable, self.x.negative, 2, "negative")
        # All lanes of a group have the same thresholds: synthesis keeps one of each.
        limits = self._limits(m, ladder, ladder.negative, "limit")
        if ladder.rows != ladder.negative:
            # Where a tie lies on a threshold, positive elements have one less: half a step decides.
            plus = self._limits(m, ladder, ladder.rows, "plus")
            magnitude = Cat(~negative, magnitude)
            limits = [Cat(limit[0] == other[0], limit) for limit, other in zip(limits, plus, strict=True)]
        passed = self._passed(m, magnitude, limits)
        never = delayed(m, enable, self.terms.never, 4, "never")
        none = delayed(m, enable, self.terms.none, 4, "none")
        negative = delayed(m, enable, negative, 2, "sign")
        codes = list(thresholds.step_codes(code, spec.overflow))
        codes += codes[-1:] * ((1 << len(passed)) - len(codes))
        found = lookup(passed, codes, code.magnitude_bits) & (~never).replicate(code.magnitude_bits)
        register = Signal(self.code.shape(), name="result", reset_less=True)
        with m.If(enable):
            if code.sign:
                m.d.sync += register.eq(Cat(found, negative & ~none))
            else:
                m.d.sync += register.eq(Mux(negative, 0, found))
        m.d.comb += self.code.eq(register)

    def _passed(self, m: Module, magnitude: Value, limits: list[Value]) -> Value:
        """How many of the rising limits a magnitude is above, in two cycles: a binary search whose last two
        steps are taken at once. A chain chooses between two limits by itself."""
        bits = len(limits).bit_length()
        never = Const(-1, len(magnitude))
        padded = [*limits, *[never] * ((1 << bits) - 1 - len(limits))]

        def step(a: Value, choices: list[Value], chosen: Value, name: str) -> Value:
            """Whether `a` is above the one limit, or the chosen one of two, in a register."""
            if len(choices) == 1:
                beyond = above(m, a, choices[0])
            else:
                chain = m.submodules[f"{name}_chain"] = AboveEither(len(a))
                m.d.comb += [
                    chain.a.eq(a),
                    chain.b.eq(choices[0]),
                    chain.c.eq(choices[1]),
                    chain.choose.eq(chosen),
                ]
                beyond = chain.o
            return delayed(m, self.enable, beyond, 1, name)

        assert bits <= 3
        middle = 1 << (bits - 1)
        high = step(magnitude, [padded[middle - 1]], Const(0), "high")
        later = [delayed(m, self.enable, limit, 1, f"later_{i}") for i, limit in enumerate(padded)]
        magnitude = delayed(m, self.enable, magnitude, 1, "compared")
        if bits == 1:
            return delayed(m, self.enable, high, 1, "high_later")
        if bits == 2:
            low = step(magnitude, [later[0], later[2]], high, "low")
            return Cat(low, delayed(m, self.enable, high, 1, "high_later"))
        amid = step(magnitude, [later[1], later[5]], high, "amid")
        # Of the last step, for either result of the one before.
        low = [step(magnitude, [later[place], later[place + 4]], high, f"low_{place}") for place in (0, 2)]
        return Cat(Mux(amid, low[1], low[0]), amid, delayed(m, self.enable, high, 1, "high_later"))

    def _limits(
        self, m: Module, ladder: thresholds.Ladder, table: tuple[tuple[int, ...], ...], name: str
    ) -> list[Value]:
        """The largest magnitude that isn't beyond each step: constants of the row, shifted, in two cycles."""
        enable, width = self.enable, len(self.x.magnitude)
        columns = list(zip(*table, strict=True))
        shift = self.terms.shift
        coarse = delayed(m, enable, shift[2:], 1, f"{name}_coarse")
        shifted: dict[tuple[int, ...], Value] = {}
        limits: list[Value] = []
        for step in reversed(range(len(columns))):
            column = columns[step]
            # A step to twice another's magnitude has twice its thresholds.
            for down in range(6):
                known = next((c for c in shifted if tuple(v >> down for v in c) == column), None)
                if known is not None:
                    value = shifted[known] >> down
                    break
            else:
                bits = max(column).bit_length()
                fine = Signal(bits, name=f"{name}_fine_{step}", reset_less=True)
                value = Signal(bits, name=f"{name}_{step}", reset_less=True)
                with m.If(enable):
                    m.d.sync += [
                        fine.eq(lookup(self.terms.row, column, bits) >> shift[:2]),
                        value.eq(fine >> (coarse << 2)),
                    ]
                shifted[column] = value
            over = value[width:]
            limits.append(Mux(over.any(), Const(-1, width), value[:width]) if len(over) else value)
        return limits[::-1]
