"""The hardware of stages that multiply by constants: round, add a zero point, saturate."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hadacast.core.elementwise import Elementwise
from hadacast.core.fixed_rounder import FixedRounder
from hadacast.core.place_table import PlaceTable
from hadacast.core.ratio import Ratio
from hadacast.core.right_shift import RightShift
from hadacast.core.shift import shifted


class Scaled(Elementwise):
    """The hardware of a spec with a ScaledPlan (hadacast.spec.scaled_plan)."""

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        return [self._lane(m, enable, place, lane) for lane in range(self.spec.lanes)]

    def written(self, m: Module, enable: Value, place: Value, lane: int) -> Value:
        """Magnitude and sign of a lane's factor that can be changed, `plan.entry` enabled cycles behind the
        place."""
        raise NotImplementedError

    def _lane(self, m: Module, enable: Value, place: Value, lane: int) -> Value:
        plan = self.spec.plan
        x = self.i.p.data[lane]
        negative = x[-1] if plan.element.signed else Const(0, 1)
        ratio = Ratio(plan.ratio(lane))
        magnitude = Signal(plan.largest.bit_length(), name=f"magnitude_{lane}", reset_less=True)
        with m.If(enable):
            m.d.sync += magnitude.eq((x ^ negative.replicate(len(x))) + negative)

        def later(value: Value, cycles: int, name: str) -> Value:
            return shifted(m, enable, value, cycles, f"{name}_{lane}")

        def part(component: Any, name: str) -> Any:
            m.submodules[f"{name}_{lane}"] = component
            m.d.comb += component.enable.eq(enable)
            return component

        def table(spec: Any, at: int, name: str) -> Value:
            found = part(PlaceTable(spec), name)
            m.d.comb += found.place.eq(later(place, at - found.latency, f"{name}_place"))
            return found.o

        at = plan.entry
        part(ratio, "ratio")
        m.d.comb += ratio.i.eq(later(magnitude[: plan.bits], at - 1, "entered"))
        beyond = magnitude[plan.bits :].any()
        negative = later(negative, at, "own_sign")
        if plan.code_bits:
            row = self.written(m, enable, place, lane)
            m.d.comb += ratio.multiplier.eq(row[: plan.code_bits])
            negative = negative ^ row[plan.code_bits]
        else:
            if not ratio.spec.constant:
                m.d.comb += ratio.multiplier.eq(table(plan.multipliers(lane), at, "multiplier"))
            if any(plan.negative):
                negative = negative ^ table(plan.sign_table(lane), at, "sign")[0]
        entered = at
        both = later(Cat(ratio.sticky, ratio.quotient), plan.product - ratio.latency, "quotient")
        sticky, quotient = both[0], both[1:]
        at += plan.product
        if plan.shifts is not None:
            # The first of two roundings, half up, to a whole number; then a shift, with one bit to round by.
            up = quotient[0] & (sticky | ~later(negative, at - entered, "first_sign"))
            whole = Signal(len(quotient), name=f"whole_{lane}", reset_less=True)
            with m.If(enable):
                m.d.sync += whole.eq(quotient[1:] + up)
            shift = part(RightShift(len(whole) + 1, max(plan.shifts)), "shift")
            m.d.comb += [
                shift.i.eq(Cat(Const(0, 1), whole)),
                shift.shift.eq(table(plan.shift_table(lane), at + 1, "distance")),
            ]
            quotient, sticky = shift.o, shift.lost
            at += plan.second
        rounder = part(FixedRounder(plan.rounder), "rounder")
        bits = len(rounder.quotient)
        m.d.comb += [
            rounder.negative.eq(later(negative, at - entered, "negative")),
            rounder.quotient.eq(quotient[:bits]),
            rounder.sticky.eq(sticky),
            rounder.over.eq(quotient[bits:].any() | later(beyond, at - 1, "beyond")),
        ]
        if len(plan.rounder.zeros) > 1:
            m.d.comb += rounder.zero.eq(table(plan.zero_table(lane), at, "zero"))
        return rounder.o
