"""Division by digit recurrence, one quotient bit a register."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.quantizer.unit import delayed
from hadacast.tech.chains import AddSubtract

# What is asked of the remainder: nothing; whether it is 0 behind an odd quotient, which is a tie where the
# lowest digit is a half; whether it is 0 behind an odd or an even one, as a port says; or whether it is 0.
NOTHING, ODD, PARITY, ANY = "nothing", "odd", "parity", "any"


class Recurrence(Component):
    """floor(numerator / (denominator·2^zeros)), non-restoring: each digit adds or subtracts the denominator,
    by the sign of what remains (K. Hwang, "Computer Arithmetic", 1979). A carry chain a digit, as long as
    the denominator; bits below it wait.

    Parameters
    ----------
    numerator: bits of it, sign included. denominator: bits of it. zeros: constant bits 0 below it.
    digits: T, 1 or more. The numerator lies from -2^T times the denominator to 2^T times, exclusive.
    exact: what is asked of the remainder.

    Members
    -------
    enable: all registers wait while it is low.
    numerator, denominator: in the same cycle.
    even: only if the parity is asked; `digits` enabled cycles later.
    quotient: T + 1 bits, signed, `latency` enabled cycles later. With it
    exact: the answer; 0 where nothing is asked.
    remainder: numerator less the denominator times quotient or, where negative, quotient + 1.
    divisor: the denominator again.
    """

    def __init__(self, numerator: int, denominator: int, digits: int, zeros: int = 0, exact: str = NOTHING):
        self.digits = digits
        self.zeros = zeros
        self.asked = exact
        self.latency = digits + (exact != NOTHING)
        ports = {
            "enable": In(1),
            "numerator": In(signed(numerator)),
            "denominator": In(unsigned(denominator)),
            "quotient": Out(signed(digits + 1)),
            "exact": Out(1),
            "remainder": Out(signed(denominator + zeros + 1)),
            "divisor": Out(unsigned(denominator)),
        }
        if exact == PARITY:
            ports["even"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        rest: Value = self.numerator
        below: Value = self.denominator
        width = len(below) + 1
        signs = [rest[-1]]  # highest first; each as old as the latest
        for step in range(self.digits):
            lowest = self.digits - 1 - step + self.zeros
            chain = m.submodules[f"step_{step}"] = AddSubtract(width)
            following = Signal(signed(lowest + width), name=f"rest_{step + 1}", reset_less=True)
            extended = Signal(signed(max(len(rest), lowest + width)), name=f"extended_{step}")
            m.d.comb += [
                extended.eq(rest),
                chain.a.eq(extended[lowest : lowest + width]),
                chain.b.eq(below),
                chain.subtract.eq(~rest[-1]),
            ]
            with m.If(self.enable):
                m.d.sync += following.eq(Cat(extended[:lowest], chain.o))
            before, below = below, delayed(m, self.enable, below, 1, f"below_{step}")
            signs = [delayed(m, self.enable, sign, 1, f"sign_{step}_{i}") for i, sign in enumerate(signs)]
            rest = following
            signs.append(rest[-1])
        final: list[Value] = [*signs, rest, below]
        if self.asked != NOTHING:
            zero = Signal()
            with m.If(self.enable):
                m.d.sync += zero.eq(self._exact(m, rest, before))
            m.d.comb += self.exact.eq(zero)
            final = [delayed(m, self.enable, value, 1, f"final_{i}") for i, value in enumerate(final)]
        *signs, rest, below = final
        m.d.comb += [
            # A step's sign is a digit ±1; together, an offset number whose offset is the highest digit's.
            self.quotient.eq(Cat(*(~sign for sign in reversed(signs[1:])), signs[0])),
            self.remainder.eq(rest),
            self.divisor.eq(below),
        ]
        return m

    def _exact(self, m: Module, rest: Value, before: Value) -> Value:
        """A division that comes out leaves 0 behind an odd quotient, minus the denominator behind an even."""
        odd = ~rest.any()
        if self.asked == ODD:
            return odd
        # Lanes with the same denominator share its negative.
        minus = Signal(len(before) + 1, reset_less=True)
        with m.If(self.enable):
            m.d.sync += minus.eq(-before)
        even = (rest[self.zeros :] == minus) & ~rest[: self.zeros].any()
        return Mux(self.even, even, odd) if self.asked == PARITY else odd | even
