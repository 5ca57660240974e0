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
from hadacast.scale import exponent_plan, latency, registry
from hadacast.scale.exponent import Exponent
from hadacast.scale.floating import EXACT, Floating
from hadacast.scale.maximum import Maximum
from hadacast.scale.scale import EXPONENT_BIAS, NAN_EXPONENT, Groups, Magnitudes, Scale
from hadacast.scale.static import Static
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48
RANDOMS = ("xorshift32", "port")
STORAGE = ("auto", "ff", "lutram", "bram")
MAX_FF_DEPTH = 256

INT8 = Format(width=8)
UNSCALED = Static(step=(Fraction(1),))

# Codes beyond this are no low precision.
MAX_CODE_WIDTH = 32

# Registers at the entrance: one takes a beat as it comes, one its magnitudes.
ENTRY = 2

# Beats that may have come since the count that ready follows.
UNCOUNTED = 2

# Longer queues of results are in block RAM, and a cycle longer too.
QUICK_RESULTS = 64


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How beats visit groups: a group has `run` beats in a row, `words` such runs make a row of groups, and
    rows are visited `passes` times. Beats with several groups count as with one."""

    run: int
    words: int
    passes: int

    @property
    def decided(self) -> int:
        """Beats that come before the last one of a frame's first group."""
        return (self.passes - 1) * self.words * self.run + self.run - 1


