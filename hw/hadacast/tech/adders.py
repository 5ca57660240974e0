"""The adders of a butterfly: one LUT a bit where the family's carry chain allows.

    sum = a + x if meets else a        difference = a - x if meets else x

The multiplexers belong inside the carry chain, but synthesis keeps them outside, at twice the
cells. So the chain is built bit by bit from the family's primitive; `_plain` says what it means,
and the tests prove each of the others equal to it.
"""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Const, Instance, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform


class ButterflyAdders(Component):
    """Sum and difference of two elements, combinational.

    Parameters
    ----------
    width: W, bits of an arriving element.

    Members
    -------
    a: one element of W bits or, unless they meet, a difference of W + 1 bits that passes through.
    x: the other element, W bits.
    meets: whether the two meet; constant 1 in a butterfly within a beat.
    sum, difference: W + 1 bits, as above.
    """

    def __init__(self, width: int):
        self.width = width
        super().__init__(
            {
                "a": In(signed(width + 1)),
                "x": In(signed(width)),
                "meets": In(1),
                "sum": Out(signed(width + 1)),
                "difference": Out(signed(width + 1)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        build = {"ecp5": _ecp5, "ice40": _ice40}.get(of_platform(platform).name, _plain)
        build(m, self)
        return m


def _plain(m: Module, io: ButterflyAdders) -> None:
    m.d.comb += [
        io.sum.eq(io.a + Mux(io.meets, io.x, 0)),
        io.difference.eq(Mux(io.meets, io.a - io.x, io.x)),
    ]


def _bits(io: ButterflyAdders) -> list[tuple[Value, Value]]:
    """(a, x) for each of the W + 1 bit positions, x sign-extended."""
    return [(io.a[i], io.x[min(i, io.width - 1)]) for i in range(io.width + 1)]


def _table(inputs: int, function: Callable[..., int]) -> int:
    """The truth table of a function of `inputs` bits, the first the least significant."""
    return sum(int(function(*(i >> k & 1 for k in range(inputs)))) << i for i in range(1 << inputs))


# A half of ECP5's CCU2C: S = LUT4(A, B, C, D) ^ CIN, COUT = CIN if LUT4 else LUT2(A, B), where
# LUT2 is the low four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the
# table's upper half, so that propagate (of A, B, C) and generate (of A, B) can be chosen freely.
_Half = tuple[Const, Value, Value, Value]


def _half(propagate: Callable[..., int], generate: Callable[..., int], *abc: Any) -> _Half:
    a, b, c = (Value.cast(value) for value in abc)
    return Const(_table(3, propagate) << 8 | _table(2, generate), 16), a, b, c


def _ecp5(m: Module, io: ButterflyAdders) -> None:
    # Where propagate is 0, a and (x & meets) are equal: the carry is a.
    sums = [
        _half(lambda a, x, meets: a ^ (x & meets), lambda a, x: a, a, x, io.meets) for a, x in _bits(io)
    ]
    # Where they meet and propagate is 0, a and ~x are equal: the carry is a. Else no carry ever
    # starts, and S = x.
    differences = [
        _half(lambda a, meets, x: a ^ x ^ 1 if meets else x, lambda a, meets: a & meets, a, io.meets, x)
        for a, x in _bits(io)
    ]
    # A first half that never propagates makes the carry, from a constant too: it needs no CIN,
    # and one half is less than the pair that place and route would spend on a carry from fabric.
    no_carry = _half(lambda a, b, c: 0, lambda a, b: 0, 0, 0, 0)
    plus_one = _half(lambda a, b, c: 0, lambda a, b: a, io.meets, 0, 0)
    m.d.comb += [
        io.sum.eq(_ccu2c_chain(m, [no_carry, *sums])),
        io.difference.eq(_ccu2c_chain(m, [plus_one, *differences])),
    ]


def _ccu2c_chain(m: Module, halves: list[_Half]) -> Value:
    halves = halves + [halves[0]] * (len(halves) % 2)
    outputs = Signal(len(halves))
    carry: dict[str, Value] = {}
    for i in range(0, len(halves), 2):
        ports: dict[str, Any] = dict(carry)
        for half in range(2):
            init, a, b, c = halves[i + half]
            ports |= {
                f"p_INIT{half}": init,
                f"p_INJECT1_{half}": "NO",
                f"i_A{half}": a,
                f"i_B{half}": b,
                f"i_C{half}": c,
                f"i_D{half}": Const(1, 1),
                f"o_S{half}": outputs[i + half],
            }
        if i + 2 < len(halves):
            carry_out = Signal(name=f"carry_{i}")
            ports["o_COUT"] = carry_out
            carry = {"i_CIN": carry_out}
        m.submodules += Instance("CCU2C", **ports)
    return outputs[1:]


# A logic cell of iCE40: LUT4(I0, I1, I2, I3) beside a carry maj(I1, I2, CI), with I3 = CI. The
# carry sees I1 and I2 as they are, so I0 only selects in the LUT, and x is inverted in a LUT of
# its own for the difference.
def _ice40(m: Module, io: ButterflyAdders) -> None:
    bits = _bits(io)
    inverted = [(a, ~x) for a, x in bits]
    sum_ = _ice40_chain(m, io.meets, bits, 0, lambda meets, a, x, ci: a ^ x ^ ci if meets else a)
    difference = _ice40_chain(
        m, io.meets, inverted, 1, lambda meets, a, n, ci: a ^ n ^ ci if meets else n ^ 1
    )
    m.d.comb += [io.sum.eq(sum_), io.difference.eq(difference)]


def _ice40_chain(
    m: Module, select: Value, bits: list[tuple[Value, Value]], carry_in: int, function: Callable[..., int]
) -> Value:
    outputs = Signal(len(bits))
    carry: Value = Const(carry_in, 1)
    init = Const(_table(4, function), 16)
    for i, (a, b) in enumerate(bits):
        m.submodules += Instance(
            "SB_LUT4", p_LUT_INIT=init, i_I0=select, i_I1=a, i_I2=b, i_I3=carry, o_O=outputs[i]
        )
        if i + 1 < len(bits):
            carry_out = Signal(name=f"carry_{i}")
            m.submodules += Instance("SB_CARRY", i_I0=a, i_I1=b, i_CI=carry, o_CO=carry_out)
            carry = carry_out
    return outputs
