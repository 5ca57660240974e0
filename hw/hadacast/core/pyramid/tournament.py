"""Which place of a group is the best one for a pulse."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.pyramid.multiply import summed
from hadacast.spec.pvq import Pvq
from hadacast.tech.chains import Above


def layout(spec: Pvq) -> data.StructLayout:
    """A candidate: |x|·y and y·y as they were with its pulse are `along` and `norm` + 2·`count`.

    - square: along². product: square·norm, where norm, one more than y·y without the pulse, is the same for
      all candidates. count: its y without the pulse. place: in the group.
    """
    return data.StructLayout(
        {
            "along": spec.sum_bits,
            "square": spec.square_bits,
            "product": spec.square_bits + spec.norm_bits,
            "count": spec.count_bits,
            "place": range(spec.group),
        }
    )


class Better(Component):
    """The better of two candidates, a if they are alike: that with the larger along²/(norm + 2·count).

    b wins if b.square·(norm + 2·a.count) > a.square·(norm + 2·b.count). The products with counts of few bits
    are sums of as many rows.

    Parameters
    ----------
    interval: clocks from one pair to the next, at least. While a pair is compared it waits in registers
        that take a new one so seldom.

    Members
    -------
    valid, a, b: a pair of candidates. o: the better one.

    Attributes
    ----------
    latency: clocks.
    """

    def __init__(self, spec: Pvq, interval: int):
        self.spec, self.interval = spec, interval
        self.latency = spec.compare_latency
        shape = layout(spec)
        super().__init__({"valid": In(1), "a": In(shape), "b": In(shape), "o": Out(shape)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # Without a pulse left numbers may be larger, and the result is of no use.
        width = self.spec.product_bits
        sides = []
        for name, own, other in (("a", self.a, self.b), ("b", self.b, self.a)):
            rows = [(0, own.product[:width])]
            for bit in range(self.spec.count_bits):
                rows.append((bit + 1, Mux(other.count[bit], own.square, 0)))
            sides.append(summed(m, name, rows, width))
        above = m.submodules.above = Above(width)
        wins = Signal(reset_less=True)
        m.d.comb += [above.a.eq(sides[1]), above.b.eq(sides[0])]
        m.d.sync += wins.eq(above.o)
        # The pair moves on at once, and from then on once in an interval, on a signal from a register.
        a, b = self.a, self.b
        moves = self.valid
        for copy in range(1 - (-(self.latency - 2) // self.interval)):
            later = [Signal(a.shape(), name=f"{name}_{copy}", reset_less=True) for name in "ab"]
            with m.If(moves if copy and self.interval > 1 else Const(1)):
                m.d.sync += [later[0].eq(a), later[1].eq(b)]
            a, b = later
            history = Signal(self.interval if copy else 1, name=f"moves_{copy}")
            m.d.sync += history.eq(Cat(moves, history))
            moves = history[-1]
        chosen = Signal(self.o.shape(), reset_less=True)
        m.d.sync += chosen.eq(Mux(wins, b, a))
        m.d.comb += self.o.eq(chosen)
        return m


class Tournament(Component):
    """The best candidate of each group: among the lanes of a beat first, then among beats, by pairs.

    Members
    -------
    valid, i: a beat of candidates, without gaps within a group.
    o: the best of a group, while `done`.

    Attributes
    ----------
    latency: clocks from a group's last beat to its result.
    """

    def __init__(self, spec: Pvq):
        self.spec = spec
        self.latency = (spec.group.bit_length() - 1) * spec.compare_latency
        shape = layout(spec)
        super().__init__(
            {
                "valid": In(1),
                "i": In(data.ArrayLayout(shape, spec.slot_lanes)),
                "done": Out(1),
                "o": Out(shape),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        step = self.spec.compare_latency
        valid, level = self.valid, 0
        candidates = [self.i[lane] for lane in range(self.spec.slot_lanes)]

        def compare(name: str, a: Any, b: Any, valid: Any, interval: int) -> Any:
            better = m.submodules[name] = Better(self.spec, interval)
            m.d.comb += [better.valid.eq(valid), better.a.eq(a), better.b.eq(b)]
            return better.o

        def later(value: Any) -> Any:
            nonlocal level
            history = Signal(step, name=f"valid_{level}")
            m.d.sync += history.eq(Cat(value, history))
            level += 1
            return history[-1]

        while len(candidates) > 1:
            pairs = range(len(candidates) // 2)
            winners = []
            for pair in pairs:
                a, b = candidates[2 * pair], candidates[2 * pair + 1]
                winners.append(compare(f"lanes_{level}_{pair}", a, b, valid, 1))
            candidates = winners
            valid = later(valid)
        candidate = candidates[0]
        beats, interval = self.spec.group_beats, 1
        while beats > 1:
            second = Signal(name=f"second_{level}")
            first = Signal(candidate.shape(), name=f"first_{level}", reset_less=True)
            with m.If(valid):
                m.d.sync += second.eq(~second)
            with m.If(~second):
                m.d.sync += first.eq(candidate)  # what comes while nothing is valid is overwritten
            interval *= 2
            candidate = compare(f"beats_{level}", first, candidate, valid & second, interval)
            valid = later(valid & second)
            beats //= 2
        m.d.comb += [self.o.eq(candidate), self.done.eq(valid)]
        return m
