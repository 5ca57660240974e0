"""The hardware of a constant factor."""

from hadacast.core.scaled import Scaled


class Normalize(Scaled):
    """The hardware of a Normalize spec; wires where only the binary point moves."""
