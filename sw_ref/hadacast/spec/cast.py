"""The cast at the end of a pipeline. So far: the identity."""

from dataclasses import dataclass
from typing import ClassVar

from hadacast.format import Codes
from hadacast.frames import Block, Frames
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Cast(Stage):
    """Identity: every code leaves as it came, in the same format and in the same cycle."""

    kind: ClassVar[str] = "cast"
    ANY_LENGTH: ClassVar[bool] = True

    @property
    def output(self) -> Codes | Block:
        return self.input

    @property
    def latency(self) -> int:
        return 0

    def transform(self, x: Frames) -> Frames:
        return x
