"""The hardware of a diagonal of real numbers."""

from hadacast.core.scaled import Scaled


class Gain(Scaled):
    """The hardware of a Gain spec: a table of multipliers in each lane, and of signs where there are any."""
