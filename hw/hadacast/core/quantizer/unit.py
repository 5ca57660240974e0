"""What every scale's hardware looks like: one unit makes the scale of a group, one the code of an element.

Both are pipes: there is no valid inside, every register moves on while `enable` is high and at no other
time, and a result comes `latency` enabled cycles behind its input. Whoever uses a pipe delays what goes
beside it as much.
"""

from typing import ClassVar

from amaranth.hdl import Module, Shape, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out

from hadacast.rounding import RANDOM_BITS
from hadacast.spec.quantize import Quantize

EXPONENT_WIDTH = 8


def raw_shape(spec: Quantize) -> Shape:
    """An input element as it comes."""
    return Shape(spec.fixed.width, spec.fixed.signed)


def element_layout(spec: Quantize) -> Shape | data.StructLayout:
    """An element as ElementUnits get it.

    Where the scale follows the largest magnitude, which is taken of magnitudes, sign and magnitude; they have
    been separated once, before the elements wait; of magnitudes, as many bits as matter (spec.magnitudes).
    Else the input element as it comes.
    """
    if spec.scale.reduces == "amax":
        return data.StructLayout({"magnitude": spec.magnitudes.bits, "negative": 1})
    return raw_shape(spec)


def reduced_layout(spec: Quantize) -> data.StructLayout:
    """What GroupUnits get of a group: "amax", or "low" and "high", and "exponent".

    - amax: unsigned, as wide as magnitudes. Where `spec.scale.leading_only(spec)`, only its leading one is
      that of the largest magnitude: bits below are the OR of all elements'.
    - low, high: the smallest and the largest element, as they come in; where `spec.scale.ends`, the largest
      magnitudes of negative elements and of the others, unsigned, 0 where there are none.
    - exponent: the E8M0 code of the frame, where `spec.floating`; 255 is NaN, with elements all 0.
    """
    raw = raw_shape(spec)
    fields: dict[str, Shape | int] = {"low": raw, "high": raw}
    if spec.scale.reduces == "amax":
        bits = spec.magnitudes.bits
        fields = {"low": bits, "high": bits} if spec.scale.ends else {"amax": bits}
    if spec.floating:
        fields["exponent"] = EXPONENT_WIDTH
    return data.StructLayout(fields)


def sides_layout(spec: Quantize) -> data.StructLayout:
    """The side codes of a group by name, as in spec.output.sides."""
    return data.StructLayout({name: Shape(*shape) for name, shape in spec.output.sides.items()})


def code_shape(spec: Quantize) -> Shape:
    """An element code that leaves."""
    return Shape(spec.code.width, spec.code.signed)


class GroupUnit(Component):
    """Makes the scale of a group: a pipe, one group in each enabled cycle.

    Parameters
    ----------
    spec: of the stage, for one element format: outlier groups have units of their own, so spec.wide is "".

    Members
    -------
    enable: registers move on.
    i: what the group reduces to (reduced_layout).
    sides: the group's side codes (sides_layout).
    terms: what its ElementUnits need, whatever that is (terms_layout).

    Attributes
    ----------
    latency: enabled cycles from i to sides and terms, spec.scale.group_latency(spec).
    """

    def __init__(self, spec: Quantize):
        self.spec = spec
        self.latency = spec.scale.group_latency(spec)
        super().__init__(
            {
                "enable": In(1),
                "i": In(reduced_layout(spec)),
                "sides": Out(sides_layout(spec)),
                "terms": Out(self.terms_layout(spec)),
            }
        )

    @staticmethod
    def terms_layout(spec: Quantize) -> data.StructLayout:
        """The layout of `terms`."""
        raise NotImplementedError


class ElementUnit(Component):
    """Makes the code of an element: a pipe, one element in each enabled cycle.

    Parameters
    ----------
    spec: of the stage. lane: which lane of a beat this is for; tables per channel need it.

    Members
    -------
    enable: registers move on.
    x: the element (element_layout).
    terms: those of its group, in the same cycle; absent where the scale has no GroupUnit.
    random: 8 random bits for this element, in the same cycle; only where rounding is stochastic.
    exponent: the E8M0 code of the frame, in the same cycle; only where there is no GroupUnit to take it, and
        spec.floating.
    place: number of the beat in its frame; only if PLACED.
    code: spec.code (code_shape), from a register.

    Attributes
    ----------
    latency: enabled cycles from x to code, spec.scale.element_latency(spec), 1 or more.
    """

    GROUP: ClassVar[type[GroupUnit] | None] = None  # the unit whose terms these are
    PLACED: ClassVar[bool] = False

    def __init__(self, spec: Quantize, lane: int = 0):
        self.spec = spec
        self.lane = lane
        self.latency = spec.scale.element_latency(spec)
        ports = {"enable": In(1), "x": In(element_layout(spec)), "code": Out(code_shape(spec))}
        if self.GROUP is not None:
            ports["terms"] = In(self.GROUP.terms_layout(spec))
        elif spec.floating:
            ports["exponent"] = In(EXPONENT_WIDTH)
        if spec.rounding == "stochastic":
            ports["random"] = In(RANDOM_BITS)
        if self.PLACED:
            ports["place"] = In(range(spec.beats))
        super().__init__(ports)


def delays(m: Module, enable: Value, value: Value, cycles: int, name: str) -> list[Value]:
    """`value`, and as it was 1 to `cycles` enabled cycles ago, in registers without a reset."""
    found = [value]
    for cycle in range(cycles):
        later = Signal.like(value, name=f"{name}_{cycle + 1}", reset_less=True)
        with m.If(enable):
            m.d.sync += later.eq(found[-1])
        found.append(later)
    return found


def delayed(m: Module, enable: Value, value: Value, cycles: int, name: str) -> Value:
    """`value` as it was `cycles` enabled cycles ago, in registers without a reset."""
    return delays(m, enable, value, cycles, name)[-1]
