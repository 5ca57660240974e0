"""Counters that go around: where a beat stands in its frame, or in a part of it."""

from functools import cache

from amaranth.hdl import Cat, Module, Mux, Signal, Value


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


# Exponents, besides the highest and 0, of a primitive polynomial over GF(2) of each degree: the ones with
# the fewest terms (W. Stahnke, Math. Comp. 27, 1973).
_PRIMITIVE = {
    5: (2,), 6: (1,), 7: (1,), 8: (6, 5, 1), 9: (4,), 10: (3,), 11: (2,), 12: (7, 4, 3), 13: (4, 3, 1),
    14: (12, 11, 1), 15: (1,), 16: (5, 3, 2), 17: (3,), 18: (7,), 19: (6, 5, 1), 20: (3,), 21: (2,), 22: (1,),
}  # fmt: skip


FINAL = 3


class Ring:
    """Counts as `counter` does, but in whatever order of states is the cheapest: for who asks only whether it
    is at a certain one, or wants an address that each of `count` words has once.

    From 32 on, a power of two is a shift register with a feedback that runs through all states (a de Bruijn
    sequence, made of a primitive polynomial's by one zero more): two or three LUTs at any size.

    Attributes
    ----------
    state: of so many bits as `count` states take, 0 at first.
    first, last: whether it stands at the first or the last of them.
    final: final[k], whether it stands at one of the last k + 1, for k up to 2. From five states on, this and
        the others are registers, so that nothing long follows them.
    """

    def __init__(self, m: Module, steps: Value, count: int, name: str):
        bits = (count - 1).bit_length()
        self.state = state = Signal(bits, name=name)
        self._states = states = _states(count)
        wraps = state == states[-1]
        if _is_feedback(count):
            following_state: Value = Cat(_feedback(state) ^ ~state[:-1].any(), state[:-1])
        elif count & (count - 1):
            following_state = Mux(wraps, 0, state + 1)
        else:
            following_state = _binary(state)
        with m.If(steps):
            m.d.sync += state.eq(following_state)
        if count < 5:
            self.first, self.last = state == 0, wraps
            self.final = [state >= count - 1 - k for k in range(FINAL)]
            return
        self.first = Signal(name=f"{name}_first", init=1)
        final = Signal(FINAL, name=f"{name}_final")
        self.final, self.last = [final[k] for k in range(FINAL)], final[0]
        enters = state == states[-1 - FINAL]
        with m.If(steps):
            m.d.sync += [
                self.first.eq(self.last),
                final.eq(Cat(final[1:], enters | final[-1]) & ~self.last.replicate(FINAL)),
            ]

    def at(self, place: int) -> Value:
        """Whether it stands at state `place`, counted from 0."""
        return self.state == self._states[place]


def _is_feedback(count: int) -> bool:
    return count & (count - 1) == 0 and count.bit_length() - 1 in _PRIMITIVE


def _binary(state: Signal) -> Value:
    """state + 1: of few bits, each turned over by those below; a carry chain has two cells at least."""
    if len(state) > 4:
        return state + 1
    return Cat(~state[:1], *(state[bit] ^ state[:bit].all() for bit in range(1, len(state))))


def _feedback(state: Value) -> Value:
    result: Value = state[-1]
    for exponent in _PRIMITIVE[len(state)]:
        result = result ^ state[exponent - 1]
    return result


@cache
def _states(count: int) -> tuple[int, ...]:
    """The states of a Ring in their order."""
    if not _is_feedback(count):
        return tuple(range(count))
    bits = count.bit_length() - 1
    taps = sum(1 << (exponent - 1) for exponent in (bits, *_PRIMITIVE[bits]))
    states, state = [], 0
    for _ in range(count):
        states.append(state)
        feedback = (state & taps).bit_count() & 1 ^ (state & (count // 2 - 1) == 0)
        state = state << 1 & (count - 1) | feedback
    return tuple(states)
