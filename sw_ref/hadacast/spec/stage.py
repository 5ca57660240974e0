"""What every stage spec has in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Format, Ints

MAX_FRAME = 1 << 16
INT16 = Format(width=16)


@dataclass(frozen=True, kw_only=True)
class Stage(ABC):
    """One stage of a pipeline: frames of `frame` elements in, frames of as many out.

    Members
    -------
    frame: N, elements in a frame: a power of two from 2 to 65,536.
    lanes: P, elements in a beat: a power of two from 1 to N.
    input: Format of the elements that come in.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str]  # the stage's name in recipes
    FROM_STREAM: ClassVar[frozenset[str]] = frozenset({"frame", "lanes", "input"})

    frame: int
    lanes: int = 1
    input: Format = INT16

    def __post_init__(self) -> None:
        checks.power_of_two("frame", self.frame, 2, MAX_FRAME)
        checks.power_of_two("lanes", self.lanes, 1, self.frame, note=" (the frame)")
        checks.instance("input", self.input, Format)

    @property
    def beats(self) -> int:
        """Beats in a frame, N/P."""
        return self.frame // self.lanes

    @property
    @abstractmethod
    def output(self) -> Format:
        """Format of the elements that leave."""

    @property
    @abstractmethod
    def latency(self) -> int:
        """Cycles from the first beat's acceptance to the first result's offer, without stalls."""

    @abstractmethod
    def transform(self, x: Ints) -> Ints:
        """The stage's exact arithmetic on valid int64 codes, along the last axis.

        `x` is C-contiguous, as compute() hands it over, and may be overwritten.
        """

    def compute(self, x: ArrayLike) -> Ints:
        """The exact result for integer codes `x` of shape (..., N), as int64 of the same shape.

        Raises HadacastError for another last axis, a dtype that isn't an integer, or a code that
        the input format cannot hold. Nothing ever wraps.
        """
        codes = self.input.check(x)
        if codes.ndim == 0 or codes.shape[-1] != self.frame:
            raise HadacastError(f"input has shape {codes.shape}: the last axis must be {self.frame}")
        return self.transform(codes)
