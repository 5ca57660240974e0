"""The last step of stages that leave fixed point: round, add a zero point, keep to the range."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast import fixed_rounder as spec_module
from hadacast.core.quantizer.rounder import rounds_up
from hadacast.rounding import RANDOM_BITS


class FixedRounder(Component):
    """clamp(±round(quotient) + zero), as a Pipe.

    Members
    -------
    enable: nothing changes while it is low.
    negative, quotient: sign and magnitude, spec.integer bits before the point and spec.fraction behind it.
    sticky: whether anything is left below. over: the magnitude has more bits than `quotient`, which is then
        anything; where results wrap it doesn't matter, and `quotient` has the low bits.
    zero: what is added, in the same cycle; only where there is more than one such number.
    random: 8 random bits, in the same cycle; only where rounding is stochastic.
    o: the result, from a register.
    """

    def __init__(self, spec: spec_module.FixedRounder):
        self.spec = spec
        self.latency = spec.latency
        ports = {
            "enable": In(1),
            "negative": In(1),
            "quotient": In(spec.integer + spec.fraction),
            "sticky": In(1),
            "over": In(1),
            "o": Out(Shape(spec.output.width, spec.output.signed)),
        }
        if len(spec.zeros) > 1:
            ports["zero"] = In(signed(spec.largest_zero.bit_length() + 1))
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec: Any = self.spec
        fraction = spec.fraction
        kept, rest = self.quotient[fraction:], self.quotient[:fraction]
        random = self.random if spec.rounding == "stochastic" else None
        up = rounds_up(spec, kept, rest, self.sticky, self.negative, random)
        rounded = Signal(spec.integer + 1, reset_less=True)
        negative, over = Signal(reset_less=True), Signal(reset_less=True)
        with m.If(self.enable):
            m.d.sync += [rounded.eq(kept + up), negative.eq(self.negative), over.eq(self.over)]
        result = Signal(self.o.shape(), reset_less=True)
        m.d.comb += self.o.eq(result)
        if spec.latency == 2:
            with m.If(self.enable):
                m.d.sync += result.eq(self._clamped(rounded, negative, over))
            return m
        if len(spec.zeros) > 1:
            zero = Signal(self.zero.shape(), name="zero_1", reset_less=True)
            with m.If(self.enable):
                m.d.sync += zero.eq(self.zero)
        else:
            zero = Const(spec.zeros[0], signed(spec.largest_zero.bit_length() + 1))
        moved = Signal(signed(max(spec.integer + 1, len(zero)) + 2), reset_less=True)
        # One adder: the sign carries in from a bit below.
        wide = Cat(negative, rounded ^ negative.replicate(len(rounded)), negative).as_signed()
        total = wide + Cat(negative, zero).as_signed()
        beyond, below = Signal(reset_less=True), Signal(reset_less=True)
        with m.If(self.enable):
            m.d.sync += [
                moved.eq(total >> 1),
                beyond.eq(over & ~negative),
                below.eq(over & negative),
                result.eq(self._limited(moved, beyond, below)),
            ]
        return m

    @property
    def _lowest(self) -> int:
        return -self.spec.output.max if self.spec.narrow else self.spec.output.min

    def _clamped(self, magnitude: Value, negative: Value, over: Value) -> Value:
        """±magnitude in the output's range: both signs saturate at the same magnitude, but for a bit."""
        output = self.spec.output
        code = (
            Cat(magnitude, Const(0, output.width))[: output.width] ^ negative.replicate(output.width)
        ) + negative
        if self.spec.overflow == "wrap":
            return code[: output.width]
        beyond = over | magnitude[output.width - output.signed :].any()
        if not output.signed:
            return Mux(negative, 0, Mux(beyond, output.max, code[: output.width]))
        return Mux(beyond, Mux(negative, self._lowest, output.max), code[: output.width].as_signed())

    def _limited(self, number: Value, beyond: Value, below: Value) -> Value:
        """A signed number in the output's range; `beyond`, `below`: it is out of it on that side anyway."""
        output = self.spec.output
        if self.spec.overflow == "wrap":
            return number[: output.width]
        sign = number[-1]
        if output.signed:
            high = number[output.width - 1 :]
            too_low = sign & ~high.all()
            if self.spec.narrow:
                too_low = too_low | (sign & (number[: output.width - 1] == 0))
            too_high = ~sign & high.any()
        else:
            too_low, too_high = sign, ~sign & number[output.width :].any()
        kept = number[: output.width]
        kept = kept.as_signed() if output.signed else kept
        return Mux(too_high & ~below | beyond, output.max, Mux(too_low | below, self._lowest, kept))
