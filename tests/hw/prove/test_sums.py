"""Sums over registers are guessed from what is reached, and proved with what leans on them."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import Signal

from hadacast.prove import catalogue, engines, netlist, subject, sums
from hadacast.prove.aig import FALSE, TRUE, Builder
from hadacast.prove.claims import Claims


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


def value(graph: Builder, literal: int, known: dict[int, int]) -> int:
    """A literal for some values of the inputs."""
    place = dict(known) | {FALSE: 0}
    for (a, b), result in graph._gates.items():
        place[result] = (place[a & ~1] ^ a & 1) & (place[b & ~1] ^ b & 1)
    return place[literal & ~1] ^ literal & 1


def test_totals_and_equality():
    graph = Builder()
    inputs = [graph.input() for _ in range(4)]
    literals = [*inputs[:3], inputs[3] ^ 1]
    total = graph.total(zip((1, 3, 2, 5), literals, strict=True), 3)
    same = graph.equal(total, [FALSE, TRUE, TRUE])
    for bits in itertools.product((0, 1), repeat=4):
        known = dict(zip(inputs, bits, strict=True))
        a, b, c, d = (*bits[:3], bits[3] ^ 1)
        expected = 3 + a + 3 * b + 2 * c + 5 * d
        assert sum(value(graph, bit, known) << n for n, bit in enumerate(total)) == expected
        assert value(graph, same, known) == (expected == 6)
    assert graph.every([]) == TRUE


def test_the_equations_of_points():
    """Points of x + 2 y - z = 1; w is anything."""
    points = [(1, 0, 0, 0), (0, 1, 1, 1), (1, 1, 2, 0), (1, 0, 0, 1), (0, 1, 1, 0)]
    points = [(x, y, z & 1, z >> 1, w) for x, y, z, w in points]
    found = sums.equations([20, 22, 24, 26, 28], np.array(points, dtype=np.bool_))
    rows = [{term: weight for weight, (term,) in each.terms} for each in found]
    assert all(
        sum(row.get(20 + 2 * n, 0) * point[n] for n in range(5)) == each.constant
        for row, each in zip(rows, found, strict=True)
        for point in points
    )
    assert not any(28 in row for row in rows)
    # Four points in general position, in five dimensions of which one is free: two equations.
    assert len(found) == 2


def test_equations_that_few_states_suggest_are_dropped():
    """All numbers of 13 bits but for their parity have no equation; most of them aren't looked at first."""
    rng = np.random.default_rng(1)
    states = rng.integers(0, 2, (3 * sums.FEW, 13)).astype(np.bool_)
    states[: 2 * sums.FEW, 12] = states[: 2 * sums.FEW, 11]
    assert sums.equations(range(2, 28, 2), states) == []


def test_rows_become_short():
    rows = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1], [0, 2, 2, 2, 0, 3]])
    assert [np.count_nonzero(row[1:]) for row in sums.short(rows)] == [3, 1, 1]


def test_a_queue_behind_a_pipe_never_overflows(tmp_path):
    net = netlist.build(credits(6), tmp_path)
    found = sums.proved(net, ["queues"], 30)
    assert any(len(each.terms) > 8 for each in found)
    strong = sums.strengthened(net, found, [])
    verdict = engines.pdr(strong, ["queues"], 30)["queues"]
    assert (verdict.verdict, verdict.engine) == (engines.PROVED, "induction")


def test_what_fails_is_not_proved(tmp_path):
    """Nor does it hide what fails."""
    net = netlist.build(credits(6, wrong=True), tmp_path)
    found = sums.proved(net, ["queues"], 30)
    assert not any(len(each.terms) > 8 for each in found)
    strong = sums.strengthened(net, found, [])
    assert engines.pdr(strong, ["queues"], 30)["queues"].verdict == engines.FAILED


def test_a_guess_that_is_wrong_is_not_proved(tmp_path):
    """Not even where it is true at first: that the queue is empty."""
    net = netlist.build(credits(6), tmp_path)
    held = [n for n, name in enumerate(net.latches) if name.startswith("held")]
    guesses = [sums.Sum(((1, (net.register(n),)),), 0) for n in held]
    right = sums.Sum(((1, (net.register(held[0]),)), (1, (net.register(held[0]) ^ 1,))), 1)
    assert sums._inductive(net, [*guesses, right], 1, 30) == [right]


def test_what_fails_after_an_assumption_did_and_a_reset_is_seen(tmp_path):
    """A sum is broken while an assumption is, and holds again after a reset; what survives that, counts."""
    c = Claims()
    wrong = c.free(1, "wrong")
    c.assume(~wrong)
    ever = Signal(name="ever", reset_less=True)
    was = c.before(wrong, "was")
    c.m.d.sync += ever.eq(ever | was)
    c.never("ever", ever)
    c.never("was", was)
    net = netlist.build(c, tmp_path)
    (number,) = (n for n, name in enumerate(net.latches) if name.startswith("was"))
    found = sums.proved(net, ["ever", "was"], 30)
    holds = sums.Sum(((1, (net.register(number),)),), 0)
    assert holds in found
    strong = sums.strengthened(net, found, [])
    verdicts = {name: verdict.verdict for name, verdict in engines.pdr(strong, ["ever", "was"], 20).items()}
    assert verdicts == {"ever": engines.FAILED, "was": engines.PROVED}


def test_simulated_states_are_of_the_design(tmp_path):
    """The sum that is known to hold does in all of them."""
    net = netlist.build(credits(5), tmp_path)
    names = [name.split(".")[-1] for name in net.latches]
    rows = sums.simulated(net, [net.register(n) for n in range(len(names))])
    total = np.zeros(len(rows), dtype=np.int64)
    for n, name in enumerate(names):
        word, _, bit = name.removesuffix("]").rpartition("[")
        if word in ("free", "held"):
            total += rows[:, n].astype(np.int64) << int(bit)
        elif word.startswith("step_"):
            total += rows[:, n]
    assert set(total) == {5}
    assert len(rows) > 50


@pytest.mark.parametrize("number", [1, 2, 7, -3])
def test_fractions_modulo_a_prime(number):
    modular = number * pow(5, -1, sums.PRIME) % sums.PRIME
    found = sums.fraction(modular)
    assert (found.numerator, found.denominator) == (number, 5)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["pvq", "quantize"])
def test_stages_with_queues_of_flip_flops(kind):
    name = {"pvq": "pvq 1 pulse", "quantize": "quantize int, maximum"}[kind]
    name += ", N 2, P 2, queues of flip-flops"
    (found,) = (found for found in catalogue.subjects() if found.name == name)
    records = subject.prove(found, timeout=240)
    assert {record.verdict for record in records} == {engines.PROVED}
    assert any(" sums" in record.engine for record in records)
