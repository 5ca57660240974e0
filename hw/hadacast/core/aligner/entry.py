"""What an align stage makes of elements before it looks for the largest exponent."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.core import beat
from hadacast.frames import Block
from hadacast.minifloat import Minifloat
from hadacast.scale.scale import NAN_EXPONENT
from hadacast.spec.align import Align


def layout(spec: Align) -> data.StructLayout:
    """A beat without NaN and infinities.

    - code: elements: mantissa, leading one and sign from bit 0; or fixed point as it came.
    - exponent: of each leaf, an element or a group: the exponent field, which is 1 for zeros and
      subnormals, or the scale.
    - blank: leaves that count as zeros.
    """
    element, width = spec.element, 8
    stored = spec.input.width
    if isinstance(element, Minifloat):
        width = element.exponent
        stored = element.mantissa + 2
    return data.StructLayout(
        {
            "code": data.ArrayLayout(stored, spec.lanes),
            "exponent": data.ArrayLayout(width, spec.leaves),
            "blank": spec.leaves if blanks(spec) else 0,
        }
    )


def blanks(spec: Align) -> bool:
    """Whether a leaf may have to count as zeros though its bits don't say so."""
    if spec.nan != "zero":
        return False
    element = spec.element
    return not isinstance(element, Minifloat) or (element.nan_code is not None and not element.subnormal)


class Entry(Component):
    """A beat as it comes, with the policies for NaN and infinities applied; no register.

    Members
    -------
    data: elements. scale: scales of the groups of a beat, where the input has them.
    o: see layout(). poison: of each leaf, whether it makes the frame invalid.
    """

    def __init__(self, spec: Align):
        self.spec = spec
        sides = beat.sides(spec.input, spec.lanes)
        super().__init__(
            {
                "data": In(beat.lanes_layout(spec.input, spec.lanes)),
                **{name: In(shape) for name, shape in sides.items()},
                "o": Out(layout(spec)),
                "poison": Out(spec.leaves),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        blank: list[Value] = []
        if isinstance(self.spec.input, Block):
            poisons = self.spec.nan == "poison"
            for lane in range(self.spec.lanes):
                m.d.comb += self.o.code[lane].eq(self.data[lane])
            for leaf in range(self.spec.leaves):
                nan = Signal(name=f"nan_{leaf}")
                m.d.comb += [
                    nan.eq(self.scale[leaf] == NAN_EXPONENT),
                    self.o.exponent[leaf].eq(Mux(nan, 0, self.scale[leaf])),
                    self.poison[leaf].eq(nan & poisons),
                ]
                blank.append(nan)
        else:
            for lane in range(self.spec.lanes):
                blank.append(self._element(m, lane))
        if blanks(self.spec):
            m.d.comb += self.o.blank.eq(Cat(blank))
        return m

    def _element(self, m: Module, lane: int) -> Value:
        """One element's fields; returns whether it is a NaN."""
        spec, element = self.spec, self.spec.element
        assert isinstance(element, Minifloat)
        bits = Value.cast(self.data[lane])
        magnitude = bits[: element.magnitude_bits]
        infinite, nan = Signal(name=f"infinite_{lane}"), Signal(name=f"nan_{lane}")
        mantissa, field = magnitude[: element.mantissa], magnitude[element.mantissa :]
        if element.top == "ieee":
            m.d.comb += nan.eq(field.all() & (mantissa.any() if element.mantissa else 1))
            if element.mantissa:
                m.d.comb += infinite.eq(field.all() & ~mantissa.any())
        elif element.top == "nan":
            m.d.comb += nan.eq(magnitude.all())
        clean = Signal(element.magnitude_bits, name=f"clean_{lane}")
        m.d.comb += clean.eq(magnitude)
        if spec.nan == "zero":
            with m.If(nan):
                m.d.comb += clean.eq(0)
        if spec.inf == "saturate":
            with m.If(infinite):
                m.d.comb += clean.eq(element.max_code)
        exponent = clean[element.mantissa :]
        normal = exponent.any() if element.subnormal else Const(1)
        m.d.comb += [
            self.o.code[lane].eq(Cat(clean[: element.mantissa], normal, bits[-1])),
            self.o.exponent[lane].eq(exponent | ~normal),
            self.poison[lane].eq((nan & (spec.nan == "poison")) | (infinite & (spec.inf == "poison"))),
        ]
        return nan
