"""A Hadamard matrix of any order, such as the factors of transforms whose size is no power of two."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from hadacast import checks, matrices
from hadacast.errors import HadacastError
from hadacast.format import MAX_WIDTH, Codes, Format
from hadacast.frames import Block, Frames
from hadacast.matrices.constructions import Signs
from hadacast.spec.hadamard_plan import HadamardPlan
from hadacast.spec.stage import Stage

MAX_INPUT_WIDTH = 48


@dataclass(frozen=True, kw_only=True)
class Hadamard(Stage):
    """y = (I ⊗ H_K ⊗ I_s) x, H_K a ±1 matrix of order K with H·Hᵀ = K·I, or its transpose; exact.

    y[α, j, σ] = Σ_k H[j, k]·x[α, k, σ], where element (α, k, σ) of a frame is that in place (α·K + k)·s + σ.
    An `fwht` over the low s places follows or precedes it in a transform H_K ⊗ H_s of K·s points.

    Members
    -------
    frame, lanes, input: as for every Stage, but any frame that K·s divides, and any number of lanes that
        divides s; fixed point of 1 to 48 bits. Frames may come with one exponent each, which goes with them.
    order: K, 2 to 256, for the matrix of matrices.default(K); 0 where `matrix` says it.
    matrix: a name of hadacast.matrices, "paley1-12", or the matrix itself: its rows as texts of + and -, or
        as rows of 1 and -1, or all of these in one row.
    transpose: whether Hᵀ takes the place of H.
    stride: s, elements from one to the next that are added up; 0: N/K, so that H stands outermost.

    Results have the width that the largest and smallest take: ⌈log2 K⌉ bits more than signed elements, one
    more than that where elements are unsigned, or where K is a power of two and a row holds -1 only.
    Raises HadacastError where a member is out of range.
    """

    kind: ClassVar[str] = "hadamard"

    order: int = 0
    matrix: str | tuple[object, ...] = ""
    transpose: bool = False
    stride: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fixed(MAX_INPUT_WIDTH)
        checks.flag("transpose", self.transpose)
        self._settle_matrix()
        self._settle_stride()
        checks.integer("output width", self.result_width, 1, MAX_WIDTH)

    def _settle_matrix(self) -> None:
        """Make `order` and `matrix` say the same: rows become texts, so that equal specs are equal."""
        if self.matrix == "":
            object.__setattr__(self, "matrix", matrices.default(self.order))
        elif isinstance(self.matrix, str):
            matrices.named(self.matrix)
        else:
            rows = matrices.checked(self.matrix)
            texts = tuple("".join("+-"[int(sign < 0)] for sign in row) for row in rows)
            object.__setattr__(self, "matrix", texts)
        if self.order not in (0, len(self._given)) or isinstance(self.order, bool):
            raise HadacastError(
                f"order is {checks.quote(self.order)}: the matrix has the order {len(self._given)}"
            )
        object.__setattr__(self, "order", len(self._given))

    def _settle_stride(self) -> None:
        if self.frame % self.order:
            raise HadacastError(f"order is {self.order}: it must divide the frame, {self.frame:,}")
        longest = self.frame // self.order
        checks.integer("stride", self.stride, 0, longest, note=f" (frame / {self.order})")
        if self.stride == 0:
            object.__setattr__(self, "stride", longest)
        if longest % self.stride:
            raise HadacastError(
                f"stride is {self.stride}: with order {self.order} it must divide the frame, {self.frame:,}"
            )
        if self.stride % self.lanes:
            raise HadacastError(
                f"lanes is {self.lanes}: a hadamard stage takes numbers that divide its stride, {self.stride}"
            )

    @cached_property
    def _given(self) -> Signs:
        return matrices.named(self.matrix) if isinstance(self.matrix, str) else matrices.checked(self.matrix)

    @cached_property
    def signs(self) -> Signs:
        """The matrix that is applied, (K, K) of 1 and -1, int8."""
        return self._given.T if self.transpose else self._given

    @cached_property
    def plan(self) -> HadamardPlan:
        """How the hardware is laid out."""
        return HadamardPlan(matrix=self.signs, beats=self.stride // self.lanes)

    @property
    def working(self) -> Format:
        """The signed format in which elements are added up."""
        element = self.element
        assert isinstance(element, Format)
        return element if element.signed else replace(element, width=element.width + 1, signed=True)

    @cached_property
    def result_width(self) -> int:
        """Bits that hold every result."""
        plus = int((self.signs > 0).sum(axis=1).max())
        minus = int((self.signs < 0).sum(axis=1).max())
        # The rows with the most of either sign reach furthest: low is 0 or less.
        low, high = self.element.min, self.element.max
        rows = [(p, self.order - p) for p in {plus, self.order - minus}]
        top = max(p * high - n * low for p, n in rows)
        bottom = min(p * low - n * high for p, n in rows)
        return max(top.bit_length(), (~bottom).bit_length()) + 1

    @property
    def result(self) -> Format:
        """Format of the elements that leave."""
        return replace(self.working, width=self.result_width)

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    @property
    def whole(self) -> bool:
        return self.frame == self.order * self.stride

    @property
    def words(self) -> int:
        """Elements that memories hold: a block in front of the arithmetic, one behind it where rows are to be
        turned back, and a queue."""
        blocks = 2 if self.plan.beats > 1 else 1
        return blocks * self.order * self.stride + self.plan.queue_depth * self.lanes

    @property
    def latency(self) -> int:
        return self.plan.latency

    def transform(self, x: Frames) -> Frames:
        lead = x.codes.shape[:-1]
        columns = x.codes.reshape(*lead, -1, self.order, self.stride)
        return x.with_codes(np.matmul(self.signs.astype(np.int64), columns).reshape(*lead, self.frame))
