"""The hardware of dyadic requantization."""

from hadacast.core.scaled import Scaled


class Requantize(Scaled):
    """The hardware of a Requantize spec."""
