"""The cast at the end of a pipeline. So far: the identity."""

from dataclasses import dataclass
from typing import ClassVar

from hadacast.errors import HadacastError
from hadacast.format import Codes
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Cast(Stage):
    """Identity: every code leaves as it came, in the same format and in the same cycle.

    Raises HadacastError for packed bytes, which have other beats than elements.
    """

    kind: ClassVar[str] = "cast"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.input, Packed):
            raise HadacastError(f"input is {self.input}: a cast stage takes elements; unpack them first")

    @property
    def output(self) -> Codes | Block:
        return self.input

    @property
    def latency(self) -> int:
        return 0

    def transform(self, x: Frames) -> Frames:
        return x
