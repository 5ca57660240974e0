"""A pipeline: stage specs whose formats chain."""

import re
from dataclasses import dataclass
from itertools import pairwise

from numpy.typing import ArrayLike

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format, Ints
from hadacast.spec.fwht import Fwht
from hadacast.spec.stage import Stage

# A name becomes Verilog modules and file names.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

# Beyond this a beat is no bus any more, and place and route has no chance.
MAX_BEAT_BITS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Stages in order, each taking the format that the one before it leaves.

    Members
    -------
    name: 1 to 40 of a-z, 0-9 and _, starting with a letter.
    stages: at least one, the first an Fwht; all of one frame length and lane count.
    title, source: one line each for people: what this is, and where it is published.

    Raises HadacastError where stages don't chain or a member is out of range.
    """

    name: str
    stages: tuple[Stage, ...]
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            allowed = "1 to 40 of a-z, 0-9 and _, starting with a letter"
            raise HadacastError(f"name is {checks.quote(self.name)}: it must be {allowed}")
        checks.text("title", self.title)
        checks.text("source", self.source)
        checks.instance("stages", self.stages, tuple)
        for stage in self.stages:
            checks.instance("a stage", stage, Stage)
        if not self.stages or not isinstance(self.stages[0], Fwht):
            # The transform's memory is what lets a broken frame be dropped whole.
            first = self.stages[0].kind if self.stages else "nothing"
            raise HadacastError(f"the first stage is {first}: a pipeline must start with an fwht stage")
        for before, after in pairwise(self.stages):
            same = (before.frame, before.lanes, before.output) == (after.frame, after.lanes, after.input)
            if not same:
                raise HadacastError(
                    f"stage {after.kind} takes {after.frame} × {after.lanes} lanes of {after.input}: "
                    f"{before.kind} before it leaves {before.frame} × {before.lanes} lanes of {before.output}"
                )
        widest = self.lanes * max(8 * self.input.bytes, 8 * self.output.bytes)
        if widest > MAX_BEAT_BITS:
            raise HadacastError(
                f"lanes is {self.lanes}: a beat would be {widest:,} bits wide, {MAX_BEAT_BITS:,} is the most"
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
    def input(self) -> Format:
        """Format of the elements that come in."""
        return self.stages[0].input

    @property
    def output(self) -> Format:
        """Format of the elements that leave."""
        return self.stages[-1].output

    @property
    def latency(self) -> int:
        """Cycles from the first beat's acceptance to the first result's offer, without stalls."""
        return sum(stage.latency for stage in self.stages)

    def compute(self, x: ArrayLike) -> Ints:
        """The exact result for integer codes `x` of shape (..., N): int64, the same shape.

        Raises HadacastError as Stage.compute does.
        """
        result = self.stages[0].compute(x)
        for stage in self.stages[1:]:
            result = stage.compute(result)
        return result
