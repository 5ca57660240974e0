"""Plans of permutations as programs: words go through banks, switches and addresses, step by step."""

import numpy as np

from hadacast.permuting.banked import Banked, Switch
from hadacast.permuting.in_place import InPlace, Level
from hadacast.permuting.lanes import Lanes


def _switched(values: np.ndarray, levels: tuple[Level, ...], index: int) -> np.ndarray:
    for level in levels:
        if ((index & level.mask).bit_count() + level.flip) % 2:
            values = values[np.arange(len(values)) ^ level.direction]
    return values


def _chosen(values: np.ndarray, switch: Switch, row: int) -> np.ndarray:
    picks = switch.rows[row]
    found = [choices[k] for choices, k in zip(switch.choices, picks, strict=True)]
    return np.array([0 if source < 0 else values[source] for source in found])


def in_place(plan: InPlace, x: np.ndarray) -> np.ndarray:
    """(blocks, beats, lanes) in, and out, with reads as late as they may be: just before the next write."""
    memory = np.full((plan.flow.beats, plan.lanes), -1)
    found = np.empty_like(x)
    writing = plan.start
    turns = 1 << len(plan.turn)
    for number, block in enumerate(x):
        h = number % turns
        reading = plan.after(writing, h)
        for step in range(2 * plan.flow.beats):
            j = step % plan.flow.beats
            used = writing if step < plan.flow.beats else reading
            index = h << plan.bits | j
            at = [address(plan, used, j, bank) for bank in range(plan.lanes)]
            if step < plan.flow.beats:
                memory[at, range(plan.lanes)] = _switched(block[j], plan.write, j)
            else:
                word = _switched(memory[at, range(plan.lanes)], plan.read, index)
                found[number, j] = word[list(plan.wiring)]
        writing = reading
    return found


def address(plan: InPlace, used, j: int, bank: int) -> int:
    result = used.base
    for k, column in enumerate(used.columns):
        result ^= column if j >> k & 1 else 0
    for k, offset in enumerate(used.offsets):
        result ^= offset if plan.groups[bank] >> k & 1 else 0
    return result


def banked(plan: Banked, x: np.ndarray) -> np.ndarray:
    """(blocks, beats, lanes) in and out, the memory as full as it may be."""
    memory = np.full((plan.depth, plan.lanes), -1)
    beats, in_beats = plan.flow.beats, plan.flow.in_beats
    found = np.empty((len(x), beats, plan.lanes), dtype=np.int64)
    ahead = written = read = 0
    while read < len(x) * beats:
        block, j = divmod(written, in_beats)
        whole = plan.flow.lag is None
        room = block - read // beats < plan.halves if whole else ahead < plan.flow.capacity
        if room and block < len(x):
            memory[(block % plan.halves << plan.address_bits) + j] = _chosen(x[block, j], plan.write, j)
            written, ahead = written + 1, ahead + 1
            continue
        out, j = divmod(read, beats)
        at = [plan.addresses[j][plan.groups[bank]] for bank in range(plan.lanes)]
        word = memory[[(out % plan.halves << plan.address_bits) + a for a in at], range(plan.lanes)]
        found[out, j] = _chosen(word, plan.read, j)
        read, ahead = read + 1, ahead - 1
    return found


def run(plan: Lanes | InPlace | Banked, x: np.ndarray, lanes: int) -> np.ndarray:
    """(frames, N) in, (frames, N) out."""
    rows = x.reshape(-1, lanes)
    if isinstance(plan, Lanes):
        period = len(plan.switch.rows)
        return np.stack([_chosen(row, plan.switch, k % period) for k, row in enumerate(rows)]).reshape(
            x.shape
        )
    model = in_place if isinstance(plan, InPlace) else banked
    return model(plan, rows.reshape(-1, plan.flow.in_beats, lanes)).reshape(len(x), -1)
