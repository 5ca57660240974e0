"""Any permutation: banks, and tables that drive their switches and addresses."""

from amaranth.hdl import Cat, Module, Signal, Value

from hadacast import place_table
from hadacast.core.permuter.buffer import Buffer
from hadacast.core.permuter.crossbar import chosen, looked_up
from hadacast.core.permuter.turns import Turns
from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted
from hadacast.permuting import banked as plan_module
from hadacast.permuting.in_place import READ_REGISTERS


class Banked(Buffer):
    """The hardware of a Banked plan."""

    plan: plan_module.Banked

    def table(self, m: Module, spec: place_table.PlaceTable, name: str) -> PlaceTable:
        """One of the plan's tables, with its write port where it has one."""
        table = PlaceTable(spec)
        if spec.loadable:
            m.d.comb += table.write.eq(getattr(self, f"set_{name}"))
        return table

    def entry(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        plan = self.plan
        table = self.table(m, plan.write.table, "write")
        row = looked_up(m, enable, table, turns.write_place, table.latency, "write_table")
        before = plan.entry_registers - plan.write.registers
        row = shifted(m, enable, row, before - table.latency, "write_row")
        words = [shifted(m, enable, word, before, f"entry_{lane}") for lane, word in enumerate(words)]
        return chosen(m, enable, words, row, plan.write, "write")

    def addresses(self, m: Module, turns: Turns, enable: Value) -> tuple[list[Value], list[Value]]:
        plan = self.plan
        late, bits = plan.entry_registers, plan.address_bits
        table = self.table(m, plan.address_table, "addresses")
        groups = len(plan.addresses[0])
        row = Signal(groups * bits)  # the table is as wide as its largest row
        m.d.comb += row.eq(looked_up(m, enable, table, turns.read_place, late, "address_table"))
        write = [turns.write_place[:bits]]
        halves: list[list[Value]] = [[], []]
        if plan.halves == 2:
            for found, name, ends in zip(
                halves, ("write", "read"), (turns.write_ends, turns.read_ends), strict=True
            ):
                half = Signal(name=f"{name}_half")
                with m.If(ends):
                    m.d.sync += half.eq(~half)
                found.append(half if name == "write" else shifted(m, enable, half, late, "read_half_late"))
        at = shifted(m, enable, Cat(*write, *halves[0]), late, "write_address")
        reads = [Cat(row[group * bits : (group + 1) * bits], *halves[1]) for group in range(groups)]
        return [at] * groups, reads

    def exit(self, m: Module, turns: Turns, enable: Value, words: list[Value]) -> list[Value]:
        plan = self.plan
        wait = plan.entry_registers + READ_REGISTERS
        table = self.table(m, plan.read.table, "read")
        row = looked_up(m, enable, table, turns.read_place, wait, "read_table")
        return chosen(m, enable, words, row, plan.read, "read")
