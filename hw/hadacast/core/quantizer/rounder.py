"""The last step of every quantizer: round a quotient to a code."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import code_shape
from hadacast.format import Format
from hadacast.minifloat import Minifloat
from hadacast.rounding import RANDOM_BITS
from hadacast.scale.latency import fraction_bits, normalizing_steps, rounder_latency
from hadacast.spec.quantize import Quantize

# Up to so many bits, look-up tables are fewer and faster than a carry chain.
MAX_GATES = 5


def incremented(value: Value, up: Value) -> Value:
    """value + up, with a carry out."""
    if len(value) > MAX_GATES:
        return value + up
    return Cat(value ^ Cat(up, *(up & value[:i].all() for i in range(1, len(value)))), up & value.all())


def rounds_up(
    spec: Quantize, kept: Value, rest: Value, sticky: Value, negative: Value, random: Value | None
) -> Value:
    """Whether a magnitude `kept` + 0.`rest` is rounded to kept + 1, under spec.rounding.

    `rest` has fraction_bits(spec.rounding) bits; `sticky` stands for all that is below them.
    """
    match spec.rounding:
        case "even":
            return rest[-1] & (rest[:-1].any() | sticky | kept[0])
        case "away":
            return rest[-1]
        case "up":
            return rest[-1] & (rest[:-1].any() | sticky | ~negative)
        case "zero":
            return Const(0)
        case _:
            assert random is not None
            return (rest + random)[RANDOM_BITS]


def integer_code(spec: Quantize, steps: Value, up: Value, negative: Value, over: Value) -> Value:
    """The code of `steps` + `up`, an integer magnitude, under spec.overflow and spec.narrow; `over`: it is
    beyond any code."""
    code = spec.code
    assert isinstance(code, Format)
    magnitude_bits = code.width - code.signed
    # -(steps + up) = ~steps + (1 - up): one adder for either sign.
    low = Cat(steps, Const(0, code.width))[: code.width]
    signed = ((low ^ negative.replicate(code.width)) + (up ^ negative))[: code.width]
    if spec.overflow == "wrap":
        return signed
    # At 2^magnitude_bits both signs saturate: the most negative code is what comes out then.
    beyond = over | steps[magnitude_bits:].any() | (low[:magnitude_bits].all() & up)
    if not code.signed:
        return Mux(negative, 0, Mux(beyond, code.max, signed))
    lowest = -code.max if spec.narrow else code.min
    return Mux(beyond, Mux(negative, Const(lowest, code.width), Const(code.max, code.width)), signed)


def minifloat_code(
    spec: Quantize, exponent: Value, mantissa: Value, up: Value, negative: Value, over: Value
) -> Value:
    """The code of (exponent, mantissa) + up, a magnitude, under spec.overflow; `over`: it is beyond any.

    exponent: biased, any width. mantissa: its bits without the leading one. A carry out of the mantissa bumps
    the exponent by itself.
    """
    code = spec.code
    assert isinstance(code, Minifloat)
    bits = code.magnitude_bits
    value = Cat(mantissa, exponent)
    magnitude = incremented(value, up)
    # Beside the adder, not behind it.
    beyond = over | (value > code.max_code) | ((value == code.max_code) & up)
    top = {"saturate": code.max_code, "nan": code.nan_code, "inf": code.inf_code}[spec.overflow]
    result = Mux(beyond, Const(top, bits), Cat(magnitude, Const(0, bits))[:bits])
    return Cat(result, negative) if code.sign else Mux(negative, 0, result)


class Rounder(Component):
    """Rounds a quotient, sign and magnitude, to a code of spec.code: a pipe.

    The quotient is in units of the code: steps of an integer format, 2^unit of a minifloat. Exact for
    spec.rounding, spec.overflow and spec.narrow, as hadacast.rounding.to_codes is.

    Parameters
    ----------
    spec: of the stage. integer: I, bits of the quotient above the unit, 1 or more.

    Members
    -------
    enable: registers move on.
    negative: the sign.
    quotient: the magnitude, I + F bits, F = fraction_bits(spec.rounding) of them below the unit.
    sticky: whether anything is left below those.
    over: the magnitude is 2^I or more, beyond any code, and quotient is anything; integers that wrap don't
        look at it, and want the low bits in quotient as always.
    random: 8 bits for this element; only where rounding is stochastic.
    code: the result (code_shape), from a register.

    Attributes
    ----------
    fraction: F.
    latency: enabled cycles from the quotient to the code, hadacast.scale.latency.rounder_latency.
    """

    def __init__(self, spec: Quantize, integer: int):
        self.spec = spec
        self.integer = integer
        self.fraction = fraction_bits(spec.rounding)
        self.latency = rounder_latency(spec, integer)
        ports = {
            "enable": In(1),
            "negative": In(1),
            "quotient": In(integer + self.fraction),
            "sticky": In(1),
            "over": In(1),
            "code": Out(code_shape(spec)),
        }
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        random = self.random if self.spec.rounding == "stochastic" else None
        if isinstance(self.spec.code, Minifloat):
            code = self._minifloat(m, random)
        else:
            kept, rest = self.quotient[self.fraction :], self.quotient[: self.fraction]
            up = rounds_up(self.spec, kept, rest, self.sticky, self.negative, random)
            code = integer_code(self.spec, kept, up, self.negative, self.over)
        register = Signal.like(self.code, name="result", reset_less=True)
        with m.If(self.enable):
            m.d.sync += register.eq(code)
        m.d.comb += self.code.eq(register)
        return m

    def _minifloat(self, m: Module, random: Value | None) -> Value:
        """Shift right until nothing is above the mantissa's leading one, and round what is left."""
        code, fraction = self.spec.code, self.fraction
        assert isinstance(code, Minifloat)
        quotient, sticky = self.quotient, self.sticky
        beside = [self.negative, self.over] if random is None else [self.negative, self.over, random]
        shifts: list[Value] = []  # bits of the shift distance, the highest first
        count = normalizing_steps(code, self.integer)
        pending = self.latency - 1
        for step in reversed(range(count)):
            distance = 1 << step
            far = Signal(name=f"far_{step}")
            m.d.comb += far.eq(quotient[fraction + code.mantissa + distance :].any())
            # Above this, nothing is left behind the step.
            width = min(fraction + code.mantissa + distance, len(quotient))
            moved = Signal(width, name=f"moved_{step}")
            lost = Signal(name=f"lost_{step}")
            m.d.comb += [
                moved.eq(Mux(far, quotient[distance:], quotient)),
                lost.eq(sticky | (far & quotient[:distance].any())),
            ]
            quotient, sticky, shifts = moved, lost, [*shifts, far]
            if (pending and (count - step) % 2 == 0) or (pending and step == 0):
                pending -= 1
                quotient, sticky, *rest = self._registered(
                    m, [quotient, sticky, *shifts, *beside], f"step_{step}"
                )
                shifts, beside = rest[: len(shifts)], rest[len(shifts) :]
        assert not pending
        negative, over = beside[:2]
        kept, rest_bits = quotient[fraction:], quotient[:fraction]
        up = rounds_up(
            self.spec, kept, rest_bits, sticky, negative, beside[2] if random is not None else None
        )
        leading = Cat(kept, Const(0, code.mantissa + 1))[code.mantissa]
        mantissa = Cat(kept, Const(0, code.mantissa))[: code.mantissa]
        shift = Cat(*reversed(shifts), Const(0, 1))
        if code.subnormal:
            # A shift other than 0 has found a leading one.
            return minifloat_code(self.spec, shift + leading, mantissa, up, negative, over)
        found = minifloat_code(self.spec, shift, mantissa, up, negative, over)
        return Mux(leading | over, found, Cat(Const(0, code.magnitude_bits), negative & bool(code.sign)))

    def _registered(self, m: Module, values: list[Any], name: str) -> list[Any]:
        later = [Signal.like(v, name=f"{name}_{i}", reset_less=True) for i, v in enumerate(values)]
        with m.If(self.enable):
            m.d.sync += [new.eq(old) for new, old in zip(later, values, strict=True)]
        return later
