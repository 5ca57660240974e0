"""Where beats wait for the scale of their group, and scales for their beats."""

from hadacast.spec.quantize import QUICK_RESULTS
from hadacast.tech.family import Family

# A block RAM limits the clock (ECP5: some 135 MHz), so LUT RAM is preferred to up to this many times what
# "auto" means elsewhere.
LUTRAM_FACTOR = 2


def storage_of(storage: str, depth: int, family: Family) -> str:
    """Where a queue of `depth` beats lives: what the recipe says, or by depth and family."""
    if storage == "auto" and depth <= LUTRAM_FACTOR * family.lutram_depth:
        return "lutram"
    return family.storage(depth) if storage == "auto" else storage


def results_storage(depth: int, family: Family) -> str:
    """Where a queue of results lives: as quick with every family, up to QUICK_RESULTS words. Words in
    flip-flops have a multiplexer each, so that LUT RAM is smaller, and one signal moves them all."""
    if depth > QUICK_RESULTS:
        return "bram"
    return "lutram" if depth > 1 and family.lutram_depth else "ff"
