"""The Pareto front: points that no other beats."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def front(rows: Sequence[Sequence[float | None]]) -> list[bool]:
    """Which rows of figures, all to be minimized, no other row dominates: is nowhere worse and somewhere
    better. Rows that lack a figure aren't on the front and dominate nothing; equal ones are both there."""
    found = [False] * len(rows)
    if not rows or not rows[0]:
        return found
    values: NDArray[Any] = np.array(
        [[np.nan if value is None else float(value) for value in row] for row in rows], np.float64
    )
    whole = np.flatnonzero(~np.isnan(values).any(axis=1))
    others = values[whole]
    for index in whole:
        own = values[index]
        dominated = ((others <= own).all(axis=1) & (others < own).any(axis=1)).any()
        found[index] = not dominated
    return found
