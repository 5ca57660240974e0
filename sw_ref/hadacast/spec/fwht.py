"""The fast Walsh-Hadamard transform."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import MAX_WIDTH, Codes, Format
from hadacast.frames import Block, Frames, exponents
from hadacast.spec.butterflies import butterflies
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48
MAX_FF_DEPTH = 256
STORAGE = ("auto", "ff", "lutram", "bram")


@dataclass(frozen=True, kw_only=True)
class Fwht(Stage):
    """y = H_N x, H_N the natural-order (Sylvester) ±1 Hadamard matrix, unnormalised and exact.

    H_1 = [1] and H_2N = [[H_N, H_N], [H_N, -H_N]] (J. J. Sylvester, 1867). Natural order in and
    out. Each of the log2 N butterfly stages adds one bit; nothing is rounded. An unsigned input
    costs one more bit, because differences are signed.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of 1 to 48 bits. Frames may come with one
        exponent each (hadacast.spec.align), which goes with them.
    registers: pipeline registers between butterfly stages, 0 to 2. The input has one too, unless
        this is 0, and the output always has one. More of them: a faster clock, a longer latency.
    storage: where delays live: "ff", for delays of up to 256 beats, that is N/P up to 512, "lutram",
        "bram", or "auto", by depth and family. Delays of fewer than 4 beats are in flip-flops anyway.
    stall_span: butterfly stages that one registered stall signal serves, 1 to 16. Smaller keeps the
        clock rate of wide or long cores, at a register and a multiplexer for each bit of a beat.
    """

    kind: ClassVar[str] = "fwht"

    registers: int = 1
    storage: str = "auto"
    stall_span: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.element, Format):
            raise HadacastError(
                f"input is {self.input}: an fwht stage takes fixed point; an align stage makes it"
            )
        if self.element.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"width is {self.element.width}: an fwht stage takes 1 to {MAX_INPUT_WIDTH} input bits"
            )
        if isinstance(self.input, Block) and self.input != exponents(self.element, self.frame):
            raise HadacastError(f"input is {self.input}: an fwht stage takes one exponent for each frame")
        # The widest result must be a Format.
        checks.integer("output width", self.working.width + self.stages, 1, MAX_WIDTH)
        checks.integer("registers", self.registers, 0, 2)
        checks.choice("storage", self.storage, STORAGE)
        if self.storage == "ff" and self.beats // 2 > MAX_FF_DEPTH:
            raise HadacastError(
                f"storage is 'ff': the longest delay is {self.beats // 2:,} beats, flip-flops hold up to"
                f" {MAX_FF_DEPTH}; it must be lutram, bram or auto"
            )
        checks.integer("stall_span", self.stall_span, 1, 16)

    @property
    def stages(self) -> int:
        """Butterfly stages, log2 N."""
        return self.frame.bit_length() - 1

    @property
    def working(self) -> Format:
        """The signed format in which the input enters the first butterfly."""
        element = self.element
        assert isinstance(element, Format)
        if element.signed:
            return element
        return replace(element, width=element.width + 1, signed=True)

    @property
    def result(self) -> Format:
        """Format of the elements that leave."""
        return replace(self.working, width=self.working.width + self.stages)

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    @property
    def entry_registers(self) -> int:
        """Pipeline registers before the first butterfly stage, 0 or 1."""
        return min(self.registers, 1)

    @property
    def stage_registers(self) -> tuple[int, ...]:
        """Pipeline registers after each butterfly stage; the end of a stall span has at least one."""
        inner = [max(self.registers, int(self.ends_span(stage))) for stage in range(self.stages - 1)]
        return (*inner, 1)

    def ends_span(self, stage: int) -> bool:
        """Whether a stall span ends behind butterfly stage `stage`, counted from 0."""
        return stage == self.stages - 1 or (stage + 1) % self.stall_span == 0

    @property
    def whole(self) -> bool:
        return True

    @property
    def latency(self) -> int:
        return self.beats - 1 + self.entry_registers + sum(self.stage_registers)

    def transform(self, x: Frames) -> Frames:
        return x.with_codes(butterflies(x.codes, self.result.width))
