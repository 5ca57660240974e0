"""The hardware of a diagonal of real numbers."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from hadacast.core.place_table import PlaceTable
from hadacast.core.scaled import Scaled
from hadacast.settings import Register


class Gain(Scaled):
    """The hardware of a Gain spec: a table of multipliers and signs in each lane, or constants.

    Those that can be changed are written as two's complement, and kept as magnitude and sign.
    """

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        if self.spec.loadable:
            (setting,) = self.spec.settings
            code = self.set_gain if isinstance(setting, Register) else self.set_gains.data
            self._row = Signal(self.spec.plan.code_bits + 1, name="row")
            m.d.comb += self._row.eq(_sign_and_magnitude(code))
        return super().pipes(m, enable, place)

    def written(self, m: Module, enable: Value, place: Value, lane: int) -> Value:
        plan = self.spec.plan
        if len(plan.codes) == 1:
            row = Signal.like(self._row, name=f"row_{lane}", reset_less=True)
            m.d.sync += row.eq(self._row)  # no frame is inside when it changes
            return row
        table = m.submodules[f"gains_{lane}"] = PlaceTable(plan.code_table(lane))
        bits = self.spec.lane_bits
        port: Any = self.set_gains
        m.d.comb += [
            table.enable.eq(enable),
            table.place.eq(place),
            table.write.row.eq(port.row[bits:]),
            table.write.data.eq(self._row),
            table.write.enable.eq(port.enable & (port.row[:bits] == lane)),
        ]
        return table.o


def _sign_and_magnitude(code: Value) -> Value:
    """A number in two's complement as its magnitude, of as many bits, and its sign above."""
    minus = code[-1]
    return Cat(((code.as_unsigned() ^ minus.replicate(len(code))) + minus)[: len(code)], minus)
