"""And-inverter graphs: gates against truth tables, a file read back, and proofs that hold and that don't."""

from itertools import product

import pytest

from hadacast.prove import abc
from hadacast.prove.aig import FALSE, TRUE, Builder, Circuit

# A register that turns over while `go` is 1; the output is its value.
TOGGLE = """\
aag 5 1 1 1 3
2
4 11
4
6 2 5
8 3 4
10 7 9
i0 go
o0 value
c
made by hand
"""


def value(new: Builder, literal: int, known: dict[int, int]) -> int:
    place = dict(known) | {FALSE: 0}
    for (a, b), result in new._gates.items():
        place[result] = (place[a & ~1] ^ a & 1) & (place[b & ~1] ^ b & 1)
    return place[literal & ~1] ^ literal & 1


@pytest.mark.parametrize(
    ("gate", "function"),
    [("both", lambda a, b: a & b), ("either", lambda a, b: a | b), ("differ", lambda a, b: a ^ b)],
)
def test_gates(gate, function):
    for a, b in product(range(2), repeat=2):
        new = Builder()
        x, y = new.input(), new.input()
        assert value(new, getattr(new, gate)(x, y), {x: a, y: b}) == function(a, b)
        # Constants and a signal with itself need no gate.
        new = Builder()
        x = new.input()
        assert getattr(new, gate)(a, b) == function(a, b)
        assert value(new, getattr(new, gate)(x, b), {x: a}) == function(a, b)
        assert value(new, getattr(new, gate)(x, x ^ 1), {x: a}) == function(a, a ^ 1)
        assert not new._gates


def test_any_of_many():
    new = Builder()
    literals = [new.input() for _ in range(5)]
    result = new.any(literals)
    for values in product(range(2), repeat=5):
        assert value(new, result, dict(zip(literals, values, strict=True))) == any(values)
    assert new.any([]) == FALSE
    assert new.any([FALSE, TRUE]) == TRUE


def test_a_circuit_is_read():
    circuit = Circuit.read(TOGGLE)
    assert circuit.inputs == {"go": 2}
    assert circuit.outputs == {"value": 4}
    assert circuit.latches == [(4, 11)]
    assert circuit.ands == [(6, 2, 5), (8, 3, 4), (10, 7, 9)]
    with pytest.raises(ValueError, match="not ASCII AIGER"):
        Circuit.read("aig 0 0 0 0 0\n")


def twice(change: int) -> bytes:
    """Two toggles side by side, the second's next value inverted where `change` is 1: do they ever differ?"""
    circuit, new = Circuit.read(TOGGLE), Builder()
    go = new.input()
    states = [new.latch(), new.latch()]
    for place, state in enumerate(states):
        literals = new.copy(circuit, {2: go, 4: state})
        new.close(place, literals[10] ^ 1 ^ (change if place else 0))
    return new.write(new.differ(*states))


def delayed(depth: int | None) -> bytes:
    """A register that is never 1, and is seen three clocks later."""
    new = Builder()
    never = new.latch()
    new.close(0, never)
    found = never
    for place in range(1, 4):
        register = new.latch()
        new.close(place, found)
        found = register
    return new.write(found, depth=depth)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_what_is_further_away_may_be_anything(depth):
    assert delayed(depth).split(b"\n")[0].split()[2:4] == [b"1", str(depth).encode()]
    assert abc.prove(delayed(depth), 2) == abc.REFUTED


@pytest.mark.parametrize("depth", [4, 5, None])
def test_what_is_as_near_is_what_it_is(depth):
    assert delayed(depth).split(b"\n")[0].split()[2:4] == [b"0", b"4"]
    assert abc.prove(delayed(depth), 2) == abc.PROVED


def test_abc_proves_and_refutes():
    assert abc.prove(twice(0), 10) == abc.PROVED
    assert abc.prove(twice(1), 10) == abc.REFUTED
    new = Builder()
    assert abc.prove(new.write(FALSE), 10) == abc.PROVED


def test_a_state_that_is_never_reached():
    """A counter of three states, in which two bits are never both 1."""
    new = Builder()
    a, b = new.latch(), new.latch()
    new.close(0, new.both(a ^ 1, b ^ 1))
    new.close(1, a)
    assert abc.prove(new.write(new.both(a, b)), 10) == abc.PROVED
    assert abc.prove(new.write(b), 10) == abc.REFUTED
