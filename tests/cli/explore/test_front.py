"""The Pareto front, against its definition."""

import random

from hypothesis import given
from hypothesis import strategies as st

from hadacast.explore.front import front

FIGURES = st.none() | st.integers(0, 4)


@given(st.integers(1, 4).flatmap(lambda k: st.lists(st.lists(FIGURES, min_size=k, max_size=k), max_size=12)))
def test_the_definition(rows):
    def dominates(a, b):
        return (
            None not in a
            and all(x <= y for x, y in zip(a, b, strict=True))
            and any(x < y for x, y in zip(a, b, strict=True))
        )

    expected = [None not in row and not any(dominates(other, row) for other in rows) for row in rows]
    assert front(rows) == expected


def test_of_one_objective_it_is_the_least():
    assert front([[3], [1], [None], [1], [2]]) == [False, True, False, True, False]


def test_nothing_to_compare():
    assert front([]) == []
    assert front([[], []]) == [False, False]


def test_many_points_on_a_line():
    chooser = random.Random(1)
    xs = [chooser.random() for _ in range(500)]
    assert all(front([[x, 1 - x] for x in xs]))
    assert sum(front([[x, x] for x in xs])) == 1
