"""Registers in a row."""

from amaranth.hdl import Module, Signal, Value


def shifted(m: Module, enable: Value, value: Value, cycles: int, name: str, reset: bool = False) -> Value:
    """`value` as it was `cycles` enabled cycles ago; with `reset`, 0 before there was one."""
    for cycle in range(cycles):
        later = Signal(value.shape(), name=f"{name}_{cycle}", reset_less=not reset)
        with m.If(enable):
            m.d.sync += later.eq(value)
        value = later
    return value
