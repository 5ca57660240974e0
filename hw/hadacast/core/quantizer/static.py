"""Static scales: each element times a constant ratio of its place."""

from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hadacast.core.fixed_rounder import FixedRounder
from hadacast.core.place_table import PlaceTable
from hadacast.core.quantizer.rounder import Rounder
from hadacast.core.quantizer.unit import ElementUnit, delayed
from hadacast.core.ratio import Ratio
from hadacast.core.right_shift import RightShift
from hadacast.rounding import LIMIT
from hadacast.scale.scale import EXPONENT_BIAS
from hadacast.scale.static_plan import plan


class StaticElement(ElementUnit):
    """code = round(x/s) + z: |x| times 1/s, without a divider, then one shift if frames have exponents.

    hadacast.scale.static_plan lays it out.
    """

    PLACED: ClassVar[bool] = True

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        layout, spec = plan(self.spec), self.spec
        enable = self.enable

        negative = self.x[-1] if spec.element.signed else Const(0)
        magnitude = Signal(layout.largest.bit_length(), reset_less=True)
        with m.If(enable):
            m.d.sync += magnitude.eq((self.x ^ negative.replicate(len(self.x))) + negative)
        ratio = m.submodules.ratio = Ratio(layout.ratio(self.lane))
        m.d.comb += [
            ratio.enable.eq(enable),
            ratio.i.eq(delayed(m, enable, magnitude[: layout.bits], layout.entry - 1, "magnitude")),
        ]
        beyond = magnitude[layout.bits :].any()
        if not ratio.spec.constant:
            table = layout.multipliers(self.lane)
            m.d.comb += ratio.multiplier.eq(self._table(m, table, "multiplier", layout.entry))

        quotient, sticky = self._wait(m, ratio, layout.product - ratio.latency)
        quotient, sticky = self._shifted(m, layout, quotient, sticky)
        self._last(m, layout, quotient, sticky, negative, beyond)
        return m

    def _table(self, m: Module, spec: Any, name: str, cycles: int) -> Value:
        """A table's row, `cycles` behind the place that comes in."""
        table = m.submodules[name] = PlaceTable(spec)
        place = delayed(m, self.enable, self.place, cycles - table.latency, f"{name}_place")
        m.d.comb += [table.enable.eq(self.enable), table.place.eq(place)]
        return table.o

    def _wait(self, m: Module, ratio: Ratio, cycles: int) -> tuple[Value, Value]:
        """The quotient and its sticky bit, as late as those of the slowest lane."""
        both = delayed(m, self.enable, Cat(ratio.sticky, ratio.quotient), cycles, "quotient")
        return both[1:], both[0]

    def _shifted(self, m: Module, layout: Any, quotient: Value, sticky: Value) -> tuple[Value, Value]:
        """The quotient under the frame's exponent: made for the highest one, it goes right from there."""
        if not layout.furthest:
            return quotient, sticky
        distance = Signal(range(layout.furthest + 1), reset_less=True)
        below = layout.highest + EXPONENT_BIAS - self.exponent
        with m.If(self.enable):
            m.d.sync += distance.eq(Mux(below < 0, 0, Mux(below > layout.furthest, layout.furthest, below)))
        shift = m.submodules.shift = RightShift(len(quotient), layout.furthest)
        waits = layout.entry + layout.product - 1
        m.d.comb += [
            shift.enable.eq(self.enable),
            shift.i.eq(quotient),
            shift.sticky.eq(sticky),
            shift.shift.eq(delayed(m, self.enable, distance, waits, "distance")),
        ]
        return shift.o, shift.lost

    def _last(
        self, m: Module, layout: Any, quotient: Value, sticky: Value, negative: Value, beyond: Value
    ) -> None:
        spec = self.spec
        rounder = FixedRounder(layout.rounder) if layout.shifted_zero else Rounder(spec, layout.integer)
        m.submodules.rounder = rounder
        waits = layout.entry + layout.product + layout.shift
        bits = layout.integer + layout.fraction
        whole = Cat(Const(0, layout.gap), quotient)
        if layout.wraps:
            # Beyond this the definition has 0, not the low bits.
            over = whole[LIMIT + layout.fraction :].any()
            whole, sticky = Mux(over, 0, whole), sticky & ~over
        m.d.comb += [
            rounder.enable.eq(self.enable),
            rounder.negative.eq(delayed(m, self.enable, negative, waits, "negative")),
            rounder.quotient.eq(whole[:bits]),
            rounder.sticky.eq(sticky),
            rounder.over.eq(whole[bits:].any() | delayed(m, self.enable, beyond, waits - 1, "beyond")),
        ]
        if spec.rounding == "stochastic":
            m.d.comb += rounder.random.eq(delayed(m, self.enable, self.random, waits, "random"))
        if len(layout.zeros) > 1:
            m.d.comb += rounder.zero.eq(self._table(m, layout.zero_table(self.lane), "zero", waits))
        m.d.comb += self.code.eq(rounder.o if layout.shifted_zero else rounder.code)