@dataclass(frozen=True, kw_only=True)
class Quantize(Stage):
    """Fixed point to a low-precision format, each group of elements under a scale of its own.

    Input is fixed point, or what an align stage leaves: fixed point and one exponent a frame.

    Members
    -------
    frame, lanes, input: as for every Stage; input of up to 48 bits.
    code: the format of the codes: a name ("int4", "e2m1", "bfp8", hadacast.elements), a table, or a Codes.
    group: elements that share a scale, any number that divides the frame, or a row; 0: all of it. It must
        divide the lanes too, or they it.
    rows: rows of a group, 1 or more: a frame is then that many rows of N/rows elements, and a group is a
        tile of rows × group. Lanes must divide a row, or be a multiple of it.
    scale: how scales are made: a name ("maximum", "range", "exponent", "floating", "static",
        hadacast.scale), a table with its `kind` and fields, or a Scale.
    rounding: "even", "away", "up", "zero" or "stochastic" (hadacast.rounding).
    overflow: "saturate", "wrap", "nan" or "inf": what becomes of values beyond the largest code.
    narrow: whether signed integers leave out their most negative code: -7 … 7 for int4.
    random: where stochastic rounding's numbers come from: "xorshift32" (hadacast.random_bits), or "port",
        an input of the core. seed: of the generator, 1 to 2^32 - 1.
    wide: element format of outlier groups, whose largest magnitude lies above `above`; "" for none.
        With a "maximum" or "exponent" scale. above: in the input's units.
    storage: where beats wait for their scale: "ff", for up to 256 of them, "lutram", "bram", or "auto", by
        number and family.
    """

    kind: ClassVar[str] = "quantize"

    code: Codes = INT8
    group: int = 0
    rows: int = 1
    scale: Scale = UNSCALED
    rounding: str = "even"
    overflow: str = "saturate"
    narrow: bool = False
    random: str = "xorshift32"
    seed: int = 1
    wide: Codes | str = ""
    above: Fraction = Fraction(0)
    storage: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        set_ = object.__setattr__
        set_(self, "code", elements.element("code", self.code))
        set_(self, "scale", registry.scale("scale", self.scale))
        if self.wide != "":
            set_(self, "wide", elements.element("wide", self.wide))
        set_(self, "above", checks.fraction("above", self.above, 0, 1 << 64, 24))
        checks.divisor("rows", self.rows, self.frame, "the frame")
        if self.group == 0:
            set_(self, "group", self.frame // self.rows)
        checks.divisor(
            "group", self.group, self.frame // self.rows, "a row" if self.rows > 1 else "the frame"
        )
        Block(element=INT8, group=self.group, rows=self.rows).check_beats(self.frame, self.lanes)
        checks.choice("rounding", self.rounding, rounding.MODES)
        checks.flag("narrow", self.narrow)
        checks.choice("random", self.random, RANDOMS)
        checks.integer("seed", self.seed, 1, (1 << 32) - 1)
        self._check_input()
        for name in ("code", "wide"):
            if isinstance(code := getattr(self, name), Codes):
                self._check_code(name, code)
        self._check_scale()
        checks.choice("storage", self.storage, STORAGE)
        if self.storage == "ff" and self.replay_depth > MAX_FF_DEPTH:
            raise HadacastError(
                f"storage is 'ff': {self.replay_depth:,} beats wait for their scale, flip-flops hold up to"
                f" {MAX_FF_DEPTH}; it must be lutram, bram or auto"
            )

    def _check_code(self, name: str, code: Codes) -> None:
        if code.width > MAX_CODE_WIDTH:
            raise HadacastError(f"{name} is {code}: its codes may have up to {MAX_CODE_WIDTH} bits")
        if not elements.largest(code):
            raise HadacastError(f"{name} is {code}: it must hold a number above zero")
        rounding.check_overflow(self.overflow, code)

    def _check_input(self) -> None:
        fixed = self.element
        if not isinstance(fixed, Format):
            raise HadacastError(
                f"input is {self.input}: a quantize stage takes fixed point; put an align stage before"
            )
        if fixed.width > MAX_INPUT_WIDTH:
            raise HadacastError(
                f"width is {fixed.width}: a quantize stage takes up to {MAX_INPUT_WIDTH} bits"
            )
        if isinstance(self.input, Block) and self.input != exponents(fixed, self.frame):
            raise HadacastError(f"input is {self.input}: a quantize stage takes one exponent for each frame")

    def _check_scale(self) -> None:
        fixed = self.fixed
        self.scale.check(self.code, fixed, self.floating)
        if isinstance(self.scale, Floating | Exponent) and self.scale.arithmetic != EXACT:
            for name, only in (("rounding", "even"), ("overflow", "saturate")):
                if getattr(self, name) != only:
                    raise HadacastError(
                        f"{name} is {getattr(self, name)!r}: arithmetic {self.scale.arithmetic!r} has {only}"
                    )
        if self.overflow == "wrap" and isinstance(self.scale, Exponent) and exponent_plan.plan(self).held:
            raise HadacastError(
                "overflow is 'wrap': scales of this input can lie outside E8M0's range; it must be saturate"
            )
        if isinstance(self.scale, Maximum) and self.scale.epsilon and self.rounding not in ("even", "away"):
            raise HadacastError(f"rounding is {self.rounding!r}: with an epsilon it must be even or away")
        if isinstance(self.scale, Static):
            if self.scale.channels not in (1, self.frame):
                raise HadacastError(
                    f"the static scale has {self.scale.channels:,} channels: it must be 1 or the frame,"
                    f" {self.frame:,}"
                )
            if self.group * self.rows != self.frame:
                raise HadacastError(f"group is {self.group}: a static scale has none, it must be 0")
        if self.narrow and not (isinstance(self.code, Format) and self.code.signed):
            raise HadacastError(f"narrow is true: {self.code} has no most negative code to leave out")
        if self.narrow and self.overflow != "saturate":
            raise HadacastError(f"narrow is true: overflow must be saturate, not {self.overflow!r}")
        if isinstance(self.wide, Codes):
            if self.scale.kind not in ("maximum", "exponent"):
                raise HadacastError(
                    f"wide is {self.wide}: the scale must be maximum or exponent, not {self.scale.kind}"
                )
            same = isinstance(self.wide, Minifloat) == isinstance(self.code, Minifloat)
            if not same or self.wide.width < self.code.width:
                raise HadacastError(
                    f"wide is {self.wide}: it must be of the same sort as {self.code}, and wider"
                )
            self.scale.check(self.wide, fixed, self.floating)
            if self.scale.ends:
                raise HadacastError(f"wide is {self.wide}: the scale must have one clip for both ends")

    @property
    def fixed(self) -> Format:
        """The format of the elements that come in."""
        assert isinstance(self.element, Format)
        return self.element

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
            self.scale.block(self.code, self.fixed, self.floating), group=self.group, rows=self.rows
        )
        if isinstance(self.wide, Codes):
            other = self.scale.block(self.wide, self.fixed, self.floating)
            block = replace(block, wide=self.wide, wide_gain=other.gain)
        return block

    @property
    def parts(self) -> "tuple[Quantize, ...]":
        """This stage for the element format `code`, and for `wide` if there is one."""
        if not isinstance(self.wide, Codes):
            return (self,)
        return replace(self, wide=""), replace(self, code=self.wide, wide="")

    @property
    def columns(self) -> int:
        """Different groups in a beat."""
        return min(max(self.lanes // self.group, 1), self.frame // self.rows // self.group)

    @property
    def walk(self) -> Walk:
        """How beats visit groups."""
        row = max(self.frame // self.rows // self.lanes, 1)
        run = max(self.group // self.lanes, 1)
        words, passes = row // run, self.beats // row
        if words == 1:
            return Walk(run=run * passes, words=1, passes=1)
        return Walk(run=run, words=words, passes=passes)

    @property
    def leading_only(self) -> bool:
        """Whether nothing but the leading one of a group's largest magnitude matters."""
        return not isinstance(self.wide, Codes) and self.scale.leading_only(self)

    @property
    def magnitudes(self) -> Magnitudes:
        """How many bits of magnitudes matter."""
        return self.scale.magnitudes(self)

    @property
    def reduce_latency(self) -> int:
        """Cycles from a group's last beat in to what it reduces to: two registers at the entrance, two for
        each row of comparators, one that accumulates over beats; for leading ones, one in all of these."""
        meeting, accumulates = self.lanes // self.columns, self.walk.decided > 0
        if self.leading_only:
            return ENTRY + (meeting > 1 or accumulates)
        return ENTRY + 2 * (meeting - 1).bit_length() + accumulates

    @property
    def group_latency(self) -> int:
        """Cycles of the units that make scales."""
        found = [part.scale.group_latency(part) for part in self.parts]
        return max(*found, latency.outlier_latency(self)) if len(found) > 1 else found[0]

    @property
    def element_latency(self) -> int:
        """Cycles of the units that make codes."""
        return max(part.scale.element_latency(part) for part in self.parts)

    @property
    def replay_latency(self) -> int:
        """Cycles from a frame's first beat in to when its elements are taken up, their scales known; 0 for
        constant scales."""
        return self._replayed + 1 if self.scale.reduces else 0

    @property
    def _decided(self) -> int:
        """Cycles from a frame's first beat in to its first scale."""
        return self.walk.decided + self.reduce_latency + self.group_latency

    @property
    def _replayed(self) -> int:
        """Cycles from a frame's first beat in to when it leaves the queue."""
        return self._decided + (1 if self.results_depth <= QUICK_RESULTS else 2)

    @property
    def replay_depth(self) -> int:
        """Beats that may wait: with as many, one leaves in each cycle, which is known two cycles later."""
        return self._replayed + 3 + UNCOUNTED if self.scale.reduces else 0

    @property
    def results_depth(self) -> int:
        """Results that wait for their beats, at most."""
        walk = self.walk
        waiting = self._decided + 5 + UNCOUNTED  # replay_depth, or one more
        if walk.passes == 1:
            return (waiting - 1) // walk.run + 1
        return (waiting // self.beats + 2) * walk.words

    @property
    def latency(self) -> int:
        return self.replay_latency + self.element_latency

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
            fraction=self.fixed.fraction,
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
