"""Latency of shifts by a variable number of places."""

# Steps of a shift, each by a power of two or not at all, between two registers.
STEPS = 2


def shift_latency(largest: int) -> int:
    """Cycles of a shift by 0 … `largest` places: hadacast.core.right_shift."""
    return -(-largest.bit_length() // STEPS)


def all_ones(largest: int) -> int:
    """The largest distance with as many bits: a shift beyond what matters does no harm, and whether a
    distance is too large is then seen from its high bits."""
    return (1 << largest.bit_length()) - 1
