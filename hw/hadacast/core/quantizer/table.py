"""Tables of constants, in LUTs."""

from collections.abc import Sequence

from amaranth.hdl import Const, Mux, Value


def lookup(place: Value, table: Sequence[int], width: int) -> Value:
    """table[place] as `width` bits; anything beyond the table's end."""
    if not len(place) or len(set(table)) == 1:
        return Const(table[0], width)
    half = 1 << (len(place) - 1)
    below, beyond = table[:half], table[half:]
    low = lookup(place[:-1], below, width)
    return Mux(place[-1], lookup(place[:-1], beyond, width), low) if beyond else low
