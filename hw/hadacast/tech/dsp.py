"""The multiplier of a DSP block, with the registers that it has inside.

Synthesis maps a product to such a block but leaves the registers outside, where the wires to and from the
block take half of a cycle. So on ECP5 the block is named, with its own registers in use.
"""

from typing import Any

from amaranth.hdl import ClockSignal, Const, Instance, Module, Shape, Signal
from amaranth.lib.wiring import Component, In, Out

from hadacast.tech.family import of_platform

WIDTH = 18  # of a factor
LATENCY = 2  # registers at the factors and at the product


class TileMultiplier(Component):
    """a·b, two enabled cycles later.

    Parameters
    ----------
    a_bits, b_bits: of the factors, up to 18 each. a_signed, b_signed: which of them are two's complement.

    Members
    -------
    enable: nothing changes while it is low.
    a, b: the factors, o: their product, from a register; bits, whether they have a sign or not.
    """

    latency = LATENCY

    def __init__(self, a_bits: int, b_bits: int, *, a_signed: bool = False, b_signed: bool = False):
        assert max(a_bits, b_bits) <= WIDTH
        # Ports have no sign: Yosys would read a module with signed nets at a block's pins a second time, too
        # late for what is flattened.
        self.a_signed, self.b_signed = a_signed, b_signed
        super().__init__({"enable": In(1), "a": In(a_bits), "b": In(b_bits), "o": Out(a_bits + b_bits)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        if of_platform(platform).name == "ecp5":
            m.submodules.block = self._ecp5(m)
            return m
        a = Signal(Shape(len(self.a), self.a_signed), reset_less=True)
        b = Signal(Shape(len(self.b), self.b_signed), reset_less=True)
        product = Signal.like(self.o, name="product", reset_less=True)
        with m.If(self.enable):
            m.d.sync += [a.eq(self.a), b.eq(self.b), product.eq(a * b)]
        m.d.comb += self.o.eq(product)
        return m

    def _ecp5(self, m: Module) -> Instance:
        """Lattice's MULT18X18D (FPGA-TN-02205, sysDSP usage guide): input and output registers on."""
        registers: dict[str, str] = {}
        for name in ("INPUTA", "INPUTB", "OUTPUT"):
            registers |= {f"p_REG_{name}_CLK": "CLK0", f"p_REG_{name}_CE": "CE0", f"p_REG_{name}_RST": "RST0"}
        product = Signal(2 * WIDTH)
        m.d.comb += self.o.eq(product[: len(self.o)])
        pins: dict[str, Any] = {f"o_P{bit}": product[bit] for bit in range(2 * WIDTH)}
        for name, factor, has_sign in (("A", self.a, self.a_signed), ("B", self.b, self.b_signed)):
            above = factor[-1] if has_sign else Const(0, 1)
            bits = [factor[bit] if bit < len(factor) else above for bit in range(WIDTH)]
            pins |= {f"i_{name}{bit}": value for bit, value in enumerate(bits)}
        return Instance(
            "MULT18X18D",
            **registers,
            p_REG_PIPELINE_CLK="NONE",
            p_SOURCEB_MODE="B_SHIFT",
            p_GSR="DISABLED",
            p_RESETMODE="SYNC",
            i_CLK0=ClockSignal(),
            i_CE0=self.enable,
            i_RST0=Const(0, 1),
            i_SIGNEDA=Const(self.a_signed, 1),
            i_SIGNEDB=Const(self.b_signed, 1),
            i_SOURCEA=Const(0, 1),
            i_SOURCEB=Const(0, 1),
            **pins,
        )
