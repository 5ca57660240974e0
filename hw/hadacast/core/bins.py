"""The hardware of bins of a sparse spectrum."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hadacast import ratio
from hadacast.core.count import counter
from hadacast.core.elementwise import Elementwise
from hadacast.core.multiplier import Multiplier, add_tree
from hadacast.core.shift import shifted
from hadacast.spec.bins import EMPTY, SEVERAL, SINGLE
from hadacast.tech.chains import above
from hadacast.tech.dsp import LATENCY, TileMultiplier


@dataclass
class Arrived:
    """A beat in registers: its lanes, their signs, whether it is there, and where it is in its bin.

    Members
    -------
    first, last: of a bin. base: with observations of offsets alone. begins, ends: what votes on one bit.
    """

    x: list[Value]
    valid: Value
    first: Value
    last: Value
    base: Value
    begins: Value
    ends: Value


class Bins(Elementwise):
    """The hardware of a Bins spec.

    The observations of a bin come in a row, so sums over them are registers that begin anew with each bin:
    no memory, whatever the number of bins, and one unit for all lanes tells what is in a bin.
    """

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        spec = self.spec
        arrived = self._arrived(m, enable)
        signs = self._signs(m, enable, arrived)
        bits = self._votes(m, enable, arrived, signs)
        kind = self._kind(m, enable, arrived)
        lanes = []
        # The registers of `arrived` are one cycle.
        for lane, x in enumerate(arrived.x):
            u = shifted(m, enable, x, spec.latency - 1, f"u_{lane}")
            parts = [u, bits.get(lane, Const(0, 1))]
            if lane == spec.lanes - 1:
                parts.append(kind)
            element = Signal(spec.output.width, name=f"element_{lane}")
            m.d.comb += element.eq(Cat(*parts))
            lanes.append(element)
        return lanes

    def _arrived(self, m: Module, enable: Value) -> Arrived:
        """The beat that came in, in registers."""
        spec = self.spec
        beats, per_bit = spec.delays // spec.lanes, max(spec.votes // spec.lanes, 1)
        steps = enable & self.i.valid
        place = counter(m, steps, beats, "bin_place")
        part: Value = counter(m, steps, per_bit, "bit_place") if per_bit > 1 else Const(0, 1)
        flags = {
            "first": place == 0,
            "last": place == beats - 1,
            "base": place < per_bit,
            "begins": part == 0,
            "ends": part == per_bit - 1,
        }
        named = {
            name: shifted(m, enable, Value.cast(flag), 1, f"arrived_{name}") for name, flag in flags.items()
        }
        valid = shifted(m, enable, self.i.valid, 1, "arrived_valid", reset=True)
        x = [shifted(m, enable, self.i.p.data[lane], 1, f"x_{lane}") for lane in range(spec.lanes)]
        return Arrived(x, valid, **named)

    def _signs(self, m: Module, enable: Value, arrived: Arrived) -> list[Value]:
        """Whether the observation of the same offset alone is negative, for each lane. Those of a bin go
        around in a register, from the beats that bring them to each free bit's."""
        spec = self.spec
        count = min(spec.votes, spec.lanes)
        around = Signal(spec.votes, reset_less=True)
        now = [Mux(arrived.base, x[-1], around[i]) for i, x in enumerate(arrived.x[:count])]
        with m.If(enable & arrived.valid):
            m.d.sync += around.eq(Cat(around[count:], *now))
        return [now[lane % count] for lane in range(spec.lanes)]

    def _votes(self, m: Module, enable: Value, arrived: Arrived, signs: list[Value]) -> dict[int, Value]:
        """The bits of the index that leave, by lane."""
        spec = self.spec
        count = min(spec.votes, spec.lanes)
        width = spec.element.width + spec.votes.bit_length()
        terms = []
        for lane, (x, minus) in enumerate(zip(arrived.x, signs, strict=True)):
            term = Signal(width, name=f"term_{lane}", reset_less=True)
            wide = Signal(width, name=f"wide_{lane}")
            m.d.comb += wide.eq(x)
            with m.If(enable):
                m.d.sync += term.eq((wide ^ minus.replicate(width)) + minus)
            terms.append(Value.cast(term))
        levels = ratio.tree(count)
        begins = shifted(m, enable, arrived.begins, 1 + levels, "vote_begins")
        ends = shifted(m, enable, arrived.ends, 2 + levels, "vote_ends")
        valid = shifted(m, enable, arrived.valid, 1 + levels, "vote_valid")
        found = {}
        for start in range(0, spec.lanes, count):
            votes = [(term, 1) for term in terms[start : start + count]]
            total = add_tree(m, enable, votes, width, f"votes_{start}")
            poll = Signal(width, name=f"poll_{start}", reset_less=True)
            with m.If(enable & valid):
                m.d.sync += poll.eq(Mux(begins, 0, poll) + total)
            # Votes on the base itself are magnitudes: the bit is 0.
            bit = poll[-1] & ends
            wait = spec.latency - (3 + levels)
            found[start + count - 1] = shifted(m, enable, bit, wait, f"bit_{start}")
        return found

    def _kind(self, m: Module, enable: Value, arrived: Arrived) -> Value:
        """The kind of the bin on its last beat, else 0."""
        spec = self.spec
        magnitudes: list[tuple[Value, int]] = []
        squares: list[tuple[Value, int]] = []
        for lane, x in enumerate(arrived.x):
            width = spec.element.width
            magnitude = Signal(width, name=f"magnitude_{lane}", reset_less=True)
            with m.If(enable):
                m.d.sync += magnitude.eq((x ^ x[-1].replicate(width)) + x[-1])
            magnitudes.append((magnitude, 1))
            square = m.submodules[f"square_{lane}"] = TileMultiplier(
                width, width, a_signed=True, b_signed=True
            )
            m.d.comb += [square.enable.eq(enable), square.a.eq(x), square.b.eq(x)]
            squares.append((square.o, 1))
        total = self._sum(m, enable, arrived, magnitudes, spec.sum_bits, 1, "total")
        energy = self._sum(m, enable, arrived, squares, spec.energy_bits, LATENCY, "energy")

        # D·E - A², both products at once.
        at, done = spec.sums_at, spec.products_at
        wide = spec.spread_bits
        square_of = m.submodules.total_square = Multiplier(spec.sum_bits, spec.sum_bits)
        m.d.comb += [square_of.enable.eq(enable), square_of.a.eq(total), square_of.b.eq(total)]
        times = _times(m, enable, energy, spec.delays, wide, "energy_times")
        times = shifted(m, enable, times, done - (at + 1) - _levels(spec.delays), "times")
        squared = shifted(m, enable, square_of.o, done - at - square_of.latency, "squared")
        spread = Signal(wide, reset_less=True)
        with m.If(enable):
            m.d.sync += spread.eq(times - squared)
        zero, most = self._limits(m, len(energy), wide)
        full, several = Signal(reset_less=True), Signal(reset_less=True)
        with m.If(enable):
            m.d.sync += [
                full.eq(above(m, shifted(m, enable, energy, done - at, "energy_later"), zero)),
                several.eq(above(m, spread, most)),
            ]
        last = shifted(m, enable, arrived.last, spec.latency - 2, "bin_last")
        kind = Signal(range(SEVERAL + 1), reset_less=True)
        with m.If(enable):
            m.d.sync += kind.eq(Mux(last & full, Mux(several, SEVERAL, SINGLE), EMPTY))
        return kind

    def _sum(
        self,
        m: Module,
        enable: Value,
        arrived: Arrived,
        terms: list[tuple[Value, int]],
        width: int,
        entered: int,
        name: str,
    ) -> Value:
        """The sum over a bin, on its last beat; terms come `entered` cycles behind `arrived`."""
        beat = add_tree(m, enable, terms, width, f"{name}_beat")
        cycles = entered + ratio.tree(len(terms))
        first = shifted(m, enable, arrived.first, cycles, f"{name}_first")
        valid = shifted(m, enable, arrived.valid, cycles, f"{name}_valid")
        found = Signal(width, name=name, reset_less=True)
        with m.If(enable & valid):
            m.d.sync += found.eq(Mux(first, 0, found) + beat)
        return found

    def _limits(self, m: Module, energy_bits: int, spread_bits: int) -> tuple[Value, Value]:
        """D·zero and D²·spread, as wide as what they are compared with, or its largest number."""
        spec = self.spec
        delays = spec.delays
        if not spec.loadable:
            return tuple(
                Const(min(factor * limit, (1 << bits) - 1), bits)
                for factor, limit, bits in (
                    (delays, spec.zero, energy_bits),
                    (delays * delays, spec.spread, spread_bits),
                )
            )
        found = []
        # They stand still while frames are in the core, so the pipe needs no enable.
        for name, port, factor, bits in (
            ("zero", self.set_zero, delays, energy_bits),
            ("spread", self.set_spread, delays * delays, spread_bits),
        ):
            wide = max(bits, (factor << len(port)).bit_length())
            held = Signal.like(port, name=f"{name}_held", reset_less=True)
            m.d.sync += held.eq(port)
            product = _times(m, Const(1, 1), held, factor, wide, f"{name}_times")
            limit = Signal(bits, name=f"{name}_limit", reset_less=True)
            m.d.sync += limit.eq(Mux(product[bits:].any(), (1 << bits) - 1, product[:bits]))
            found.append(limit)
        return found[0], found[1]


def _levels(number: int) -> int:
    return ratio.tree(len(ratio.signed_digits(number)))


def _times(m: Module, enable: Value, x: Value, number: int, width: int, name: str) -> Value:
    """x·number in `width` bits, _levels(number) cycles later."""
    terms: list[tuple[Value, int]] = []
    for index, (place, sign) in enumerate(ratio.signed_digits(number)):
        term = Signal(width, name=f"{name}_{index}")
        m.d.comb += term.eq(Cat(Const(0, place), x))
        terms.append((term, sign))
    return add_tree(m, enable, terms, width, name)
