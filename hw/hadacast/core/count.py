"""Counters that go around: where a beat stands in its frame, or in a part of it."""

from amaranth.hdl import Module, Mux, Signal, Value


def following(counter: Value, count: int) -> Value:
    """The number after `counter`, of `count` numbers from 0 on. A power of two of them turns to 0 by itself,
    where the result goes to a signal of as many bits."""
    if count & (count - 1) == 0:
        return counter + 1
    return Mux(counter == count - 1, 0, counter + 1)


def counter(m: Module, steps: Value, count: int, name: str, init: int = 0) -> Signal:
    """`init` and how often `steps` has been high, modulo `count`."""
    number = Signal(range(count), name=name, init=init)
    with m.If(steps):
        m.d.sync += number.eq(following(number, count))
    return number


def within(m: Module, steps: Value, place: Signal, period: int, name: str) -> Value:
    """`place` modulo `period`, where `place` is a counter() of the same `steps` whose count `period` divides:
    low bits if it is a power of two, else a counter of its own."""
    if period & (period - 1) == 0:
        return place & (period - 1)
    return counter(m, steps, period, name)
