"""The hardware of a diagonal of plus and minus ones."""

from amaranth.hdl import Module, Signal, Value

from hadacast.core.elementwise import Elementwise
from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted


class Signs(Elementwise):
    """The hardware of a Signs spec: each element or its negative, by a table of signs."""

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        table = m.submodules.table = PlaceTable(self.spec.table)
        m.d.comb += [table.enable.eq(enable), table.place.eq(place)]
        if self.spec.loadable:
            m.d.comb += table.write.eq(self.set_signs)
        # Signs that don't vary in a lane leave no logic for them.
        rows = self.spec.table.rows
        always, ever = ~0, 0
        for row in rows:
            always, ever = always & row, ever | row
        found = []
        for lane in range(self.spec.lanes):
            x = shifted(m, enable, self.i.p.data[lane], table.latency, f"x_{lane}")
            y = Signal(self.o.p.data[lane].shape(), name=f"y_{lane}", reset_less=True)
            bit = 1 << lane
            varies = self.spec.loadable or bool(always & bit) != bool(ever & bit)
            minus = table.o[lane] if varies else int(bool(ever & bit))
            with m.If(enable):
                if isinstance(minus, int):
                    m.d.sync += y.eq(-x if minus else x)
                else:
                    # One adder: invert where negative, and carry the sign in.
                    wide = Signal.like(y, name=f"wide_{lane}")
                    m.d.comb += wide.eq(x)
                    m.d.sync += y.eq((wide ^ minus.replicate(len(wide))) + minus)
            found.append(y)
        return found
