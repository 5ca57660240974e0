"""The hardware of a dense matrix."""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out, connect, flipped

from hadacast.core import beat
from hadacast.core.rotation.product import Product
from hadacast.core.rotation.stride import StrideMemory
from hadacast.core.settings import members
from hadacast.spec import rotate as spec_module


class Rotate(Component):
    """The hardware of a Rotate spec, one beat per clock.

    Where the elements of a vector lie further apart than a beat, two memories of n·s elements, one before the
    product and one behind it, bring them together and apart again.

    Members
    -------
    i, o: beats of frames (hadacast.core.beat.flowing).
    set_coefficients: writes one coefficient (hadacast.core.settings), where the spec is loadable. Frames that
        are on their way may be computed with old coefficients and new ones: write while no frame is in the
        stage.

    Attributes
    ----------
    latency: cycles from the first beat in to the first beat out, without stalls.
    """

    def __init__(self, spec: spec_module.Rotate):
        self.spec = spec
        self.latency = spec.latency
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
                **members(spec.settings),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spec = self.spec
        product = m.submodules.product = Product(spec)
        source = flipped(self.i)
        columns = spec.distance // spec.lanes
        if columns > 1:
            gather = m.submodules.gather = StrideMemory(spec.input, spec.lanes, spec.rows, columns)
            scatter = m.submodules.scatter = StrideMemory(spec.output, spec.lanes, columns, spec.rows)
            connect(m, source, gather.i)
            connect(m, gather.o, product.i)
            connect(m, product.o, scatter.i)
            connect(m, scatter.o, flipped(self.o))
        else:
            connect(m, source, product.i)
            connect(m, product.o, flipped(self.o))
        if spec.loadable:
            written = self.set_coefficients
            column, row = written.row[: spec.column_bits], written.row[spec.column_bits :]
            m.d.comb += [
                product.write.eq(written.enable & (column < spec.order)),
                product.coefficient.row.eq(row),
                product.coefficient.column.eq(column),
                product.coefficient.value.eq(written.data),
            ]
        return m
