"""Affine permutations in a buffer of one block."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import Component, In, Out

from hadacast.core.permuter.buffer import Buffer
from hadacast.core.permuter.turns import Turns
from hadacast.core.shift import shifted
from hadacast.permuting import gf2
from hadacast.permuting import in_place as plan_module
from hadacast.permuting.in_place import LEVELS, READ_REGISTERS, Addresses, Level


def parity(value: Value, mask: int, flip: int = 0) -> Value:
    """Whether an odd number of the bits under `mask` is set, or an even one."""
    bits = [value[k] for k in range(len(value)) if mask >> k & 1]
    return Cat(*bits, Const(flip, 1)).xor()


class Walker(Component):
    """The addresses of a block's beats, and of the next block's after it.

    Parameters
    ----------
    plan: the plan. ahead: 0 for writing; 1 for reading, at the addresses of the next block's writing.

    Members
    -------
    enable: nothing changes while it is low.
    place: the beat's number in its block. ends: the block ends with it.
    o: an address for each bank group, `plan.address_registers` enabled cycles later.
    """

    def __init__(self, plan: plan_module.InPlace, ahead: int):
        self.plan, self.ahead = plan, ahead
        self.count = 1 << len(plan.group)
        super().__init__(
            {
                "enable": In(1),
                "place": In(plan.bits),
                "ends": In(1),
                "o": Out(plan.bits).array(self.count),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if self.plan.phases:
            self._constants(m)
        else:
            self._computed(m)
        return m

    def _constants(self, m: Module) -> None:
        """One of a few matrices."""
        phases = self.plan.phases
        phase = Signal(range(max(len(phases), 2)), init=self.ahead % len(phases))
        with m.If(self.ends):
            m.d.sync += phase.eq(Mux(phase == len(phases) - 1, 0, phase + 1))
        with m.If(self.enable), m.Switch(phase):
            for number, addresses in enumerate(phases):
                with m.Case(number):
                    for group in range(self.count):
                        m.d.sync += self.o[group].eq(self._constant(addresses, group))

    def _constant(self, addresses: Addresses, group: int) -> Value:
        """An address under a known matrix."""
        base = addresses.base
        for k, offset in enumerate(addresses.offsets):
            base ^= offset if group >> k & 1 else 0
        rows = gf2.rows(addresses.columns, self.plan.bits)
        return Cat(parity(self.place, row, base >> bit & 1) for bit, row in enumerate(rows))

    def _computed(self, m: Module) -> None:
        """The matrix in registers, multiplied by Q between blocks."""
        plan, bits = self.plan, self.plan.bits
        turns = 1 << len(plan.turn)
        start = plan.after(plan.start, 0) if self.ahead else plan.start
        columns = [Signal(bits, name=f"column_{k}", init=c) for k, c in enumerate(start.columns)]
        offsets = [Signal(bits, name=f"offset_{k}", init=o) for k, o in enumerate(start.offsets)]
        base = Signal(bits, init=start.base)
        block = Signal(range(max(turns, 2)), init=self.ahead % turns)

        def sum_of(vector: int) -> Value:
            return _xor([columns[k] for k in range(bits) if vector >> k & 1], bits)

        with m.If(self.ends):
            m.d.sync += [column.eq(sum_of(q)) for column, q in zip(columns, plan.q, strict=True)]
            m.d.sync += [offset.eq(offset ^ sum_of(k)) for offset, k in zip(offsets, plan.group, strict=True)]
            turned = [Mux(block[k], sum_of(turn), 0) for k, turn in enumerate(plan.turn)]
            m.d.sync += base.eq(_xor([base, sum_of(plan.shift), *turned], bits))
            if turns > 1:
                m.d.sync += block.eq(block + 1)

        address = Signal(bits, reset_less=True)
        with m.If(self.enable):
            terms = [Mux(self.place[k], column, 0) for k, column in enumerate(columns)]
            m.d.sync += address.eq(_xor([base, *terms], bits))
        if not offsets:
            m.d.comb += self.o[0].eq(address)
            return
        for group in range(self.count):
            # The block may have ended since: offsets go along with the address.
            added = Signal(bits, name=f"added_{group}", reset_less=True)
            with m.If(self.enable):
                m.d.sync += [
                    added.eq(_xor([o for k, o in enumerate(offsets) if group >> k & 1], bits)),
                    self.o[group].eq(address ^ added),
                ]


def _xor(values: list[Value], bits: int) -> Value:
    """The sum over GF(2), in a tree."""
    if not values:
        return Const(0, bits)
    while len(values) > 1:
        pairs = [a ^ b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(values) & ~1 :]
    return values[0]


class InPlace(Buffer):
    """The hardware of an InPlace plan."""

    plan: plan_module.InPlace

    def entry(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        spare = self.plan.entry_registers - 1 - -(-len(self.plan.write) // LEVELS)
        index = turns.write_place
        if spare:
            words = [shifted(m, enable, word, spare, f"early_{lane}") for lane, word in enumerate(words)]
            index = shifted(m, enable, index, spare, "early_place")
        words = [shifted(m, enable, word, 1, f"entry_{lane}") for lane, word in enumerate(words)]
        return _switch(m, enable, words, self.plan.write, index, 0, "write")

    def addresses(self, m: Module, turns: Turns, enable: Value) -> tuple[list[Value], list[Value]]:
        found = []
        late = self.plan.entry_registers - self.plan.address_registers
        for name, place, ends in (
            ("write", turns.write_place, turns.write_ends),
            ("read", turns.read_place, turns.read_ends),
        ):
            walker = m.submodules[f"{name}_walker"] = Walker(self.plan, int(name == "read"))
            m.d.comb += [walker.enable.eq(enable), walker.place.eq(place), walker.ends.eq(ends)]
            found.append(
                [
                    shifted(m, enable, walker.o[group], late, f"{name}_address_{group}")
                    for group in range(walker.count)
                ]
            )
        return found[0], found[1]

    def exit(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        index = Cat(turns.read_place, turns.read_block)
        wait = self.plan.entry_registers + READ_REGISTERS - 1
        words = _switch(m, enable, words, self.plan.read, index, wait, "read")
        return [words[bank] for bank in self.plan.wiring]


def _switch(
    m: Module,
    enable: Value,
    words: list[Value],
    levels: tuple[Level, ...],
    index: Value,
    wait: int,
    name: str,
) -> list[Value]:
    """Words through the levels of a switch, whose controls come of an `index` that was there 1 + wait enabled
    cycles before them."""
    width = len(words[0])
    for number, level in enumerate(levels):
        swap = shifted(m, enable, parity(index, level.mask, level.flip), 1, f"{name}_swap_{number}")
        swap = shifted(m, enable, swap, wait + number // LEVELS, f"{name}_late_{number}")
        words = [Mux(swap, words[lane ^ level.direction], word) for lane, word in enumerate(words)]
        if number % LEVELS == LEVELS - 1 or number == len(levels) - 1:
            registers = [
                Signal(width, name=f"{name}_{number}_{lane}", reset_less=True) for lane in range(len(words))
            ]
            with m.If(enable):
                m.d.sync += [register.eq(word) for register, word in zip(registers, words, strict=True)]
            words = list(registers)
    return words
