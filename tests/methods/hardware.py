"""A pipeline's hardware beside its exact result, under all that a stream may do."""

from hw.core.campaign import stimulus
from methods import bench

from hadacast.core.top import AxiTop
from hadacast.sim.scoreboard import Comparison, compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.pipeline import Pipeline


def check(spec: Pipeline, elements: int, simulator: str) -> list[Comparison]:
    """Random, extreme and broken frames, with gaps, stalls and resets; then activations and what makes ties,
    back to back."""
    top = AxiTop(spec)
    plans = (
        stimulus(spec, elements, seed=1),
        Stimulus.frames(bench.inputs(spec, elements, seed=2), spec.in_lanes),
    )
    return [compare(spec, plan, simulate(top, plan, simulator)) for plan in plans]
