"""What a bench sends: beats, the idle cycles before them, the stalls of the other side, resets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hadacast.errors import HadacastError


@dataclass(frozen=True, eq=False)
class Stimulus:
    """One run of a stream core, cycle by cycle; nothing in it depends on the simulator.

    data: (beats, lanes) integers, lane 0 first.
    last: (beats,) bool, TLAST of each beat.
    gap: (beats,) idle cycles (TVALID low) before each beat is first offered.
    ready: (m,) bool, TREADY of the receiving side by cycle, repeated for ever; needs one True.
    resets: rising beat indices. Before such a beat, after its gap, ARESETN is low for one cycle.

    Raises HadacastError for shapes that don't match, a negative gap, a receiver that is never ready,
    and a reset outside the beats.
    """

    data: NDArray[np.int64]
    last: NDArray[np.bool_]
    gap: NDArray[np.int64]
    ready: NDArray[np.bool_]
    resets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        data = np.asarray(self.data)
        if data.ndim != 2 or data.dtype.kind not in "iu" or data.shape[1] < 1:
            raise HadacastError(
                f"stimulus data has shape {data.shape} and type {data.dtype}; "
                "(beats, lanes) integers are needed"
            )
        fields: dict[str, Any] = {"data": data.astype(np.int64)}
        for name, kind in (("last", np.bool_), ("gap", np.int64)):
            value = np.asarray(getattr(self, name)).astype(kind)
            if value.shape != data.shape[:1]:
                raise HadacastError(
                    f"stimulus {name} has shape {value.shape}; one value per beat is needed, {data.shape[:1]}"
                )
            fields[name] = value
        if (fields["gap"] < 0).any():
            raise HadacastError(f"stimulus gap has {fields['gap'].min()}; idle cycles are 0 or more")
        ready = np.asarray(self.ready).astype(np.bool_)
        if ready.ndim != 1 or not ready.any():
            raise HadacastError(
                f"stimulus ready has shape {ready.shape} and no True: "
                "the receiver must be ready in some cycle"
            )
        resets = tuple(int(beat) for beat in self.resets)
        if any(b <= a for a, b in pairwise(resets)) or any(not 0 <= beat < len(data) for beat in resets):
            raise HadacastError(
                f"stimulus resets are {resets}; rising beat indices from 0 to {len(data) - 1} are allowed"
            )
        for name, value in (fields | {"ready": ready, "resets": resets}).items():
            object.__setattr__(self, name, value)

    @property
    def beats(self) -> int:
        """Beats sent."""
        return len(self.data)

    @property
    def lanes(self) -> int:
        """Elements in a beat."""
        return self.data.shape[1]

    @classmethod
    def frames(
        cls, x: ArrayLike, lanes: int, *, gap_rate: float = 0.0, stall_rate: float = 0.0, seed: int = 0
    ) -> Stimulus:
        """Good frames back to back, with random gaps and stalls.

        x: (frames, N) integers; `lanes` must divide N. gap_rate, stall_rate: the share of cycles, from 0
        to below 1, in which the sender idles and the receiver stalls. Same seed, same stimulus.

        A stalling receiver also begins with one long stall, of 4 frames and 64 cycles, so that a core
        whose valid waits for ready has to show it.
        """
        x = np.asarray(x)
        if x.ndim != 2 or lanes < 1 or x.shape[1] < 1 or x.shape[1] % lanes:
            raise HadacastError(
                f"frames of shape {x.shape} don't fit {lanes} lanes; "
                "(frames, N) with N a multiple of lanes is needed"
            )
        for name, rate in (("gap_rate", gap_rate), ("stall_rate", stall_rate)):
            if not 0 <= rate < 1:
                raise HadacastError(f"{name} is {rate}; 0 up to, but not including, 1 is allowed")
        rng = np.random.default_rng(seed)
        per_frame = x.shape[1] // lanes
        beats = len(x) * per_frame
        gap = rng.geometric(1 - gap_rate, beats) - 1 if gap_rate else np.zeros(beats, dtype=np.int64)
        ready = np.ones(1, dtype=np.bool_)
        if stall_rate:
            ready = rng.random(max(4096, 64 * per_frame)) >= stall_rate
            ready[: 4 * per_frame + 64] = False
            ready[-1] = True
        last = np.zeros((len(x), per_frame), dtype=np.bool_)
        last[:, -1] = True
        return cls(x.reshape(beats, lanes), last.ravel(), gap, ready)

    def resize(self, changes: Mapping[int, int]) -> Stimulus:
        """The same frames, some made too long or too short.

        changes: frame number to beats added after the end of the frame (copies of its last beat), or, when
        negative, taken from its end. TLAST stays on the last beat of each. Frames can't become empty.
        """
        starts, ends = (np.array(edges, dtype=np.int64) for edges in self._frames(changes))
        lengths = ends - starts
        for frame, add in changes.items():
            if lengths[frame] + add <= 0:
                raise HadacastError(f"frame {frame} has {lengths[frame]} beats; it can't change by {add}")
            lengths[frame] += add
        stops = np.cumsum(lengths)
        # From a frame's own begin on, and its last beat where it is over.
        index = np.arange(lengths.sum()) - np.repeat(stops - lengths - starts, lengths)
        index = np.minimum(index, np.repeat(ends - 1, lengths))
        index = np.concatenate([index, np.arange(ends[-1] if len(ends) else 0, self.beats)])
        last = np.zeros(len(index), dtype=np.bool_)
        last[stops - 1] = True
        return replace(self, data=self.data[index], last=last, gap=self.gap[index])

    def lose_last(self, frames: Iterable[int]) -> Stimulus:
        """The same beats, with TLAST missing at the end of the given frames: each joins its follower."""
        frames = list(frames)
        _, ends = self._frames(frames)
        last = self.last.copy()
        last[np.asarray(ends)[frames] - 1] = False
        return replace(self, last=last)

    def with_resets(self, *beats: int) -> Stimulus:
        """The same beats, with a reset before each of the given ones."""
        return replace(self, resets=beats)

    def reset_first(self) -> Stimulus:
        """The same beats, with one more reset in the first cycle, for a core that wakes in any state."""
        gap = self.gap.copy()
        gap[:1] = 0
        return replace(self, gap=gap, resets=tuple(sorted({0, *self.resets})))

    def _frames(self, chosen: Iterable[int]) -> tuple[list[int], list[int]]:
        """First beat and end of each frame, when the chosen frame numbers are among them."""
        if self.resets:
            raise HadacastError(
                f"stimulus has resets before beats {self.resets}; change frames before adding resets"
            )
        ends = (np.flatnonzero(self.last) + 1).tolist()
        for frame in chosen:
            if not 0 <= frame < len(ends):
                raise HadacastError(f"there is no frame {frame}; 0 to {len(ends) - 1} are allowed")
        return [0, *ends[:-1]] if ends else [], ends
