"""What stages share that do one of two things to an element, by a table of bits."""

from amaranth.hdl import Module, Signal, Value

from hadacast.core.elementwise import Elementwise
from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted


class Masked(Elementwise):
    """The hardware of a stage with a `table` of masks, lane 0 in bit 0, and at most one setting, the same."""

    def element(self, m: Module, lane: int, x: Value, bit: Value | int) -> Value | int:
        """What leaves a lane, of the width of an element, for what comes in and its bit of the table: an int
        where it is the same in every beat."""
        raise NotImplementedError

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        table = m.submodules.table = PlaceTable(self.spec.table)
        m.d.comb += [table.enable.eq(enable), table.place.eq(place)]
        for setting in self.spec.settings:
            m.d.comb += table.write.eq(getattr(self, f"set_{setting.name}"))
        # Bits that don't vary in a lane leave no logic for them.
        always, ever = ~0, 0
        for row in self.spec.table.rows:
            always, ever = always & row, ever | row
        found: list[Value] = []
        for lane in range(self.spec.lanes):
            x = shifted(m, enable, self.i.p.data[lane], table.latency, f"x_{lane}")
            y = Signal(self.o.p.data[lane].shape(), name=f"y_{lane}", reset_less=True)
            mask = 1 << lane
            varies = self.spec.loadable or bool(always & mask) != bool(ever & mask)
            bit = table.o[lane] if varies else int(bool(ever & mask))
            with m.If(enable):
                m.d.sync += y.eq(self.element(m, lane, x, bit))
            found.append(y)
        return found
