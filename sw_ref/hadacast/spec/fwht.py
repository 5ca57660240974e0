"""The fast Walsh-Hadamard transform."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import MAX_WIDTH, Codes, Format
from hadacast.frames import Block, Frames
from hadacast.settings import Register, Setting
from hadacast.spec.butterflies import butterflies
from hadacast.spec.stage import MAX_FRAME, Stage

MAX_INPUT_WIDTH = 48
MAX_FF_DEPTH = 256
STORAGE = ("auto", "ff", "lutram", "bram")


@dataclass(frozen=True, kw_only=True)
class Fwht(Stage):
    """y = (I ⊗ H_size ⊗ I_stride) x, H the natural-order (Sylvester) ±1 Hadamard matrix, unnormalised, exact.

    H_1 = [1] and H_2n = [[H_n, H_n], [H_n, -H_n]] (J. J. Sylvester, 1867). Natural order in and
    out. By default H_N, on the whole frame. A transform is a product of butterflies, which pair places
    2^b·stride apart and commute; `bits` takes any of them. Each of these stages adds one bit; nothing is
    rounded. An unsigned input costs one more bit, because differences are signed.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of 1 to 48 bits. Frames may come with one
        exponent each (hadacast.spec.align), which goes with them. Lanes divide the distance d of a pair, or
        are a multiple of 2·d.
    size: points of each transform, a power of two from 2 on; 0: the largest with which transforms tile the
        frame, or up_to. size·stride must divide N. With up_to it may be 1: elements pass as they are.
    stride: places from one point of a transform to the next. 1: blocks, I ⊗ H_size. N/size: H_size ⊗ I.
    bits: in place of size and stride, the index bits whose butterflies are taken: bit b pairs places 2^b
        apart, and 2^(b+1) must divide N. (): as size and stride say.
    up_to: points of the largest transform that can be chosen at run time, a power of two; 0: no other than
        `size` can. The butterflies of this size are built, and elements leave as wide, and as late, as those
        make them; `size` or `bits` says which of them work after reset.
    registers: pipeline registers between butterfly stages, 0 to 2. The output always has one, the input
        with 2. More of them: a faster clock, a longer latency.
    storage: where delays live: "ff", for delays of up to 256 beats, that is N/P up to 512, "lutram",
        "bram", or "auto", by depth and family. Delays of fewer than 4 beats are in flip-flops anyway.
    stall_span: butterfly stages that one registered stall signal serves, 1 to 16. Smaller keeps the
        clock rate of wide or long cores, at a register and a multiplexer for each bit of a beat.
    """

    kind: ClassVar[str] = "fwht"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"size", "bits"})
    PIPELINING: ClassVar[Mapping[str, tuple[int, ...]]] = {"registers": (0, 1, 2), "stall_span": (16, 4, 2)}

    size: int = 0
    stride: int = 1
    bits: tuple[int, ...] = ()
    up_to: int = 0
    registers: int = 1
    storage: str = "auto"
    stall_span: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bits != ():
            self._check_bits()
        else:
            self._check_size()
        self._check_up_to()
        for distance in self.circuit:
            if distance % self.lanes and self.lanes % (2 * distance):
                raise HadacastError(
                    f"lanes is {self.lanes}: butterflies between elements {distance:,} apart take lanes that "
                    f"divide {distance:,}, or are a multiple of {2 * distance:,}"
                )
        self.check_fixed(MAX_INPUT_WIDTH)
        # The widest result must be a Format.
        checks.integer("output width", self.working.width + self.stages, 1, MAX_WIDTH)
        checks.integer("registers", self.registers, 0, 2)
        checks.choice("storage", self.storage, STORAGE)
        longest = max(self.circuit) // self.lanes
        if self.storage == "ff" and longest > MAX_FF_DEPTH:
            raise HadacastError(
                f"storage is 'ff': the longest delay is {longest:,} beats, flip-flops hold up to"
                f" {MAX_FF_DEPTH}; it must be lutram, bram or auto"
            )
        checks.integer("stall_span", self.stall_span, 1, 16)

    def _check_bits(self) -> None:
        if not isinstance(self.bits, tuple):
            raise HadacastError(f"bits is {checks.quote(self.bits)}: it must be a list of index bits")
        if self.size != 0 or self.stride != 1:
            name, only = ("size", 0) if self.size != 0 else ("stride", 1)
            raise HadacastError(f"{name} is {checks.quote(getattr(self, name))}: with bits it must be {only}")
        for bit in self.bits:
            checks.integer("a bit", bit, 0, MAX_FRAME.bit_length() - 2)
            if self.frame % (2 << bit):
                raise HadacastError(
                    f"bits is {checks.quote(self.bits)}: bit {bit} takes a frame that is a multiple of "
                    f"{2 << bit:,}, not {self.frame:,}"
                )
        if len(set(self.bits)) < len(self.bits):
            raise HadacastError(f"bits is {checks.quote(self.bits)}: it must name each bit once")
        object.__setattr__(self, "bits", tuple(sorted(self.bits)))

    def _check_size(self) -> None:
        checks.divisor("stride", self.stride, self.frame, "the frame")
        most = self.frame // self.stride
        most &= -most
        if most == 1:
            name, value = ("frame", self.frame) if self.stride == 1 else ("stride", self.stride)
            raise HadacastError(
                f"{name} is {value}: butterflies pair elements, but there are {self.frame // self.stride:,}, "
                "which is odd"
            )
        if self.size != 0:
            least = 1 if self.up_to else 2
            note = f", which divides {self.frame // self.stride:,}"
            checks.power_of_two("size", self.size, least, most, note)

    def _check_up_to(self) -> None:
        if self.up_to == 0:
            checks.integer("up_to", self.up_to, 0, 0)
            return
        most = self.frame // self.stride
        most &= -most
        note = f", which divides {self.frame // self.stride:,}"
        checks.power_of_two("up_to", self.up_to, 2, most, note)
        for distance in self.distances:
            if distance not in self.circuit:
                name, value = ("bits", list(self.bits)) if self.bits else ("size", self.size)
                raise HadacastError(f"{name} is {value}: up_to, {self.up_to:,}, must be as large")

    @cached_property
    def distances(self) -> tuple[int, ...]:
        """How far apart the elements are that each butterfly stage pairs, the shortest first."""
        if self.bits:
            return tuple(1 << bit for bit in self.bits)
        most = self.frame // self.stride
        return self._up_to(self.size or self.up_to or most & -most)

    @cached_property
    def circuit(self) -> tuple[int, ...]:
        """The same of the butterfly stages that are built: `distances`, or those of a transform of up_to."""
        return self._up_to(self.up_to) if self.up_to else self.distances

    def _up_to(self, size: int) -> tuple[int, ...]:
        return tuple(self.stride << bit for bit in range(size.bit_length() - 1))

    @property
    def stages(self) -> int:
        """Butterfly stages that are built: log2 of the points of each transform."""
        return len(self.circuit)

    @property
    def active(self) -> int:
        """Which of them pair elements: bit i, the one of the i-th shortest distance."""
        return sum(1 << i for i, distance in enumerate(self.circuit) if distance in self.distances)

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.up_to:
            return ()
        every = (1 << self.stages) - 1
        text = "bit i: whether elements stride·2^i apart are paired; size - 1 for a transform of that size"
        return (Register(name="butterflies", text=text, low=0, high=every, init=self.active),)

    @property
    def delay(self) -> int:
        """Beats that wait in delays: the distances that are no shorter than a beat."""
        return sum(distance // self.lanes for distance in self.circuit)

    @property
    def whole(self) -> bool:
        return self.delay == self.beats - 1

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
        return max(self.registers - 1, 0)

    @property
    def stage_registers(self) -> tuple[int, ...]:
        """Pipeline registers after each butterfly stage; the end of a stall span has at least one."""
        inner = [max(self.registers, int(self.ends_span(stage))) for stage in range(self.stages - 1)]
        return (*inner, 1)

    def ends_span(self, stage: int) -> bool:
        """Whether a stall span ends behind butterfly stage `stage`, counted from 0."""
        return stage == self.stages - 1 or (stage + 1) % self.stall_span == 0

    @property
    def latency(self) -> int:
        return self.delay + self.entry_registers + sum(self.stage_registers)

    def transform(self, x: Frames) -> Frames:
        if not self.distances:
            return x
        return x.with_codes(butterflies(x.codes, self.result.width, self.distances))
