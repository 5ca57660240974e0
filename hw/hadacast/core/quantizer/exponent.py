"""Power-of-two scales: a leading one, and shifts (hadacast.scale.exponent)."""

from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data

from hadacast.core.quantizer.leading import LeadingOne
from hadacast.core.quantizer.rounder import Rounder, minifloat_code, rounds_up
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit, delayed
from hadacast.minifloat import Minifloat
from hadacast.scale.exponent_plan import plan, rises_from
from hadacast.scale.scale import NAN_EXPONENT
from hadacast.spec.quantize import Quantize

# A register behind so many steps of a shifter: a step is a multiplexer.
SHIFTS = 3


class ExponentGroup(GroupUnit):
    """The scale is the leading one of the largest magnitude, and a comparison of what follows it."""

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        return data.StructLayout({"distance": range(plan(spec).most + 1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        laid = plan(self.spec)
        leading = m.submodules.leading = LeadingOne(laid.width, laid.width if laid.rises else 1)
        m.d.comb += [leading.enable.eq(self.enable), leading.i.eq(self.i.amax)]
        exponent: Value = Const(0)
        if self.spec.floating:
            exponent = delayed(m, self.enable, self.i.exponent, leading.latency, "exponent")
        zeros, nonzero, up = leading.zeros, leading.top[-1], Const(0, 1)
        if laid.rises:
            lower = Signal(signed(12))
            m.d.comb += lower.eq(laid.width - 1 + laid.offset - zeros + exponent)
            rises = self._rises(leading.top, lower)
            later = delayed(m, self.enable, Cat(nonzero, rises, zeros, exponent), 1, "compared")
            nonzero, up, zeros, exponent = (
                later[0],
                later[1],
                later[2 : 2 + len(zeros)],
                later[2 + len(zeros) :],
            )

        # k + up + offset is the code; W - 1 - k - up + base the distance.
        code, distance = Signal(signed(12)), Signal(signed(12))
        m.d.comb += [
            code.eq(laid.width - 1 + laid.offset - zeros + up + exponent),
            distance.eq(laid.base + zeros - up),
        ]
        if laid.held:
            code, distance = self._held(m, code, distance, nonzero, exponent)
        else:
            code, distance = Mux(nonzero, code, 0)[:8], distance.as_unsigned()
        scale = Signal.like(self.sides.scale, reset_less=True)
        terms = Signal.like(self.terms.distance, reset_less=True)
        with m.If(self.enable):
            m.d.sync += [scale.eq(code), terms.eq(distance)]
        m.d.comb += [self.sides.scale.eq(scale), self.terms.distance.eq(terms)]
        return m

    def _rises(self, top: Value, code: Value) -> Value:
        """Whether the mantissa, a number with its leading one at the top, is beyond the rule's bound, which
        can depend on the scale's code."""

        def reaches(least: int) -> Value:
            return top >= least if least >> len(top) == 0 else Const(0, 1)

        (_, first), *others = rises_from(self.spec)
        rises = reaches(first)
        for start, least in others:
            rises = Mux(code >= start, reaches(least), rises)
        return rises

    def _held(
        self, m: Module, code: Value, distance: Value, nonzero: Value, exponent: Value
    ) -> tuple[Value, Value]:
        """The scale's code held in 0 … 254, and the distance that goes with it.

        Where the code is held, the distance doesn't depend on the group, for what it is in input steps is
        given: code + distance is the same for all groups of a frame.
        """
        laid, highest = plan(self.spec), NAN_EXPONENT - 1
        least = self.spec.scale.least_code  # type: ignore[attr-defined]
        always = laid.base + laid.width - 1 + laid.offset

        def limited(value: Value, name: str) -> Value:
            whole, result = Signal(signed(12), name=f"{name}_whole"), Signal(range(laid.most + 1), name=name)
            m.d.comb += [
                whole.eq(value),
                result.eq(Mux(whole < 0, 0, Mux(whole > laid.most, laid.most, whole.as_unsigned()))),
            ]
            return result

        invalid = exponent == NAN_EXPONENT if self.spec.floating else Const(0, 1)
        values = (
            *(code, distance.as_unsigned()[: len(self.terms.distance)], nonzero, invalid),
            limited(always - least + exponent, "low"),
            limited(always - highest + exponent, "high"),
        )
        late = [delayed(m, self.enable, v, 1, f"held_{i}") for i, v in enumerate(values)]
        code, distance, nonzero, invalid, low, high = late
        below, above = code < (1 if least else 0), code > highest
        held = Mux(~nonzero | below, 0, Mux(above, highest, code.as_unsigned()[:8]))
        return Mux(invalid, NAN_EXPONENT, held), Mux(below, low, Mux(above, high, distance))


class ExponentElement(ElementUnit):
    """An element is shifted left by the group's distance, or to its own leading one, and rounded."""

    GROUP: ClassVar[type[GroupUnit] | None] = ExponentGroup

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        laid = plan(self.spec)
        self.random_bits = [self.random] if self.spec.rounding == "stochastic" else []
        magnitude, self.negative, self.distance = self.x.magnitude, self.x.negative, self.terms.distance
        if laid.more:
            # Three times, in a register of its own.
            beside = [self.negative, self.distance, *self.random_bits]
            magnitude, self.negative, self.distance, *self.random_bits = self._later(
                m, [magnitude + (magnitude << 1), *beside], "thrice"
            )
        window = Cat(Const(0, laid.padding), magnitude, Const(0, laid.headroom))
        if laid.own:
            self._own(m, window)
        else:
            self._common(m, window)
        return m

    def _step(self, m: Module, value: Value, step: int, shifts: Value) -> tuple[Value, Value]:
        """`value` shifted left by 2^step or not: what can still reach the top that is kept, and whether
        anything was below."""
        distance, width = 1 << step, len(value)
        kept = min(width, plan(self.spec).kept + distance - 1)
        shifted = Cat(Const(0, distance), value)[:width]
        moved, lost = Signal(kept, name=f"moved_{step}"), Signal(name=f"lost_{step}")
        m.d.comb += [
            moved.eq(Mux(shifts, shifted[width - kept :], value[width - kept :])),
            lost.eq(Mux(shifts, shifted[: width - kept].any(), value[: width - kept].any())),
        ]
        return moved, lost

    def _later(self, m: Module, values: list[Value], name: str) -> list[Value]:
        return [delayed(m, self.enable, v, 1, f"{name}_{i}") for i, v in enumerate(values)]

    def _common(self, m: Module, value: Value) -> None:
        """All elements of the group go the same way."""
        laid = plan(self.spec)
        steps = laid.most.bit_length()
        distance: Value = self.distance
        sticky, over = Const(0, 1), Const(0, 1)
        beside = [self.negative, *self.random_bits]
        for done, step in enumerate(reversed(range(steps)), 1):
            # The highest steps that a group held below its own scale takes stay in the headroom.
            if laid.beyond >> step << step > laid.headroom:
                over = over | (distance[step] & value[-(1 << step) :].any())
            value, lost = self._step(m, value, step, distance[step])
            sticky = sticky | lost
            if done % SHIFTS == 0 or not step:
                value, sticky, over, distance, *beside = self._later(
                    m, [value, sticky, over, distance[:step], *beside], f"shifted_{step}"
                )
        rounder = m.submodules.rounder = Rounder(self.spec, laid.top + 1)
        m.d.comb += [
            rounder.enable.eq(self.enable),
            rounder.quotient.eq(value[-laid.kept :]),
            rounder.sticky.eq(sticky),
            rounder.over.eq(over),
            rounder.negative.eq(beside[0]),
            self.code.eq(rounder.code),
        ]
        if self.random_bits:
            m.d.comb += rounder.random.eq(beside[1])

    def _own(self, m: Module, value: Value) -> None:
        """An element goes as far as it has zeros at the top, but not beyond the group's distance."""
        laid, code = plan(self.spec), self.spec.code
        assert isinstance(code, Minifloat)
        distance: Value = self.distance
        if len(distance) <= laid.steps:
            distance = Cat(distance, Const(0, laid.steps + 1 - len(distance)))
        # Bits of how far it goes, and whether those so far are the distance's: then it may go less only.
        gone: list[Value] = []
        equal: Value = ~distance[laid.steps :].any()
        sticky: Value = Const(0, 1)
        beside = [self.negative, *self.random_bits]
        for step in reversed(range(laid.steps)):
            goes, tight = Signal(name=f"goes_{step}"), Signal(name=f"equal_{step}")
            m.d.comb += [
                goes.eq(~value[-(1 << step) :].any() & (~equal | distance[step])),
                tight.eq(equal & (goes == distance[step])),
            ]
            value, lost = self._step(m, value, step, goes)
            equal, sticky, gone = tight, sticky | lost, [goes, *gone]
            if step in laid.own_registers:
                later = [value, sticky, equal, distance, *beside, *gone]
                value, sticky, equal, distance, *later = self._later(m, later, f"shifted_{step}")
                beside, gone = later[: len(beside)], later[len(beside) :]

        fraction = len(value) - code.mantissa - 1
        kept, rest = value[fraction:], value[:fraction]
        random = beside[1] if self.random_bits else None
        up = rounds_up(self.spec, kept, rest, sticky, beside[0], random)
        # What is left of the distance is the exponent; it is 0 without a leading one at the top.
        exponent = (distance - Cat(*gone) + int(code.subnormal))[: len(distance)]
        normal, mantissa, up, exponent, negative = self._later(
            m, [kept[-1], kept[:-1], up, Mux(kept[-1], exponent, 0), beside[0]], "rounding"
        )
        found = minifloat_code(self.spec, exponent, mantissa, up, negative, Const(0, 1))
        if not code.subnormal:
            found = Mux(normal, found, Cat(Const(0, code.magnitude_bits), negative & bool(code.sign)))
        m.d.comb += self.code.eq(self._later(m, [found], "code")[0])
