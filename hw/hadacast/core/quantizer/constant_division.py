"""Long division by a constant."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import delayed
from hadacast.scale.division import TABLE_BITS, constant_division_latency


class ConstantDivision(Component):
    """floor of (i/2^(width-1)) / (divisor/2^(B-1)) · 2^(digits-1), B the bits of the divisor: a pipe.

    Parameters
    ----------
    width: bits of i. divisor: a constant of B bits, 2 or more. digits: bits of the quotient.

    Members
    -------
    enable: registers move on.
    i: a number below 2^width whose highest bit is 1, or 0. o: the quotient. sticky: whether there is a
    remainder.
    """

    def __init__(self, width: int, divisor: int, digits: int):
        self.divisor, self.digits = divisor, digits
        self.latency = constant_division_latency(divisor, digits)
        super().__init__({"enable": In(1), "i": In(width), "o": Out(digits), "sticky": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits = self.divisor.bit_length()
        # As many bits as are brought down, and those that only the sticky bit sees.
        used = bits + self.digits - 1
        number = Cat(Const(0, max(used - len(self.i), 0)), self.i)
        below: Value = Signal(name="left")
        m.d.comb += below.eq(number[: len(number) - used].any())
        number = number[len(number) - used :]
        waiting: Value = number[: self.digits - 1]
        rest: Value = number[self.digits - 1 :]
        quotient: list[Value] = []
        per_register = 2 if bits <= TABLE_BITS else 1
        for step in range(self.digits):
            digit, left = Signal(name=f"digit_{step}"), Signal(bits, name=f"left_{step}")
            if bits <= TABLE_BITS:
                with m.Switch(rest):
                    for value in range(min(2 * self.divisor, 1 << len(rest))):
                        with m.Case(value):
                            m.d.comb += [digit.eq(value >= self.divisor), left.eq(value % self.divisor)]
            else:
                m.d.comb += [
                    digit.eq(rest >= self.divisor),
                    left.eq(Mux(digit, rest - self.divisor, rest)),
                ]
            quotient.append(digit)
            last = step == self.digits - 1
            rest = left if last else Cat(waiting[-1], left)
            waiting = waiting if last else waiting[:-1]
            if (step + 1) % per_register == 0 or last:
                rest = delayed(m, self.enable, rest, 1, f"rest_{step}")
                below = delayed(m, self.enable, below, 1, f"below_{step}")
                quotient = [delayed(m, self.enable, q, 1, f"q_{step}_{i}") for i, q in enumerate(quotient)]
                if len(waiting):
                    waiting = delayed(m, self.enable, waiting, 1, f"waiting_{step}")
        m.d.comb += [self.o.eq(Cat(*reversed(quotient))), self.sticky.eq(below | rest.any())]
        return m
