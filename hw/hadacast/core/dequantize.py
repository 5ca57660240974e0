"""The hardware of the inverse of a quantizer."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed

from hadacast.core.dequantizer.split import Parts, magnitude, split
from hadacast.core.elementwise import Elementwise
from hadacast.core.fixed_rounder import FixedRounder
from hadacast.core.multiplier import Multiplier
from hadacast.core.place_table import PlaceTable
from hadacast.core.ratio import Ratio
from hadacast.core.right_shift import RightShift
from hadacast.core.shift import shifted
from hadacast.right_shift import all_ones
from hadacast.table import Table


class Dequantize(Elementwise):
    """The hardware of a Dequantize spec; hadacast.spec.dequantize_plan lays it out."""

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        return [_Lane(self, m, enable, place, lane).result() for lane in range(self.spec.lanes)]


class _Lane:
    """One lane's pipe, stage by stage. `at` is how many cycles behind the beat a value is."""

    def __init__(self, stage: Dequantize, m: Module, enable: Value, place: Value, lane: int):
        self.stage, self.m, self.enable, self.place, self.lane = stage, m, enable, place, lane
        self.plan = stage.spec.plan
        self.block = self.plan.block

    def later(self, value: Value, cycles: int, name: str) -> Value:
        return shifted(self.m, self.enable, value, cycles, f"{name}_{self.lane}")

    def side(self, name: str) -> Value:
        """A side of the lane's group, as it comes in."""
        slots = self.stage.i.p[name]
        value = slots[self.lane // self.block.group if self.block.group < self.stage.spec.lanes else 0]
        return Value.cast(value)

    def part(self, component: Any, name: str) -> Any:
        """A submodule, enabled with everything else."""
        self.m.submodules[f"{name}_{self.lane}"] = component
        self.m.d.comb += component.enable.eq(self.enable)
        return component

    def table(self, spec: Any, at: int, name: str) -> Value:
        """A PlaceTable's row of this beat, `at` cycles behind it."""
        table = self.part(PlaceTable(spec), name)
        self.m.d.comb += table.place.eq(self.later(self.place, at - table.latency, f"{name}_place"))
        return table.o

    def result(self) -> Value:
        plan, m = self.plan, self.m
        at = plan.entry
        element = self._element()
        scale = self._split_side("scale", plan.scale)
        negative = element.negative ^ scale.negative
        nan = element.nan | scale.nan
        inf = element.inf | scale.inf
        if plan.elements[0].special or len(plan.elements) > 1 or plan.scale is not None:
            nan = nan | (element.inf & (scale.significand == 0))
            nan = nan | (scale.inf & ~element.inf & (element.significand == 0))
        offset = None
        if plan.floating_offset:
            offset = self._split_side("offset", plan.offset)
            nan = nan | offset.nan | (inf & offset.inf & (negative != offset.negative))
        exponent = (element.exponent + scale.exponent)[: plan.largest_exponent.bit_length() + 1]

        product: Value = element.significand
        if plan.scale_bits:
            times = self.part(Multiplier(plan.largest.bit_length(), plan.scale_bits), "product")
            m.d.comb += [times.a.eq(element.significand), times.b.eq(scale.significand)]
            product = times.o
        at += plan.multiplication
        quotient, sticky = self._gain(product, at)
        at += plan.gain
        sign = self.later(negative, at - plan.entry, "negative")

        distance: Value = Const(0, 1)
        if plan.floating_offset:
            assert offset is not None
            empty = (element.significand == 0) | (scale.significand == 0)
            quotient, sticky, sign, distance = self._floating(quotient, sign, exponent, empty, offset, at)
            at += plan.addition
            negative = Mux(inf, negative, offset.negative)
            inf = inf | offset.inf
        elif plan.fixed_offset:
            quotient, sticky, sign = self._fixed(quotient, sticky, sign, at)
            at += plan.addition
        elif plan.furthest:
            distance = self._distance(exponent, plan.highest, at)
        if plan.furthest:
            shift = self.part(RightShift(len(quotient), plan.furthest), "shift")
            m.d.comb += [shift.i.eq(quotient), shift.sticky.eq(sticky), shift.shift.eq(distance)]
            quotient, sticky = shift.o, shift.lost
            sign = self.later(sign, plan.shift, "shifted_sign")
        at += plan.shift

        # Below the bits that rounding looks at there may be more of a sum with an offset.
        extra = plan.fraction - plan.rounder.fraction
        sticky, quotient = sticky | quotient[:extra].any(), quotient[extra:]
        waits = at - plan.entry
        nan, inf, special_sign = (
            self.later(value, waits, name)
            for value, name in ((nan, "nan"), (inf, "inf"), (negative, "special"))
        )
        rounder = self.part(FixedRounder(plan.rounder), "rounder")
        bits = len(rounder.quotient)
        m.d.comb += [
            rounder.negative.eq(Mux(inf, special_sign, sign)),
            rounder.quotient.eq(Mux(nan, 0, quotient[:bits])),
            rounder.sticky.eq(sticky & ~nan),
            rounder.over.eq((quotient[bits:].any() | inf) & ~nan),
        ]
        return rounder.o

    def _element(self) -> Parts:
        """The element's parts, `plan.entry` cycles behind the beat."""
        plan, block = self.plan, self.block
        code: Value = self.stage.i.p.data[self.lane]
        none = Const(0, 1)
        if isinstance(block.element, Table) or plan.zeros:
            number = self._number(code)
            negative, size = magnitude(number)
            found = Parts(negative, size[: plan.largest.bit_length()], none, none, none)
        else:
            found = split(plan.elements[0], code)
            if block.wide is not None:
                found = found.chosen(self.side("wide"), split(plan.elements[1], code))
        return found.registered(self.m, self.enable, plan.entry - plan.before_entry, f"element_{self.lane}")

    def _number(self, code: Value) -> Value:
        """A table's number, or a code without its zero points: `plan.before_entry` cycles behind the beat."""
        plan, block, m = self.plan, self.block, self.m
        if isinstance(block.element, Table):
            values = self.part(PlaceTable(plan.values()), "values")
            m.d.comb += values.place.eq(code)
            return values.o
        waits = plan.before_entry - 1
        number = self.later(code, waits, "code")
        if block.zero is not None:
            number = number - self.later(self._signed(self.side("zero"), block.zero.signed), waits, "zero")
        if any(block.zero_point):
            number = number - self.table(plan.zero_points(self.lane), waits, "zero_point")
        low, high = plan.numbers
        register = Signal(
            signed(max((~low).bit_length() if low < 0 else 0, max(high, 0).bit_length()) + 1),
            name=f"number_{self.lane}",
            reset_less=True,
        )
        with m.If(self.enable):
            m.d.sync += register.eq(number)
        return register

    @staticmethod
    def _signed(value: Value, is_signed: bool) -> Value:
        return value.as_signed() if is_signed else value.as_unsigned()

    def _split_side(self, name: str, item: Any) -> Parts:
        """A side's parts, with those of the element; 1 where there is no such side."""
        if item is None:
            return Parts(Const(0, 1), Const(1, 1), Const(0, 1), Const(0, 1), Const(0, 1))
        found = split(item, self.side(name))
        return found.registered(self.m, self.enable, self.plan.entry, f"{name}_{self.lane}")

    def _gain(self, product: Value, at: int) -> tuple[Value, Value]:
        """The product times the gain, floor and sticky bit, `plan.gain` cycles later."""
        plan, m = self.plan, self.m
        ratio = self.part(Ratio(plan.ratio(self.lane)), "gain")
        m.d.comb += ratio.i.eq(product)
        if plan.selects and not ratio.spec.constant:
            narrow, wide = ratio.spec.multipliers
            chosen = Signal(ratio.spec.multiplier_bits, name=f"multiplier_{self.lane}", reset_less=True)
            flag = self.later(self.side("wide"), at - 1, "flag")
            with m.If(self.enable):
                m.d.sync += chosen.eq(Mux(flag, wide, narrow))
            m.d.comb += ratio.multiplier.eq(chosen)
        elif not ratio.spec.constant:
            m.d.comb += ratio.multiplier.eq(self.table(plan.multipliers(self.lane), at, "multiplier"))
        both = self.later(Cat(ratio.sticky, ratio.quotient), plan.gain - ratio.latency, "quotient")
        return both[1:], both[0]

    def _distance(self, exponent: Value, highest: int, at: int) -> Value:
        """How far a quotient goes right: from exponents with the element's parts to cycle `at`."""
        plan, m = self.plan, self.m
        below = highest - exponent
        distance = Signal(range(plan.furthest + 1), name=f"distance_{self.lane}", reset_less=True)
        with m.If(self.enable):
            m.d.sync += distance.eq(Mux(below < 0, 0, Mux(below > plan.furthest, plan.furthest, below)))
        return self.later(distance, at - plan.entry - 1, "distance")

    def _clamped(self, number: Value, largest: int, name: str) -> Value:
        """A difference kept within 0 … largest, two cycles later."""
        m = self.m
        number = self.later(number, 1, f"{name}_difference")
        register = Signal(range(largest + 1), name=f"{name}_{self.lane}", reset_less=True)
        with m.If(self.enable):
            m.d.sync += register.eq(Mux(number < 0, 0, Mux(number > largest, largest, number)))
        return register

    def _sum(self, a: Value, b: Value, sticky: Value, width: int) -> tuple[Value, Value]:
        """Sign and magnitude of a sum of floors, three cycles later, both registered."""
        m = self.m
        a, b = self.later(a, 1, "term_a"), self.later(b, 1, "term_b")
        total = Signal(signed(width), name=f"sum_{self.lane}", reset_less=True)
        size = Signal(width, name=f"size_{self.lane}", reset_less=True)
        exact = ~self.later(sticky, 2, "sum_sticky")
        negative = total[-1]
        with m.If(self.enable):
            # |total + something below 1| has the floor ~total if it is inexact, -total if not.
            m.d.sync += [total.eq(a + b), size.eq((total ^ negative.replicate(width)) + (negative & exact))]
        return self.later(negative, 1, "sum_sign"), size

    def _floor(self, size: Value, negative: Value, sticky: Value) -> Value:
        """±(size + something below 1 if sticky), rounded down."""
        wide = Cat(size, Const(0, 1))
        return ((wide ^ negative.replicate(len(wide))) + (negative & ~sticky))[: len(wide)].as_signed()

    def _fixed(self, quotient: Value, sticky: Value, sign: Value, at: int) -> tuple[Value, Value, Value]:
        """A quotient plus a fixed-point offset."""
        plan = self.plan
        bits = plan.sum_integer + plan.fraction
        over = quotient[bits:].any()
        # Beyond `bits` any product saturates, whatever is added: the largest that fits does.
        held = Mux(over, (1 << bits) - 1, Cat(quotient, Const(0, bits))[:bits])
        offset = self._signed(self.side("offset"), self.block.offset.signed)
        offset = Cat(Const(0, plan.offset_shift), self.later(offset, at, "offset"))
        offset = self._signed(offset, self.block.offset.signed)
        total, size = self._sum(self._floor(held, sign, sticky), offset, sticky, bits + 2)
        return size, self.later(sticky, 3, "fixed_sticky"), total

    def _floating(
        self, product: Value, sign: Value, exponent: Value, empty: Value, offset: Parts, at: int
    ) -> tuple[Value, Value, Value, Value]:
        """A product plus a floating-point offset: sum, sticky bit, sign, and how far the sum goes right."""
        plan, m, width = self.plan, self.m, self.plan.accumulator
        base = min(plan.top_of_product, plan.top_of_offset)
        waits = at - plan.entry
        enter = {
            "tops": (exponent + (plan.top_of_product - base), offset.exponent + (plan.top_of_offset - base)),
            "empty": (empty, offset.significand == 0),
        }
        tops = []
        for name, value, nothing in zip(("a", "b"), enter["tops"], enter["empty"], strict=True):
            # A number that is 0 has no top.
            top = Signal(len(value), name=f"top_{name}_{self.lane}", reset_less=True)
            late, late_nothing = self.later(value, waits, f"t{name}"), self.later(nothing, waits, f"z{name}")
            with m.If(self.enable):
                m.d.sync += top.eq(Mux(late_nothing, 0, late))
            tops.append(top)
        highest = Signal(max(map(len, tops)), name=f"highest_{self.lane}", reset_less=True)
        larger = Signal(name=f"larger_{self.lane}", reset_less=True)
        with m.If(self.enable):
            m.d.sync += larger.eq(tops[0] > tops[1])
        tops = [self.later(top, 1, f"top_{name}_held") for top, name in zip(tops, "ab", strict=True)]
        with m.If(self.enable):
            m.d.sync += highest.eq(Mux(larger, *tops))
        tops = [self.later(top, 1, f"top_{name}_late") for top, name in zip(tops, "ab", strict=True)]
        aligned: list[Value] = []
        lost: list[Value] = []
        numbers = (product, self.later(offset.significand, waits, "offset_number"))
        for name, number, top in zip(("product", "offset"), numbers, tops, strict=True):
            distance = self._clamped(highest - top, all_ones(width), f"align_{name}")
            bits = plan.product_bits if name == "product" else plan.offset_bits
            shift = self.part(RightShift(width, all_ones(width)), f"align_{name}")
            entered = Cat(Const(0, width - bits), self.later(number[:bits], 5, f"{name}_number"))
            m.d.comb += [shift.i.eq(entered), shift.shift.eq(distance)]
            aligned.append(shift.o)
            lost.append(shift.lost)
        steps = 5 + shift.latency
        sign_a = self.later(sign, steps, "sign_a")
        sign_b = self.later(offset.negative, waits + steps, "sign_b")
        sticky = lost[0] | lost[1]
        total, size = self._sum(
            self._floor(aligned[0], sign_a, lost[0]),
            self._floor(aligned[1], sign_b, lost[1]),
            sticky,
            width + 2,
        )
        # As with the alignment, this is known when the shifts begin; the sum takes three cycles behind them.
        distance = self._clamped(plan.highest - base - highest, plan.furthest, "distance")
        place = plan.highest - width + plan.fraction
        return (
            Cat(Const(0, place), size),
            self.later(sticky, 3, "float_sticky"),
            total,
            self.later(distance, shift.latency + 3, "float_distance"),
        )
