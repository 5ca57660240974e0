"""Signs that a transform within a beat takes in for nothing."""

from functools import lru_cache
from typing import Any

from hadacast.spec.fwht import Fwht
from hadacast.spec.signs import Signs

# Of a pair of lanes a and b: whether the difference is b - a; whether the sum leaves on the upper lane.
Turn = tuple[bool, bool]


@lru_cache(maxsize=64)
def folded(signs: Any, fwht: Any) -> tuple[dict[int, Turn], ...] | None:
    """How each butterfly stage, the longest distance first, must be wired for the transform of s_i·x_i out of
    the x_i themselves: by the lower lane of each pair. None where it can't be.

    Each lane between butterflies stands for plus or minus what it carries. With signs p and q,

        p·a + q·b   and   p·a - q·b

    are one a sum, with p before it, and one a difference, which needs no sign: it is a - b or b - a. So a
    minus before the first element of a transform stays, before one or another of its results, and all other
    signs vanish. Nothing is folded where one stays, or where lanes differ from beat to beat.
    """
    if not (isinstance(signs, Signs) and isinstance(fwht, Fwht)):
        return None
    if signs.loadable or not signs.changes or signs.beats > 1 or fwht.up_to:
        return None
    row = signs.negative * (signs.frame // len(signs.negative))
    minus = list(row)
    stages = []
    for distance in reversed(fwht.circuit):
        turns: dict[int, Turn] = {}
        for lane in range(signs.lanes):
            if lane // distance % 2:
                continue
            p, q = minus[lane], minus[lane + distance]
            turns[lane] = (p, p != q)
            minus[lane], minus[lane + distance] = p and q, p and not q
        stages.append(turns)
    return None if any(minus) else tuple(stages)
