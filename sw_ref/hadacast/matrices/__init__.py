"""Hadamard matrices: ±1 matrices H of order n with H·Hᵀ = n·I, computed by name or given by a user."""

from hadacast.matrices.check import MAX_ORDER, checked
from hadacast.matrices.names import default, known, named

__all__ = ["MAX_ORDER", "checked", "default", "known", "named"]
