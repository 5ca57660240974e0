"""Codes split into sign, significand and exponent."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Value

from hadacast.core.shift import shifted
from hadacast.format import Format
from hadacast.minifloat import Minifloat
from hadacast.significand import Significand


@dataclass
class Parts:
    """±significand·2^exponent, or NaN, or an infinity; significand and exponent are then anything."""

    negative: Value
    significand: Value
    exponent: Value
    nan: Value
    inf: Value

    def registered(self, m: Module, enable: Value, cycles: int, name: str) -> "Parts":
        """These parts some enabled cycles later."""
        return Parts(
            **{key: shifted(m, enable, value, cycles, f"{name}_{key}") for key, value in vars(self).items()}
        )

    def chosen(self, flag: Value, other: "Parts") -> "Parts":
        """`other` where the flag is set."""
        return Parts(**{key: Mux(flag, getattr(other, key), value) for key, value in vars(self).items()})


def magnitude(number: Value) -> tuple[Value, Value]:
    """Sign and magnitude of a number, signed or not."""
    if not number.shape().signed:
        return Const(0, 1), number
    negative = number[-1]
    return negative, ((number ^ negative.replicate(len(number))) + negative)[: len(number)]


def split(item: Significand, code: Value) -> Parts:
    """The parts of a code of a Format or Minifloat, combinational."""
    none = Const(0, 1)
    if isinstance(item.format, Format):
        sign, size = magnitude(code.as_signed() if item.format.signed else code)
        return Parts(sign, size, none, none, none)
    form: Any = item.format
    assert isinstance(form, Minifloat)
    bits = code[: form.magnitude_bits]
    negative = code[form.magnitude_bits] if form.sign else none
    beyond = bits > form.max_code if item.special else none
    inf = bits == form.inf_code if form.inf_code is not None else none
    if not item.floating:
        numbers = Array(Const(form.multiple(k), item.largest.bit_length()) for k in range(form.max_code + 1))
        significand: Value = numbers[bits]
        exponent: Value = none
    else:
        field, low = bits[form.mantissa :], bits[: form.mantissa]
        leading = field.any() if form.subnormal else Const(1, 1)
        significand = Cat(low, leading)
        exponent = (field - leading)[: len(field)] if form.subnormal else field
    return Parts(negative, significand, exponent, beyond & ~inf, inf)
