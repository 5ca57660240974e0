"""How late words leave a memory that transposes blocks of a stream: hadacast.core.stride."""

# Registers behind a block RAM, whose output is slow: one next to it, one on the way.
BEHIND = 2

# Cycles from the last beat into a stride memory to the first beat out: a write, a read, and those registers.
STRIDE = 2 + BEHIND


def stride_latency(beats: int) -> int:
    """Cycles from a block's first beat into a stride memory to its first beat out."""
    return beats - 1 + STRIDE
