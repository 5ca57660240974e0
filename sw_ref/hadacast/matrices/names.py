"""Names of Hadamard matrices, each of which says how the matrix is made."""

import re
from collections.abc import Callable
from functools import cache

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.matrices.check import MAX_ORDER
from hadacast.matrices.constructions import Signs, paley1, paley2, sylvester, williamson

FAMILIES: dict[str, Callable[[int], Signs | None]] = {
    "sylvester": sylvester,
    "paley2": paley2,
    "paley1": paley1,
    "williamson": williamson,
}


@cache
def named(name: str) -> Signs:
    """The matrix of a name, int8, not to be written to.

    A name is "family-order", with a family of FAMILIES, as in "paley1-12"; or several of these with * between
    them, their Kronecker product: "sylvester-2*paley1-20" is S_2 ⊗ H_20. Raises HadacastError for another
    name, an order that the family doesn't have, and orders beyond 256.
    """
    h = np.ones((1, 1), dtype=np.int8)
    for part in name.split("*"):
        found = re.fullmatch("([a-z0-9]+)-([1-9][0-9]{0,3})", part)
        if not found or found[1] not in FAMILIES:
            raise HadacastError(
                f'matrix is {checks.quote(name)}: it must be a name such as "paley1-12", '
                f"of {', '.join(FAMILIES)}, or several joined by *, or rows of + and -"
            )
        order = int(found[2])
        factor = FAMILIES[found[1]](order) if order * len(h) <= MAX_ORDER else None
        if factor is None:
            orders = ", ".join(str(n) for n in _orders(found[1]))
            raise HadacastError(f"matrix is {checks.quote(name)}: {found[1]} has the orders {orders}")
        h = np.kron(h, factor)
    if len(h) < 2:
        raise HadacastError(f"matrix is {checks.quote(name)}: its order must be 2 or more")
    h.setflags(write=False)
    return h


@cache
def _orders(family: str) -> tuple[int, ...]:
    return tuple(n for n in (2, *range(4, MAX_ORDER + 1, 4)) if FAMILIES[family](n) is not None)


def known() -> dict[str, int]:
    """The names that are no products, and their orders; by order."""
    found = [(order, f"{family}-{order}") for family in FAMILIES for order in _orders(family)]
    return {name: order for order, name in sorted(found, key=lambda pair: pair[0])}


def default(order: int) -> str:
    """The name of the matrix that an order alone stands for: S_2^e ⊗ H_4m, m odd, where H_4m is the first
    that there is of paley2, paley1 and williamson, and S_order where order is a power of two.

    Both factors are chosen for their hardware: a Kronecker factor S_2 halves the adders, and so does the
    block structure of paley2. Raises HadacastError for an order without a default.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order not in default_orders():
        without = ", ".join(str(n) for n in range(4, MAX_ORDER, 4) if n not in default_orders())
        raise HadacastError(
            f"order is {checks.quote(order)}: it must be 2 or a multiple of 4 up to {MAX_ORDER}, but not "
            f"{without}; another one wants a matrix"
        )
    name = _default(order)
    assert name is not None
    return name


@cache
def default_orders() -> tuple[int, ...]:
    """The orders that have a default."""
    return tuple(n for n in (2, *range(4, MAX_ORDER + 1, 4)) if _default(n))


def _default(order: int) -> str | None:
    if order & (order - 1) == 0:
        return f"sylvester-{order}"
    if order % 4:
        return None
    doublings = (order & -order) // 4
    core = order // doublings
    family = next((name for name in ("paley2", "paley1", "williamson") if core in _orders(name)), None)
    if family is None:
        return None
    return f"{family}-{core}" if doublings == 1 else f"sylvester-{doublings}*{family}-{core}"
