"""Products of a ±1 matrix and columns that come one element a cycle: a row of adders for each lane."""

from typing import Any

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import Component, In, Out

from hadacast.place_table import MAX_LOGIC
from hadacast.spec.hadamard_plan import LEAD, HadamardPlan
from hadacast.tech.chains import AddSubtract


def sum_width(terms: int, width: int, limit: int) -> int:
    """Bits of a sum of `terms` elements of `width` bits with any signs; `limit` at most, modulo 2^limit."""
    return min((terms << (width - 1)).bit_length() + 1, limit)


class SignTable(Component):
    """The signs of two columns that are on their way, for each of the n adders of a row.

    Adder k works on row j of a column in step k + j. Entry t of the table holds what all adders need in step
    t of a column, and in step t + n: those up to k = t then, and the others. Columns overlap, the next one
    starts n steps later or more, so there are two counters and two readers.

    Members
    -------
    start: a column's step 0 is three cycles from now. two columns start n cycles apart or more.
    minus: for each adder, in cycle k + j behind step 0, whether row j has a minus in column k; registers.
    """

    def __init__(self, plan: HadamardPlan):
        self.matrix = plan.array
        super().__init__({"start": In(1), "minus": Out(len(plan.array))})

    @property
    def entries(self) -> list[int]:
        """A mask of adders for each step."""
        n = len(self.matrix)
        return [sum(int(self.matrix[(t - k) % n, k] < 0) << k for k in range(n)) for t in range(n)]

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        n, entries = len(self.matrix), self.entries
        odd = Signal()
        with m.If(self.start):
            m.d.sync += odd.eq(~odd)
        rows = []
        memory = None
        if n > MAX_LOGIC:
            memory = m.submodules.memory = Memory(
                shape=n, depth=n, init=entries, attrs={"rom_style": "block"}
            )
        for column in range(2):
            step = Signal(range(n), name=f"step_{column}")
            m.d.sync += step.eq(Mux(step == n - 1, 0, step + 1))
            with m.If(self.start & (odd != column)):
                m.d.sync += step.eq(0)
            row, late = Signal(n, name=f"row_{column}"), Signal(n, name=f"late_{column}", reset_less=True)
            if memory is None:
                table = Array(Const(entry, n) for entry in entries)
                m.d.sync += row.eq(table[step])
            else:
                read = memory.read_port()
                m.d.comb += [read.addr.eq(step), read.en.eq(1), row.eq(read.data)]
            m.d.sync += late.eq(row)
            rows.append(late)
        # The column that each adder works on, and its sign.
        which: Any = odd
        for _ in range(2):
            later = Signal(reset_less=True)
            m.d.sync += later.eq(which)
            which = later
        for k in range(n):
            m.d.sync += self.minus[k].eq(Mux(which, rows[1][k], rows[0][k]))
            later = Signal(name=f"which_{k}", reset_less=True)
            m.d.sync += later.eq(which)
            which = later
        return m


class SignedSums(Component):
    """M·x for the columns x of each lane, M the array of a plan, n × n: n adders for each lane.

    Adder k keeps element k of a column, adds it to or takes it from each of the n sums that come to it from
    adder k - 1, and hands them on. Nothing is stored or selected but the elements, and wires stay short:
    a bus of elements ends after SEGMENT adders, and goes on from a register.

    The column's first result leaves `plan.array_latency` cycles after its first element came.

    Parameters
    ----------
    plan: the plan. lanes; width: of an element. limit: the result's bits, where it needn't be as wide as any
        matrix of n columns takes.

    Members
    -------
    i_valid, i: elements of columns, without a pause inside a column.
    o: results, in registers.
    """

    def __init__(self, plan: HadamardPlan, lanes: int, width: int, limit: int):
        self.plan, self.lanes, self.width, self.limit = plan, lanes, width, limit
        out = sum_width(len(plan.array), width, limit)
        super().__init__(
            {
                "i_valid": In(1),
                "i": In(data.ArrayLayout(signed(width), lanes)),
                "o": Out(data.ArrayLayout(signed(out), lanes)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        n = len(self.plan.array)
        place, start = Signal(range(max(n, 2))), Signal()
        m.d.comb += start.eq(self.i_valid & (place == 0))
        with m.If(self.i_valid):
            m.d.sync += place.eq(Mux(place == n - 1, 0, place + 1))
        table = m.submodules.table = SignTable(self.plan)
        m.d.comb += table.start.eq(start)

        # Elements wait for their signs. A register before each adder's is part of the lead.
        bus: Any = self.i
        strobe: Value = start
        for cycle in range(LEAD - 1):
            bus, strobe = (
                self._later(m, bus, f"x_{cycle}"),
                self._bit(m, strobe, f"strobe_{cycle}", reset=True),
            )
        sums: list[Value] = [Const(0, signed(1))] * self.lanes
        for k in range(n):
            segment, within = divmod(k, -(-n // self.plan.segments))
            if k and not within:
                bus, strobe = (
                    self._later(m, bus, f"bus_{segment}"),
                    self._bit(m, strobe, f"cut_{segment}", reset=True),
                )
                sums = [self._register(m, value, f"cut_{segment}_{p}") for p, value in enumerate(sums)]
            minus: Value = table.minus[k]
            for cycle in range(segment):
                minus = self._bit(m, minus, f"minus_{k}_{cycle}")
            for lane in range(self.lanes):
                kept = Signal(signed(self.width), name=f"x_{k}_{lane}", reset_less=True)
                with m.If(strobe):
                    m.d.sync += kept.eq(bus[lane])
                sums[lane] = self._register(
                    m, self._adder(m, k, lane, sums[lane], kept, minus), f"sum_{k}_{lane}"
                )
            strobe = self._bit(m, strobe, f"strobe_at_{k}", reset=True)
        for lane in range(self.lanes):
            m.d.comb += self.o[lane].eq(sums[lane])
        return m

    def _adder(self, m: Module, k: int, lane: int, total: Value, kept: Value, minus: Value) -> Value:
        if k == 0 and (self.plan.array[:, 0] > 0).all():
            return kept
        width = sum_width(k + 1, self.width, self.limit)
        chain = m.submodules[f"add_{k}_{lane}"] = AddSubtract(width)
        a, b, o = (Signal(signed(width), name=f"{name}_{k}_{lane}") for name in "abo")
        m.d.comb += [
            a.eq(total),
            b.eq(kept),
            chain.a.eq(a),
            chain.b.eq(b),
            chain.subtract.eq(minus),
            o.eq(chain.o),
        ]
        return o

    @staticmethod
    def _register(m: Module, value: Value, name: str) -> Value:
        register = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += register.eq(value)
        return register

    @staticmethod
    def _later(m: Module, bus: Any, name: str) -> Any:
        register = Signal(bus.shape(), name=name, reset_less=True)
        m.d.sync += register.eq(bus)
        return register

    @staticmethod
    def _bit(m: Module, value: Value, name: str, reset: bool = False) -> Value:
        register = Signal(name=name, reset_less=not reset)
        m.d.sync += register.eq(value)
        return register
