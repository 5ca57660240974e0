"""Sums over registers are found from what is reached, and proved with the properties that lean on them."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import Signal

from hadacast.prove import engines, netlist, sums
from hadacast.prove.claims import Claims
from hadacast.prove.graph import FALSE, TRUE, Graph


def credits(places: int, wrong: bool = False) -> Claims:
    """A pipe that never stands still, a count of what arrives behind it, and a count of free places."""
    c = Claims()
    m = c.m
    free, held = Signal(4, init=places, name="free"), Signal(4, name="held")
    goes, pop = c.free(1, "goes") & (free != 0), c.free(1, "pop") & (held != 0)
    step = goes
    for number in range(4):
        step = c.before(step, f"step_{number}")
    m.d.sync += [
        free.eq(free - goes + (c.free(1, "pop_too") if wrong else pop)),
        held.eq(held + step - pop),
    ]
    c.never("queues", held > places)
    return c


def value(graph: Graph, literal: int, inputs) -> int:
    """A literal for some values of the inputs."""
    values = [0, *inputs]
    for a, b in graph.ands:
        values.append((values[a >> 1] ^ a & 1) & (values[b >> 1] ^ b & 1))
    return values[literal >> 1] ^ literal & 1


def test_totals_and_equality():
    graph = Graph(4, 0)
    literals = [2, 4, 6, 9]
    total = graph.total([(1, 2), (3, 4), (2, 6), (5, 9)], 3)
    same = graph.equal(total, [FALSE, TRUE, TRUE])
    for bits in itertools.product((0, 1), repeat=4):
        a, b, c, d = (bit ^ literal & 1 for bit, literal in zip(bits, literals, strict=True))
        expected = 3 + a + 3 * b + 2 * c + 5 * d
        assert sum(value(graph, bit, bits) << n for n, bit in enumerate(total)) == expected
        assert value(graph, same, bits) == (expected == 6)


def test_gates_are_shared_and_folded():
    graph = Graph(2, 0)
    assert graph.both(2, 4) == graph.both(4, 2)
    assert [graph.both(2, 3), graph.both(2, 2), graph.both(2, TRUE), graph.both(2, FALSE)] == [0, 2, 2, 0]
    assert len(graph.ands) == 1


def test_the_hull_of_points():
    """Points of x + 2 y - z = 1; w is anything."""
    hull = sums.Hull(4)
    points = [(1, 0, 0, 0), (0, 1, 1, 1), (1, 1, 2, 0), (1, 0, 0, 1), (0, 1, 1, 0)]
    assert [hull.add(point) for point in points] == [True, True, True, True, False]
    (found,) = hull.sums([10, 11, 12, 13])
    weights = dict(found.terms)
    assert set(weights) == {10, 11, 12}
    assert all(sum(w * point[n - 10] for n, w in found.terms) == found.constant for point in points)


def test_a_queue_behind_a_pipe_never_overflows(tmp_path):
    net = netlist.build(credits(6), tmp_path)
    found = sums.prove(net, ["queues"], 30)["queues"]
    assert found.verdict == engines.PROVED
    assert " sums" in found.engine


def test_what_fails_is_not_proved(tmp_path):
    net = netlist.build(credits(6, wrong=True), tmp_path)
    assert sums.prove(net, ["queues"], 10) == {}
    assert engines.pdr(net, ["queues"], 10)["queues"].verdict == engines.FAILED


def test_simulated_states_are_of_the_design(tmp_path):
    """The sum that is known to hold does in all of them, and in those behind any of them."""
    net = netlist.build(credits(5), tmp_path)
    names = [name.split(".")[-1] for name in net.latches]
    everything = range(len(names))
    rows = sums.simulated(net, everything)
    total = np.zeros(len(rows), dtype=np.int64)
    for n, name in enumerate(names):
        bits = rows[:, n] ^ (n in net.inverted)
        word, _, bit = name.removesuffix("]").rpartition("[")
        if word in ("free", "held"):
            total += bits << int(bit)
        elif word.startswith("step_"):
            total += bits
    assert set(total) == {5}
    again = sums.simulated(net, everything, 8, (list(rows[-1]), [0] * len(net.inputs)))
    assert (again[0] == rows[-1]).all()


@pytest.mark.parametrize("value", [1, 2, 7, -3])
def test_fractions_modulo_a_prime(value):
    modular = value * pow(5, -1, sums.PRIME) % sums.PRIME
    found = sums._fraction(modular)
    assert (found.numerator, found.denominator) == (value, 5)
