"""Each output is one of the inputs, as a table says."""

from amaranth.hdl import Array, Const, Module, Signal, Value

from hadacast.core.place_table import PlaceTable
from hadacast.core.shift import shifted
from hadacast.permuting.banked import CHOICES, Switch


def chosen(
    m: Module, enable: Value, words: list[Value], row: Value, switch: Switch, name: str
) -> list[Value]:
    """The outputs of `switch`, `switch.registers` enabled cycles after inputs and their row of its table."""
    width, at, found = len(words[0]), 0, []
    for output, (choices, bits) in enumerate(zip(switch.choices, switch.widths, strict=True)):
        inputs = [words[source] if source >= 0 else Const(0, width) for source in choices]
        select, at = row[at : at + bits], at + bits
        for stage in range(switch.registers):
            registers = []
            for first in range(0, len(inputs), CHOICES):
                register = Signal(width, name=f"{name}_{output}_{stage}_{first}", reset_less=True)
                some = inputs[first : first + CHOICES]
                source = some[0]
                if len(some) > 1:
                    source = Array(some)[select[: (CHOICES - 1).bit_length()]]
                with m.If(enable):
                    m.d.sync += register.eq(source)
                registers.append(register)
            inputs = registers
            if len(select):
                select = shifted(
                    m, enable, select[(CHOICES - 1).bit_length() :], 1, f"{name}_select_{output}_{stage}"
                )
        found.append(inputs[0])
    return found


def looked_up(m: Module, enable: Value, table: PlaceTable, place: Value, cycles: int, name: str) -> Value:
    """The row of a place, `cycles` enabled cycles later, at least the table's latency."""
    m.submodules[name] = table
    m.d.comb += [table.enable.eq(enable), table.place.eq(place)]
    return shifted(m, enable, table.o, cycles - table.latency, f"{name}_late")
