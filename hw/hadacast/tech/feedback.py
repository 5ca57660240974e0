"""The adders of a delay-feedback butterfly: one LUT a bit where the family's carry chain allows.

    sum  = a + x if c else a        difference = a - x if c else x

The multiplexers belong inside the carry chain, but synthesis keeps them outside, at twice the
cells. So the chain is built bit by bit from the family's primitive; `Plain` says what it means,
and the tests prove each of the others equal to it.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Instance, Module, Mux, Signal, signed
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform


class FeedbackAdders(Component):
    """Sum and difference of a delayed element and one that arrives, combinational.

    Parameters
    ----------
    width: W, bits of an arriving element.

    Members
    -------
    a: the delayed element, an input of W bits (while c) or a difference of W + 1 bits.
    x: the arriving element, W bits.
    c: whether the two meet in this beat.
    sum, difference: W + 1 bits, as above.
    """

    def __init__(self, width: int):
        self.width = width
        super().__init__(
            {
                "a": In(signed(width + 1)),
                "x": In(signed(width)),
                "c": In(1),
                "sum": Out(signed(width + 1)),
                "difference": Out(signed(width + 1)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        build = {"ecp5": _ecp5, "ice40": _ice40}.get(of_platform(platform).name, _plain)
        build(m, self)
        return m


def _plain(m: Module, io: FeedbackAdders) -> None:
    m.d.comb += [
        io.sum.eq(io.a + Mux(io.c, io.x, 0)),
        io.difference.eq(Mux(io.c, io.a - io.x, io.x)),
    ]


def _bits(io: FeedbackAdders) -> list[tuple[Any, Any]]:
    """(a, x) for each of the W + 1 bit positions, x sign-extended."""
    width = io.width
    return [(io.a[i], io.x[min(i, width - 1)]) for i in range(width + 1)]


# A half of ECP5's CCU2C: S = LUT4(A, B, C, D) ^ CIN, COUT = CIN if LUT4 else LUT2(A, B), where
# LUT2 is the low four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the
# table's upper half, so that propagate and generate can be chosen freely.
def _ccu2c_init(propagate: Any, generate: Any) -> Const:
    table = sum(int(generate(i & 1, i >> 1 & 1)) << i for i in range(4))
    table |= sum(int(propagate(i & 1, i >> 1 & 1, i >> 2 & 1)) << (8 + i) for i in range(8))
    return Const(table, 16)


def _ecp5(m: Module, io: FeedbackAdders) -> None:
    # sum: A = a, B = x, C = c. Where propagate is 0, a and (x & c) are equal: the carry is a.
    sum_init = _ccu2c_init(lambda a, x, c: a ^ (x & c), lambda a, x: a)
    sum_halves = [(sum_init, a, x, io.c) for a, x in _bits(io)]
    # difference: A = a, B = c, C = x. Where propagate is 0 and c is 1, a and ~x are equal: the
    # carry is a. Where c is 0 no carry ever starts, and S = x.
    difference_init = _ccu2c_init(lambda a, c, x: a ^ x ^ 1 if c else x, lambda a, c: a & c)
    # The +1 of the two's complement enters through a half that only generates: its carry is c.
    carry_in = _ccu2c_init(lambda a, b, c: 0, lambda a, b: a)
    difference_halves = [(difference_init, a, io.c, x) for a, x in _bits(io)]
    m.d.comb += io.sum.eq(_ccu2c_chain(m, sum_halves))
    m.d.comb += io.difference.eq(_ccu2c_chain(m, [(carry_in, io.c, 0, 0), *difference_halves])[1:])


def _ccu2c_chain(m: Module, halves: list[tuple[Any, Any, Any, Any]]) -> Any:
    outputs = Signal(len(halves) + len(halves) % 2)
    padded = halves + [(Const(0, 16), 0, 0, 0)] * (len(halves) % 2)
    carry: Any = Const(0, 1)
    for i in range(0, len(padded), 2):
        carry_out = Signal(name=f"carry_{i}")
        (init0, a0, b0, c0), (init1, a1, b1, c1) = padded[i : i + 2]
        m.submodules += Instance(
            "CCU2C",
            p_INIT0=init0,
            p_INIT1=init1,
            p_INJECT1_0="NO",
            p_INJECT1_1="NO",
            i_CIN=carry,
            **{f"i_{name}": Cat(value) for name, value in (
                ("A0", a0), ("B0", b0), ("C0", c0), ("D0", Const(1, 1)),
                ("A1", a1), ("B1", b1), ("C1", c1), ("D1", Const(1, 1)),
            )},
            o_S0=outputs[i],
            o_S1=outputs[i + 1],
            o_COUT=carry_out,
        )
        carry = carry_out
    return outputs[: len(halves)]


# A logic cell of iCE40: LUT4(I0, I1, I2, I3) beside a carry maj(I1, I2, CI), with I3 = CI. The
# carry sees I1 and I2 as they are, so c only selects in the LUT, and x is inverted in a LUT of
# its own for the difference.
def _ice40(m: Module, io: FeedbackAdders) -> None:
    bits = _bits(io)
    m.d.comb += io.sum.eq(
        _ice40_chain(m, io.c, bits, Const(0, 1), lambda c, a, x, ci: a ^ x ^ ci if c else a)
    )
    inverted = [(a, ~x) for a, x in bits]
    m.d.comb += io.difference.eq(
        _ice40_chain(m, io.c, inverted, Const(1, 1), lambda c, a, n, ci: a ^ n ^ ci if c else n ^ 1)
    )


def _ice40_chain(m: Module, c: Any, bits: list[tuple[Any, Any]], carry: Any, function: Any) -> Any:
    table = sum(
        int(function(i & 1, i >> 1 & 1, i >> 2 & 1, i >> 3 & 1)) << i for i in range(16)
    )
    outputs = Signal(len(bits))
    for i, (a, b) in enumerate(bits):
        m.submodules += Instance(
            "SB_LUT4", p_LUT_INIT=Const(table, 16), i_I0=c, i_I1=a, i_I2=b, i_I3=carry, o_O=outputs[i]
        )
        if i + 1 < len(bits):
            carry_out = Signal(name=f"carry_{i}")
            m.submodules += Instance("SB_CARRY", i_I0=a, i_I1=b, i_CI=carry, o_CO=carry_out)
            carry = carry_out
    return outputs
