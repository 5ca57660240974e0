"""Rounds a floating quotient to a minifloat."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import delayed
from hadacast.minifloat import Minifloat
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.division import float_round_latency
from hadacast.scale.latency import fraction_bits


class FloatRound(Component):
    """Rounds ±significand·2^exponent to a code: a pipe. As hadacast.rounding.to_codes.

    Parameters
    ----------
    code: the format. rounding, overflow: as in hadacast.rounding.
    place: its shape. lowest, highest: the least and the greatest exponent of a number other than 0.

    Members
    -------
    enable: registers move on.
    negative: the sign. significand: mantissa + 1 + F bits (F = fraction_bits(rounding)), the highest
        is 1, or all are 0. place: the exponent of the highest bit, in units of 2^code.unit, less the
        mantissa bits. sticky: whether anything is left below the significand. random: 8 bits; only where
        rounding is stochastic.
    o: the code, from a register.
    """

    def __init__(
        self, code: Minifloat, rounding: str, overflow: str, place: Shape, lowest: int, highest: int
    ):
        self.format, self.rounding, self.overflow = code, rounding, overflow
        self.lowest, self.highest = lowest, highest
        self.latency = float_round_latency(code.mantissa, lowest)
        self.fraction = fraction_bits(rounding)
        ports = {
            "enable": In(1),
            "negative": In(1),
            "significand": In(code.mantissa + 1 + self.fraction),
            "place": In(place),
            "sticky": In(1),
            "o": Out(code.width),
        }
        if rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        mantissa, fraction, enable = self.format.mantissa, self.fraction, self.enable
        significand: Value = self.significand
        sticky: Value = self.sticky
        negative: Value = self.negative
        random: Value = self.random if self.rounding == "stochastic" else Const(0, 1)
        width = len(significand)
        # Of the lowest kept bit, which is not below the unit. A zero's is anything.
        most = max(self.highest - mantissa, 1)
        place = Signal(range(most + 1))
        below = self.place[-1]
        m.d.comb += place.eq(Mux(significand[-1] & ~below, self.place, 0))
        kept_place: Value = place
        if self.lowest < mantissa:
            # Down by one more than ~place, if that is below 0; beyond the last bit, by all ones.
            distance = ~self.place
            bits = width.bit_length()
            far = distance[bits:-1].any() if len(distance) > bits + 1 else Const(0, 1)
            held = Cat(distance, Const(0, bits))[:bits] | far.replicate(bits)
            down = held & below.replicate(bits)
            down, below, kept_place, significand, sticky, negative, random = (
                delayed(m, enable, value, 1, f"placed_{index}")
                for index, value in enumerate((down, below, place, significand, sticky, negative, random))
            )
            lost = sticky | (below & significand[0])
            shifted: Value = Mux(below, significand[1:], significand)[:width]
            for step in range(bits):
                by = 1 << step
                lost = lost | (down[step] & shifted[:by].any())
                shifted = Mux(down[step], shifted[by:], shifted)[:width]
            kept_place, significand, sticky, negative, random = (
                delayed(m, enable, value, 1, f"shifted_{index}")
                for index, value in enumerate((kept_place, shifted, lost, negative, random))
            )
        kept, rest = significand[fraction:], significand[:fraction]
        up = self._up(kept, rest, sticky, negative, random)
        magnitude = Signal(range(((most + 2) << mantissa) + 1), reset_less=True)
        if self.format.subnormal:
            total = Cat(Const(0, mantissa), kept_place) + kept + up
        else:
            # The leading one is the lowest exponent's own; nothing is below it.
            total = Mux(kept[-1], Cat(kept[:mantissa], kept_place) + up, 0)
        with m.If(enable):
            m.d.sync += magnitude.eq(total)
        negative = delayed(m, enable, negative, 1, "negative_rounded")
        bits = self.format.magnitude_bits
        top = {
            "saturate": self.format.max_code,
            "nan": self.format.nan_code,
            "inf": self.format.inf_code,
        }[self.overflow]
        found = Mux(magnitude > self.format.max_code, Const(top, bits), Cat(magnitude, Const(0, bits))[:bits])
        result = Signal(self.format.width, reset_less=True)
        with m.If(enable):
            m.d.sync += result.eq(Cat(found, negative) if self.format.sign else Mux(negative, 0, found))
        m.d.comb += self.o.eq(result)
        return m

    def _up(self, kept: Value, rest: Value, sticky: Value, negative: Value, random: Value) -> Value:
        match self.rounding:
            case "even":
                return rest[-1] & (sticky | kept[0])
            case "away":
                return rest[-1]
            case "up":
                return rest[-1] & (sticky | ~negative)
            case "zero":
                return Const(0)
            case _:
                return (rest + random)[RANDOM_BITS]


def place_shape(lowest: int, highest: int, mantissa: int) -> Shape:
    """A signed number that holds both exponents, less the mantissa bits."""
    lowest, highest = lowest - mantissa, highest - mantissa
    return signed(max(max(highest, 0).bit_length(), (-min(lowest, -1)).bit_length()) + 1)
