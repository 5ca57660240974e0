"""Benches for stream cores: stimuli, simulators, and the scoreboard that knows the exact result."""

from hadacast.sim.scoreboard import Comparison, compare
from hadacast.sim.simulators import SIMULATORS, simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace

__all__ = ["SIMULATORS", "Comparison", "Stimulus", "Trace", "compare", "simulate"]
