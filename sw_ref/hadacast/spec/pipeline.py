"""A pipeline: stage specs whose formats chain."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.settings import RegisterMap
from hadacast.spec.folding import folded
from hadacast.spec.quantize import Quantize
from hadacast.spec.stage import Stage

# A name becomes Verilog modules and file names.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

# Beyond this a beat is no bus any more, and place and route has no chance.
MAX_BEAT_BITS = 1 << 16
MAX_COPIES = 64
MAX_STAGES = 256

# Cycles from a frame's last beat into a frame buffer to its first beat out: its bank is full, a word is read,
# and goes through one more register, since the output of a block RAM is slow.
FRAME_BUFFER = 3


def takes_random(stage: Stage) -> bool:
    """Whether a stage takes random numbers from a port of the core."""
    return isinstance(stage, Quantize) and stage.sequential and stage.random == "port"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Stages in order, each taking the format that the one before it leaves.

    Members
    -------
    name: 1 to 40 of a-z, 0-9 and _, starting with a letter.
    stages: 1 to 256; all of one frame length and lane count. What enters the first and leaves the
        last are plain elements or packed bytes: a pack or dequantize stage ends what has scales.
    title, source: one line each for people: what this is, and where it is published.
    copies: how many of it stand side by side, 1 to 64. One stream feeds them all: copy c is on lanes c·P to
        c·P + P - 1 of a beat, so as many frames travel together. All else is of one copy, but for `in_lanes`
        and `out_lanes`, the lanes of the stream, `rate` and `random_bits`.

    Raises HadacastError where stages don't chain or a member is out of range.
    """

    name: str
    stages: tuple[Stage, ...]
    title: str = ""
    source: str = ""
    copies: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            allowed = "1 to 40 of a-z, 0-9 and _, starting with a letter"
            raise HadacastError(f"name is {checks.quote(self.name)}: it must be {allowed}")
        checks.text("title", self.title)
        checks.text("source", self.source)
        checks.integer("copies", self.copies, 1, MAX_COPIES)
        checks.instance("stages", self.stages, tuple)
        for stage in self.stages:
            checks.instance("a stage", stage, Stage)
            checks.members(stage)
        if not 1 <= len(self.stages) <= MAX_STAGES:
            count = f"{len(self.stages):,}" if self.stages else "no"
            raise HadacastError(f"a pipeline has {count} stages: it must have 1 to {MAX_STAGES}")
        for before, after in pairwise(self.stages):
            same = (before.frame, before.lanes, before.output) == (after.frame, after.lanes, after.input)
            if not same:
                raise HadacastError(
                    f"stage {after.kind} takes {after.frame} × {after.lanes} lanes of {after.input}: "
                    f"{before.kind} before it leaves {before.frame} × {before.lanes} lanes of {before.output}"
                )
            if before.out_beats != after.in_beats:
                raise HadacastError(
                    f"stage {after.kind} takes frames of {after.in_beats} beats: "
                    f"{before.kind} before it leaves {before.out_beats}"
                )
        first, last = self.stages[0], self.stages[-1]
        if isinstance(first.input, Block):
            raise HadacastError(f"input is {first.input}: a pipeline takes plain elements, or packed ones")
        if isinstance(last.output, Block):
            raise HadacastError(
                f"output is {last.output}: "
                f"a pack or a dequantize stage must follow the last stage, {last.kind}"
            )
        if sum(map(takes_random, self.stages)) > 1:
            raise HadacastError(
                "random is 'port' in several stages: it must be in one at most, there is one port"
            )
        widest = max(self.in_lanes * 8 * self.input.bytes, self.out_lanes * 8 * self.output.bytes)
        if widest > MAX_BEAT_BITS:
            shown = f"lanes is {self.lanes}" + (f", copies {self.copies}" if self.copies > 1 else "")
            raise HadacastError(
                f"{shown}: a beat would be {widest:,} bits wide, {MAX_BEAT_BITS:,} is the most"
            )

    @property
    def frame(self) -> int:
        """N, elements in a frame."""
        return self.stages[0].frame

    @property
    def lanes(self) -> int:
        """P, elements in a beat."""
        return self.stages[0].lanes

    @property
    def beats(self) -> int:
        """Beats in a frame, N/P."""
        return self.stages[0].beats

    @property
    def single(self) -> "Pipeline":
        """One copy."""
        return self if self.copies == 1 else replace(self, copies=1)

    @property
    def rate(self) -> int:
        """Elements per clock, of all copies."""
        return self.lanes * self.copies

    @property
    def in_lanes(self) -> int:
        """Lanes of a beat that comes in: P, or bytes of a packed one, of each copy."""
        return self.stages[0].in_lanes * self.copies

    @property
    def in_beats(self) -> int:
        """Beats of a frame that comes in."""
        return self.stages[0].in_beats

    @property
    def out_lanes(self) -> int:
        """Lanes of a beat that leaves: P, or bytes of a packed one, of each copy."""
        return self.stages[-1].out_lanes * self.copies

    @property
    def in_size(self) -> int:
        """Elements of a frame that comes in, or bytes of a packed one."""
        return self.in_beats * self.stages[0].in_lanes

    @property
    def out_size(self) -> int:
        """Elements of a frame that leaves, or bytes of a packed one."""
        return self.out_beats * self.stages[-1].out_lanes

    @property
    def out_beats(self) -> int:
        """Beats of a frame that leaves."""
        return self.stages[-1].out_beats

    @property
    def input(self) -> Codes:
        """Format of the lanes that come in."""
        assert isinstance(self.stages[0].input, Codes)
        return self.stages[0].input

    @property
    def output(self) -> Codes:
        """Format of the lanes that leave."""
        assert isinstance(self.stages[-1].output, Codes)
        return self.stages[-1].output

    @property
    def sequential(self) -> bool:
        """Whether a result depends on how many frames came before, since reset."""
        return any(stage.sequential for stage in self.stages)

    @property
    def random_port(self) -> int | None:
        """Index of the stage that takes random numbers from a port of the core, if any."""
        return next((index for index, stage in enumerate(self.stages) if takes_random(stage)), None)

    @property
    def random_bits(self) -> int:
        """Width of that port: 8 bits for each lane, copy after copy; 0 where there is none."""
        return 0 if self.random_port is None else 8 * self.rate

    @property
    def scales(self) -> Packed | None:
        """What leaves, if its scales leave on a stream of their own."""
        return self.output if isinstance(self.output, Packed) and self.output.layout == "stream" else None

    @property
    def registers(self) -> RegisterMap:
        """What can be changed at run time, and where."""
        return RegisterMap(tuple((stage.kind, stage.settings) for stage in self.stages))

    @property
    def dropper(self) -> int | None:
        """Index of the stage that drops broken frames: the first whose first result follows a frame's last
        beat, a transform over the whole frame. None if a stage before it must not see broken frames, or if
        there is none: a frame buffer then stands at the entrance."""
        for index, stage in enumerate(self.stages):
            if stage.whole:
                return index
            if stage.sequential:
                return None
        return None

    @property
    def folded(self) -> frozenset[int]:
        """Indices of the signs that the transform behind them takes in: they cost no cycle."""
        pairs = pairwise(self.stages)
        return frozenset(index for index, pair in enumerate(pairs) if folded(*pair) is not None)

    @property
    def latency(self) -> int:
        """Cycles from the first beat's acceptance to the first result's offer, without stalls."""
        buffer = 0 if self.dropper is not None else self.in_beats - 1 + FRAME_BUFFER
        return buffer + sum(
            stage.latency for index, stage in enumerate(self.stages) if index not in self.folded
        )

    def compute(self, x: ArrayLike) -> Ints:
        """The exact result for integer codes `x`, int64.

        `x` is (..., in_size), the result (..., out_size), frames of one copy; both are (..., N) but where a
        stage packs or unpacks. Raises HadacastError as Stage.compute does.
        """
        result = self.taps(x)[-1]
        assert not isinstance(result, Frames)
        return result

    def abreast(self, x: ArrayLike) -> Ints:
        """Frames (K, in_size) as they travel, (K/copies, in_beats, in_lanes): frame k goes through copy
        k mod copies. Raises HadacastError unless K is a multiple of the copies."""
        frames = np.asarray(x, dtype=np.int64)
        if frames.ndim != 2 or frames.shape[1] != self.in_size:
            raise HadacastError(f"frames have shape {frames.shape}: it must be (frames, {self.in_size:,})")
        if len(frames) % self.copies:
            raise HadacastError(
                f"frames are {len(frames):,}: it must be a multiple of the {self.copies} copies, side by side"
            )
        apart = frames.reshape(-1, self.copies, self.in_beats, self.stages[0].in_lanes)
        return apart.swapaxes(1, 2).reshape(-1, self.in_beats, self.in_lanes)

    def apart(self, y: ArrayLike) -> Ints:
        """What left, (K/copies, out_beats, out_lanes), as the frames (K, out_size) that it holds."""
        beats = np.asarray(y, dtype=np.int64)
        lanes = self.stages[-1].out_lanes
        wide = beats.reshape(-1, self.out_beats, self.copies, lanes)
        return wide.swapaxes(1, 2).reshape(-1, self.out_size)

    def respond(self, beats: ArrayLike) -> Ints:
        """The exact answer of all copies to what comes in, (M, in_beats, in_lanes) in the order of time:
        (M, out_beats, out_lanes)."""
        lanes = self.stages[0].in_lanes
        wide = np.asarray(beats, dtype=np.int64).reshape(-1, self.in_beats, self.copies, lanes)
        # Copy by copy: a stage may count the frames that it has seen.
        left = [self.compute(wide[:, :, c].reshape(-1, self.in_size)) for c in range(self.copies)]
        return (
            np.stack(
                [part.reshape(len(wide), self.out_beats, self.stages[-1].out_lanes) for part in left], axis=2
            )
            .reshape(len(wide), self.out_beats, self.out_lanes)
            .astype(np.int64, copy=False)
        )

    def taps(self, x: ArrayLike) -> list[Ints | Frames]:
        """What leaves each stage, in order, for input `x` as for compute()."""
        found: list[Ints | Frames] = []
        flowing: ArrayLike | Frames = x
        for stage in self.stages:
            result = stage.compute(flowing)
            found.append(result)
            flowing = result
        return found
