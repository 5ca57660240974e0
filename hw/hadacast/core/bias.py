"""The hardware of a vector that is added."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

from hadacast.core.elementwise import Elementwise
from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted


class Bias(Elementwise):
    """The hardware of a Bias spec: a table of what is added and an adder in each lane."""

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        spec = self.spec
        up, b_up = spec.shifts
        found = []
        for lane in range(spec.lanes):
            x = shifted(m, enable, self.i.p.data[lane], spec.latency - 1, f"x_{lane}")
            y = Signal(Shape(spec.result.width, spec.result.signed), name=f"y_{lane}", reset_less=True)
            with m.If(enable):
                m.d.sync += y.eq(_up(x, up) + _up(self._added(m, enable, place, lane), b_up))
            found.append(y)
        return found

    def _added(self, m: Module, enable: Value, place: Value, lane: int) -> Value:
        """b of a lane, with its element's last register."""
        spec = self.spec
        if spec.single:
            kept = Signal.like(self.set_bias, name=f"bias_{lane}", reset_less=True)
            m.d.sync += kept.eq(self.set_bias)  # no frame is inside when it changes
            return kept
        table = m.submodules[f"biases_{lane}"] = PlaceTable(spec.table(lane))
        later = shifted(m, enable, place, spec.latency - 1 - table.latency, f"place_{lane}")
        m.d.comb += [table.enable.eq(enable), table.place.eq(later)]
        if spec.loadable:
            bits, port = spec.lane_bits, self._port
            m.d.comb += [
                table.write.row.eq(port.row[bits:]),
                table.write.data.eq(port.data),
                table.write.enable.eq(port.enable & (port.row[:bits] == lane)),
            ]
        # A table knows the signs of its first rows only.
        return table.o.as_signed() if spec.loadable else table.o

    @property
    def _port(self) -> Any:
        return self.set_biases


def _up(value: Value, places: int) -> Value:
    """A number times a power of two."""
    if not places:
        return value
    moved = Cat(Const(0, places), value)
    return moved.as_signed() if value.shape().signed else moved
