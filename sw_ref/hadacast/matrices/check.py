"""Whether what a user gives is a Hadamard matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.matrices.constructions import Signs

MAX_ORDER = 256


def checked(value: Any, name: str = "matrix") -> Signs:
    """`value` as an int8 matrix H with H·Hᵀ = n·I, n from 2 to 256.

    Rows are texts of + and -, or numbers 1 and -1; or all n² numbers come in one row.
    Raises HadacastError for another shape or element, and for rows that aren't orthogonal, quoting two.
    """
    rows = _rows(value, name)
    order = len(rows)
    h = np.ones((order, order), dtype=np.int8)
    for index, row in enumerate(rows):
        if len(row) != order:
            raise HadacastError(
                f"{name} row {index} has {len(row):,} elements: it must have {order}, as many as rows"
            )
        for place, element in enumerate(row):
            sign = {"+": 1, "-": -1}.get(element) if isinstance(element, str) else element
            if isinstance(sign, bool) or sign not in (1, -1):
                raise HadacastError(
                    f"{name}[{index}, {place}] is {checks.quote(element)}: it must be 1 or -1, or + or -"
                )
            h[index, place] = int(sign)
    products = h.astype(np.int64) @ h.T
    wrong = np.argwhere(np.triu(products, 1))
    if len(wrong):
        i, j = map(int, wrong[0])
        raise HadacastError(
            f"{name} rows {i} and {j} have the product {products[i, j]}: it must be 0, for H·Hᵀ = {order}·I"
        )
    return h


def _rows(value: Any, name: str) -> Sequence[Sequence[Any]]:
    shown = checks.quote(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple) or not value:
        raise HadacastError(f"{name} is {shown}: it must be rows of + and -, or of 1 and -1")
    if all(isinstance(row, str | list | tuple) for row in value):
        rows = [row.strip() if isinstance(row, str) else row for row in value]
    else:
        order = round(len(value) ** 0.5)
        if order * order != len(value):
            raise HadacastError(
                f"{name} has {len(value):,} elements: it must have n² of them, n from 2 to {MAX_ORDER}"
            )
        rows = [value[order * row : order * (row + 1)] for row in range(order)]
    if not 2 <= len(rows) <= MAX_ORDER:
        raise HadacastError(f"{name} has {len(rows):,} rows: it must have from 2 to {MAX_ORDER}")
    return rows
