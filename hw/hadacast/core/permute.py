"""The hardware of permutations."""

from typing import Any

from hadacast.core.permuter.banked import Banked
from hadacast.core.permuter.buffer import Buffer
from hadacast.core.permuter.in_place import InPlace
from hadacast.core.permuter.lanes import Lanes
from hadacast.permuting import banked, in_place
from hadacast.spec.permuting import Permuting
from hadacast.spec.scatter import Scatter


def Permute(spec: Permuting | Scatter) -> Lanes | Buffer:  # noqa: N802, it stands for the component
    """The component of a spec that permutes: the one of its plan.

    Members are i and o, beats of frames (hadacast.core.beat.flowing); the attribute `latency` says the cycles
    from the first beat in to the first beat out, without stalls.
    """
    plan: Any = spec.plan
    if isinstance(plan, in_place.InPlace):
        return InPlace(spec, plan)
    return Banked(spec, plan) if isinstance(plan, banked.Banked) else Lanes(spec, plan)
