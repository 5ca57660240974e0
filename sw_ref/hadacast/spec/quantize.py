"""The quantizer: reduce a group, make its scale, round each element (stages A, F, S and Q)."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, elements, rounding
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames, exponents
from hadacast.minifloat import Minifloat
from hadacast.random_bits import Xorshift32
from hadacast.scale import registry
from hadacast.scale.floating import EXACT, Floating
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT, Groups, Scale
from hadacast.scale.static import Static
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48
RANDOMS = ("xorshift32", "port")


@dataclass(frozen=True, kw_only=True)
class Quantize(Stage):
    """Fixed point to a low-precision format, each group of elements under a scale of its own.

    Input is fixed point, or what an align stage leaves: fixed point and one exponent a frame.

    Members
    -------
    frame, lanes, input: as for every Stage; input of up to 48 bits.
    code: the format of the codes: a name ("int4", "e2m1", "bfp8", hadacast.elements), a table, or a Codes.
    group: elements that share a scale, a power of two that divides the frame; 0: the whole frame.
    rows: rows of a group, 1 or more: a frame is then that many rows of N/rows elements, and a group is a
        tile of rows × group. A power of two.
    scale: how scales are made: a name ("maximum", "range", "exponent", "floating", "static",
        hadacast.scale), a table with its `kind` and fields, or a Scale.
    rounding: "even", "away", "up", "zero" or "stochastic" (hadacast.rounding).
    overflow: "saturate", "wrap", "nan" or "inf": what becomes of values beyond the largest code.
    narrow: whether signed integers leave out their most negative code: -7 … 7 for int4.
    random: where stochastic rounding's numbers come from: "xorshift32" (hadacast.random_bits), or "port",
        an input of the core. seed: of the generator, 1 to 2^32 - 1.
    wide: element format of outlier groups, whose largest magnitude lies above `above`; "" for none.
        With a "maximum" or "exponent" scale. above: in the input's units.
    """

    kind: ClassVar[str] = "quantize"

    code: Codes = Format(width=8)
    group: int = 0
    rows: int = 1
    scale: Scale = Static(step=(Fraction(1),))
    rounding: str = "even"
    overflow: str = "saturate"
    narrow: bool = False
    random: str = "xorshift32"
    seed: int = 1
    wide: Codes | str = ""
    above: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        set_ = object.__setattr__
        set_(self, "code", elements.element("code", self.code))
        set_(self, "scale", registry.scale("scale", self.scale))
        if self.wide != "":
            set_(self, "wide", elements.element("wide", self.wide))
        set_(self, "above", checks.fraction("above", self.above, 0, 1 << 64, 24))
        checks.power_of_two("rows", self.rows, 1, self.frame // 1)
        if self.group == 0:
            set_(self, "group", self.frame // self.rows)
        checks.power_of_two("group", self.group, 1, self.frame // self.rows)
        checks.choice("rounding", self.rounding, rounding.MODES)
        checks.flag("narrow", self.narrow)
        checks.choice("random", self.random, RANDOMS)
        checks.integer("seed", self.seed, 1, (1 << 32) - 1)
        self._check_input()
        rounding.check_overflow(self.overflow, self.code)
        self._check_scale()

    def _check_input(self) -> None:
        fixed = self.element
        if not isinstance(fixed, Format):
            raise HadacastError(f"input is {self.input}: a quantize stage takes fixed point; put an align stage before")
        if fixed.width > MAX_INPUT_WIDTH:
            raise HadacastError(f"width is {fixed.width}: a quantize stage takes up to {MAX_INPUT_WIDTH} bits")
        if isinstance(self.input, Block) and self.input != exponents(fixed, self.frame):
            raise HadacastError(f"input is {self.input}: a quantize stage takes one exponent for each frame")

    def _check_scale(self) -> None:
        fixed = self.element
        self.scale.check(self.code, fixed, self.floating)
        if isinstance(self.scale, Floating) and self.scale.arithmetic != EXACT:
            for name, only in (("rounding", "even"), ("overflow", "saturate")):
                if getattr(self, name) != only:
                    raise HadacastError(
                        f"{name} is {getattr(self, name)!r}: arithmetic {self.scale.arithmetic!r} has {only}"
                    )
        if isinstance(self.scale, Static):
            if self.scale.channels not in (1, self.frame):
                raise HadacastError(
                    f"the static scale has {self.scale.channels:,} channels: it must be 1 or the frame, {self.frame:,}"
                )
            if self.group * self.rows != self.frame:
                raise HadacastError(f"group is {self.group}: a static scale has none, it must be 0")
        if self.narrow and not (isinstance(self.code, Format) and self.code.signed):
            raise HadacastError(f"narrow is true: {self.code} has no most negative code to leave out")
        if self.narrow and self.overflow != "saturate":
            raise HadacastError(f"narrow is true: overflow must be saturate, not {self.overflow!r}")
        if isinstance(self.wide, Codes):
            if self.scale.kind not in ("maximum", "exponent"):
                raise HadacastError(f"wide is {self.wide}: the scale must be maximum or exponent, not {self.scale.kind}")
            same = isinstance(self.wide, Minifloat) == isinstance(self.code, Minifloat)
            if not same or self.wide.width < self.code.width:
                raise HadacastError(f"wide is {self.wide}: it must be of the same sort as {self.code}, and wider")
            self.scale.check(self.wide, fixed, self.floating)

    @property
    def floating(self) -> bool:
        """Whether frames come with an exponent."""
        return isinstance(self.input, Block)

    @property
    def sequential(self) -> bool:
        return self.rounding == "stochastic"

    @property
    def output(self) -> Block:
        block = replace(
            self.scale.block(self.code, self.element, self.floating), group=self.group, rows=self.rows
        )
        if isinstance(self.wide, Codes):
            other = self.scale.block(self.wide, self.element, self.floating)
            block = replace(block, wide=self.wide, wide_gain=other.gain)
        return block

    @property
    def latency(self) -> int:
        raise NotImplementedError

    @property
    def generator(self) -> Xorshift32:
        """The source of random numbers: one byte for each lane in each beat."""
        return Xorshift32(seed=self.seed, lanes=self.lanes)

    def transform(self, x: Frames) -> Frames:
        random = self.generator.draw(x.codes.size // self.lanes) if self.sequential else np.int64(0)
        return self.quantize(x, random)

    def quantize(self, x: Frames, random: Any) -> Frames:
        """As compute(), with `random` (beats, lanes) for stochastic rounding: 8-bit numbers, in the order in
        which beats leave; or 0."""
        block = self.output
        exponent: Any = 0
        invalid: Any = False
        if x.scale is not None:
            exponent, invalid = x.scale - EXPONENT_BIAS, x.scale == NAN_EXPONENT
            exponent = np.where(invalid, 0, exponent)
        groups = Groups(
            x=block.grouped(x.codes),
            fraction=self.element.fraction,
            exponent=exponent,
            invalid=invalid,
            random=block.grouped(random.reshape(x.codes.shape)) if np.ndim(random) else random,
        )
        codes, sides = self._quantized(groups, self.code)
        if isinstance(self.wide, Codes):
            flag = self.outliers(groups)
            more, others = self._quantized(groups, self.wide)
            codes = np.where(flag[..., None], more, codes)
            sides = {name: np.where(flag, others[name], side) for name, side in sides.items()}
            sides["wide"] = flag.astype(np.int64)
        sides = {name: np.asarray(side, dtype=np.int64) for name, side in sides.items()}
        return Frames(codes=np.ascontiguousarray(block.ungrouped(codes)), **sides)

    def _quantized(self, groups: Groups, code: Codes) -> tuple[Ints, dict[str, Ints]]:
        """Codes and sides of groups in one element format."""
        codes, sides = self.scale.quantize(groups, code, self.rounding, self.overflow)
        return (np.maximum(codes, -code.max) if self.narrow else codes), sides

    def outliers(self, groups: Groups) -> Any:
        """(..., K) bool: groups whose largest magnitude lies above `above`."""
        numerator, denominator, shift = rounding.odd_parts(self.above) if self.above else (0, 1, 0)
        # amax·2^power > above, without a division: above in input steps, rounded down.
        floor = rounding.to_integers(numerator, 1, denominator, shift - groups.power, "zero")
        return groups.amax > floor
