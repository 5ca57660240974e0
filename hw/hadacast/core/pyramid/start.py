"""The pulses that every element of a group has for certain, and the sums that the others need."""

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.pyramid import pulse
from hadacast.core.pyramid.delay_line import delayed
from hadacast.core.pyramid.multiply import Multiply
from hadacast.core.pyramid.reduce import group_sum
from hadacast.spec.pvq import Pvq


def signed_digits(number: int) -> list[tuple[int, int]]:
    """A positive integer as few powers of two, (place, ±1), no two places adjacent, the largest first."""
    found, place = [], 0
    while number:
        if number & 1:
            digit = 2 - (number & 3)
            found.append((place, digit))
            number -= digit
        number, place = number >> 1, place + 1
    return found[::-1]


class Start(Component):
    """y = floor(K·|x|/L), by a digit of the quotient in each clock, and |x|·y, y·y and the pulses left.

    Members
    -------
    valid: a beat of a group, without gaps within it. magnitude: |x|. first: a group's first beat.
    norm: L, the same in all of a group's beats.
    o_valid, o: the same beat (hadacast.core.pyramid.pulse.layout).

    Attributes
    ----------
    latency: clocks from beat to beat.
    """

    def __init__(self, spec: Pvq):
        self.spec = spec
        self.digits = spec.pulses.bit_length()
        super().__init__(
            {
                "i_valid": In(1),
                "first": In(1),
                "magnitude": In(data.ArrayLayout(spec.magnitude_bits, spec.slot_lanes)),
                "norm": In(spec.norm.width),
                "o_valid": Out(1),
                "o": Out(pulse.layout(spec)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        cycles = self.digits + 2
        norms = [self.norm]
        for cycle in range(self.digits):
            norms.append(Signal(len(self.norm), name=f"norm_{cycle}", reset_less=True))
            m.d.sync += norms[-1].eq(norms[-2])
        valid = Signal(cycles)
        m.d.sync += valid.eq(Cat(self.i_valid, valid))
        zero = Signal(reset_less=True)
        first = delayed(m, "wait_first", self.first, cycles - 1)
        m.d.sync += zero.eq(norms[-1] == 0)
        counts = [self._quotient(m, lane, norms) for lane in range(spec.slot_lanes)]
        starts = Signal(pulse.layout(spec)["count"].shape, reset_less=True)
        for lane, count in enumerate(counts):
            only = Mux(first, spec.pulses, 0) if lane == 0 else 0
            m.d.sync += starts[lane].eq(Mux(zero, only, count))
        magnitude = delayed(m, "wait_magnitude", self.magnitude, cycles)

        # The sums of the group, while its beats wait.
        squares = Array(Const(k * k, (spec.pulses**2).bit_length()) for k in range(spec.pulses + 1))
        products, norm_terms, count_terms = [], [], []
        for lane in range(spec.slot_lanes):
            product = m.submodules[f"product_{lane}"] = Multiply(spec.magnitude_bits, self.digits)
            square = Signal((spec.pulses**2).bit_length(), name=f"square_{lane}")
            m.d.comb += [
                product.a.eq(magnitude[lane]),
                product.b.eq(starts[lane]),
                square.eq(squares[starts[lane]]),
            ]
            products.append(product.o)
            norm_terms.append(delayed(m, f"wait_square_{lane}", square, product.latency))
            count_terms.append(delayed(m, f"wait_count_{lane}", starts[lane], product.latency))
        latency = product.latency
        there = Signal(latency + 1, name="there")
        m.d.comb += there[0].eq(valid[-1])
        m.d.sync += there[1:].eq(there)
        sums = {}
        for name, terms, width in (
            ("along", products, spec.sum_bits),
            ("norm", norm_terms, len(self.o.norm)),
            ("count", count_terms, self.digits),
        ):
            reducer = m.submodules[f"reduce_{name}"] = group_sum(spec, width)
            for lane, term in enumerate(terms):
                m.d.comb += reducer.i[lane].eq(term)
            m.d.comb += reducer.i_valid.eq(there[-1])
            sums[name] = reducer.o
        waits = spec.group_beats + latency + spec.lane_levels
        history = Signal(waits, name="history")
        m.d.sync += history.eq(Cat(valid[-1], history))
        m.d.comb += [
            self.o_valid.eq(history[-1]),
            Cat(self.o.magnitude, self.o.count).eq(delayed(m, "hold", Cat(magnitude, starts), waits)),
            self.o.along.eq(sums["along"]),
            self.o.norm.eq(sums["norm"] + 1),
            self.o.left.eq(spec.pulses - sums["count"]),
        ]
        return m

    def _quotient(self, m: Module, lane: int, norms: list[Any]) -> Any:
        """floor(K·|x|/L) after a clock for K·|x| and one for each digit, L at hand with each."""
        width = (self.spec.pulses * self.spec.largest).bit_length()
        rest = Signal(width, name=f"rest_{lane}", reset_less=True)
        numerator = Const(0)
        for place, digit in signed_digits(self.spec.pulses):
            term = self.magnitude[lane] << place
            numerator = numerator + term if digit > 0 else numerator - term
        m.d.sync += rest.eq(numerator)
        digits: Any = None
        for index, place in enumerate(reversed(range(self.digits))):
            # The low bits of the remainder go by.
            difference = (rest >> place) - norms[index + 1]
            fits = ~difference[-1]
            after = Signal(width, name=f"rest_{lane}_{place}", reset_less=True)
            quotient = Signal(index + 1, name=f"quotient_{lane}_{place}", reset_less=True)
            m.d.sync += [
                after.eq(Mux(fits, Cat(rest[:place], difference[: width - place]), rest)),
                quotient.eq(fits if digits is None else Cat(fits, digits)),
            ]
            rest, digits = after, quotient
        return digits
