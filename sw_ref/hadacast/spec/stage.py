"""What every stage spec has in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.settings import Setting

MAX_FRAME = checks.MAX_FRAME
INT16 = Format(width=16)


@dataclass(frozen=True, kw_only=True)
class Stage(ABC):
    """One stage of a pipeline: frames of `frame` elements in, as many frames out.

    Members
    -------
    frame: N, elements in a frame, 2 to 65,536.
    lanes: P, elements in a beat: any number that divides N. A stage may ask for more (Fwht does).
    input: what comes in: a Format or Minifloat, or a Block, whose groups carry scales. A group takes whole
        beats, or a beat has whole groups; and so have the rows of tiles.

    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str]  # the stage's name in recipes
    FROM_STREAM: ClassVar[frozenset[str]] = frozenset({"frame", "lanes", "input"})
    SETTABLE: ClassVar[frozenset[str]] = frozenset()  # members that settings stand for
    # Members that change clock, area and latency and nothing else, with values worth a trial, from the least
    # registers to the most.
    PIPELINING: ClassVar[Mapping[str, tuple[int, ...]]] = {}

    frame: int
    lanes: int = 1
    input: Codes | Block = INT16

    def __post_init__(self) -> None:
        checks.geometry(self.frame, self.lanes)
        if not isinstance(self.input, Codes | Block):
            raise HadacastError(
                f"input is {checks.quote(self.input)}: it must be a Format, Minifloat or Block"
            )
        if isinstance(self.input, Block):
            self.input.check_beats(self.frame, self.lanes)

    def check_fixed(self, most: int) -> None:
        """Raise HadacastError unless elements are fixed point of up to `most` bits, with at most one exponent
        for each frame beside them."""
        stage = f"{'an' if self.kind == 'fwht' else 'a'} {self.kind} stage"
        if not isinstance(self.element, Format):
            raise HadacastError(f"input is {self.input}: {stage} takes fixed point; an align stage makes it")
        if self.element.width > most:
            raise HadacastError(f"width is {self.element.width}: {stage} takes 1 to {most} input bits")
        if isinstance(self.input, Block) and self.input != exponents(self.element, self.frame):
            raise HadacastError(f"input is {self.input}: {stage} takes one exponent for each frame")

    @property
    def beats(self) -> int:
        """Beats of elements in a frame, N/P."""
        return self.frame // self.lanes

    @property
    def element(self) -> Codes:
        """Format of the elements that come in, without what their groups carry."""
        return self.input.element if isinstance(self.input, Block) else self.input

    def with_element(self, element: Codes) -> Codes | Block:
        """The input format with other elements: what leaves a stage that lets sides pass."""
        return replace(self.input, element=element) if isinstance(self.input, Block) else element

    # A packed stream has lanes of bytes, and beats of its own number; no other differs.

    @property
    def in_lanes(self) -> int:
        """Lanes of a beat that comes in."""
        return self.lanes

    @property
    def in_beats(self) -> int:
        """Beats of a frame that comes in."""
        return self.beats

    @property
    def out_lanes(self) -> int:
        """Lanes of a beat that leaves."""
        return self.lanes

    @property
    def out_beats(self) -> int:
        """Beats of a frame that leaves."""
        return self.beats

    @property
    def sequential(self) -> bool:
        """Whether a result depends on how many frames came before, since reset: random numbers do that."""
        return False

    @property
    def whole(self) -> bool:
        """Whether a frame's first beat leaves no sooner than its last comes in. The hardware can then drop
        broken frames: it has a parameter `drops`."""
        return False

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What can be changed at run time; `init` of each is what this spec says, so another spec with
        settings of the same shapes says what to write."""
        return ()

    @property
    def built(self) -> dict[str, Any]:
        """What no setting changes, by name: the members, but for those that settings stand for."""
        settable = self.SETTABLE if self.settings else frozenset()
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in settable}

    @property
    @abstractmethod
    def output(self) -> Codes | Block:
        """Format of the elements that leave."""

    @property
    @abstractmethod
    def latency(self) -> int:
        """Cycles from the first beat's acceptance to the first result's offer, without stalls."""

    @abstractmethod
    def transform(self, x: Frames) -> Frames:
        """The stage's exact arithmetic on valid int64 codes, along the last axis.

        `x.codes` is C-contiguous, as compute() hands it over, and may be overwritten.
        """

    def compute(self, x: ArrayLike | Frames) -> Ints | Frames:
        """The exact result for integer codes `x` of shape (..., N): int64, or Frames where groups of
        what leaves carry scales. Where the input is a Block, `x` is Frames.

        Frames lie along the leading axes in the order in which they are sent. Raises HadacastError for
        another last axis, a dtype that isn't an integer, or a code that the input format cannot hold.
        Nothing ever wraps, but where a quantizer is asked to.
        """
        frames = self._checked(x)
        size = self.in_beats * self.in_lanes
        if frames.codes.ndim == 0 or frames.codes.shape[-1] != size:
            raise HadacastError(f"input has shape {frames.codes.shape}: the last axis must be {size}")
        result = self.transform(frames)
        return result if isinstance(self.output, Block) else result.codes

    def _checked(self, x: ArrayLike | Frames) -> Frames:
        if isinstance(self.input, Block):
            return self.input.check(checks.instance("input", x, Frames))
        if isinstance(x, Frames):
            raise HadacastError(f"input is Frames: it must be an array of integers, {self.input}")
        return Frames(codes=self.input.check(x))
