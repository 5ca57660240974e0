"""The hardware of quantizers that are tables of thresholds."""

from amaranth.hdl import Cat, Module, Signal, Value

from hadacast.core.elementwise import Elementwise
from hadacast.core.quantizer.search import Search
from hadacast.core.quantizer.table import lookup


class Lookup(Elementwise):
    """The hardware of a Lookup spec: a binary search among the thresholds, then the cell's code."""

    def pipes(self, m: Module, enable: Value, place: Value) -> list[Value]:
        spec = self.spec
        limits, codes = spec.cells
        # Elements and thresholds counted from the smallest element: unsigned, and thresholds from 1 up.
        keys = [limit - spec.input.min for limit in limits]
        found = []
        for lane in range(spec.lanes):
            x = self.i.p.data[lane]
            search = m.submodules[f"search_{lane}"] = Search(spec.input.width, keys)
            code = Signal(spec.output.width, name=f"code_{lane}", reset_less=True)
            m.d.comb += [
                search.enable.eq(enable),
                search.key.eq(Cat(x[:-1], ~x[-1]) if spec.input.signed else x),
            ]
            with m.If(enable):
                m.d.sync += code.eq(lookup(search.o, codes, spec.output.width))
            found.append(code)
        return found
