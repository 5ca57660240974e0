"""Whether a core keeps the pace that it states: a beat in each clock at both ends, and its latency."""

from typing import Any

import numpy as np

from hadacast.sim.stimulus import Stimulus
from hadacast.sim.trace import Trace


def check(spec: Any, stimulus: Stimulus, trace: Trace) -> list[tuple[str, str]]:
    """What is wrong, as its kind, latency or rate, and a text; empty when right.

    stimulus: good frames alone and no resets. With a receiver that never stalls, each beat must be taken in
    the cycle in which it is offered; without gaps too, the first result must come after the latency stated.
    With a sender that never idles, a beat must be offered in each cycle once the first frame is out, whatever
    the receiver did before (where as many beats leave as come: a packed side has fewer)."""
    found = []
    free, full = bool(stimulus.ready.all()), not stimulus.gap.any()
    if free and full and trace.latency != spec.latency:
        found.append(("latency", f"the latency is {trace.latency} cycles; {spec.latency} is stated"))
    if free:
        waits = np.diff(trace.accept) - 1 - stimulus.gap[1:]
        if waits.any():
            beat = int(np.flatnonzero(waits)[0]) + 1
            found.append(("rate", f"beat {beat} had to wait {waits[beat - 1]} cycles though nothing stalled"))
    if full and spec.out_beats == spec.in_beats:
        idle = (trace.offer[1:] - trace.cycle[:-1] - 1)[spec.out_beats :]
        if idle.any():
            beat = int(np.flatnonzero(idle)[0]) + 1 + spec.out_beats
            found.append(
                ("rate", f"{idle[beat - 1 - spec.out_beats]} cycles without a beat before output {beat}")
            )
    return found


def rested(spec: Any, stimulus: Stimulus, trace: Trace) -> list[tuple[str, str]]:
    """The same of frames of any length, to a receiver that never stalls: a beat after a pause in which the
    rest of a short frame can be made up must be taken in the cycle in which it is offered."""
    waits = np.diff(trace.accept) - 1 - stimulus.gap[1:]
    wrong = np.flatnonzero((waits > 0) & (stimulus.gap[1:] >= 2 * spec.in_beats))
    if not len(wrong):
        return []
    beat, pause = int(wrong[0]) + 1, int(stimulus.gap[wrong[0] + 1])
    return [("rate", f"beat {beat} had to wait {waits[beat - 1]} cycles, after a pause of {pause}")]
