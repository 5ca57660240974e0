"""A dense matrix, such as a learned rotation."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hadacast import checks, coefficients
from hadacast.errors import HadacastError
from hadacast.format import Codes, Format, Ints
from hadacast.frames import Block, Frames
from hadacast.ratio import TILE
from hadacast.rescale import Rescale
from hadacast.settings import Setting, Table
from hadacast.spec.normalize import EXACT, MODES
from hadacast.spec.rotate_plan import RotatePlan
from hadacast.spec.stage import Stage
from hadacast.spec.stride import stride_latency

MAX_INPUT_WIDTH = 2 * TILE
MAX_WIDTH = 48
MAX_ORDER = 128
MAX_COEFFICIENT = 18
MAX_MULTIPLICATIONS = 1024
AUTO = "auto"

Rows = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Rotate(Stage):
    """y = round((I ⊗ R ⊗ I_s) x), saturating, for a real n×n matrix R: a rotation, or any other.

    R is rounded once, to C, the nearest matrix of fixed-point numbers; C x is exact, and rounded once. Two
    such stages are the Kronecker-factored rotation P_Lᵀ X P_R of FlatQuant (Y. Sun et al., arXiv:2410.09426,
    section 3.1), with X the frame as N1 rows of N2: `transpose` and stride N2 with P_L, then `transpose` and
    stride 1 with P_R. Exponents of frames pass.

    Members
    -------
    frame, lanes, input: as for every Stage; fixed point of up to 36 bits. The frame is a multiple of n·s;
        lanes divide s, or are a multiple of it that divides n·s; n·lanes, the multiplications in a clock, is
        at most 1,024.
    matrix: R, n rows of n numbers, n from 2 to 128, or all n² numbers row by row.
    transpose: multiply by Rᵀ.
    stride: s, the distance between the elements of a vector: 1, consecutive ones; 0: the largest, frame/n.
    coefficient_width: bits of a coefficient, 2 to 18, signed.
    coefficient_fraction: its fraction bits; "auto": the most with which all of R fits.
    width: bits of y, 1 to 48; 0: as many as the largest result takes.
    fraction: fraction bits of y; "exact": as many as every result takes, and nothing is rounded.
    rounding: "even", "away", "up" or "zero" (hadacast.rounding).
    loadable: whether other coefficients of the same format can be written at run time.

    Raises HadacastError where a member is out of range, and for a coefficient that its format doesn't hold.
    """

    kind: ClassVar[str] = "rotate"
    SETTABLE: ClassVar[frozenset[str]] = frozenset({"matrix", "transpose"})

    matrix: Rows = ()
    transpose: bool = False
    stride: int = 0
    coefficient_width: int = 16
    coefficient_fraction: int | str = AUTO
    width: int = 0
    fraction: int | str = EXACT
    rounding: str = "even"
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_fixed(MAX_INPUT_WIDTH)
        object.__setattr__(self, "matrix", _square(self.matrix))
        checks.flag("transpose", self.transpose)
        checks.flag("loadable", self.loadable)
        checks.integer("stride", self.stride, 0, self.frame)
        self._check_geometry()
        checks.integer("coefficient_width", self.coefficient_width, 2, MAX_COEFFICIENT)
        if self.coefficient_fraction != AUTO:
            Format(fraction=self.coefficient_fraction)  # type: ignore[arg-type]
        checks.choice("rounding", self.rounding, MODES)
        checks.integer("width", self.width, 0, MAX_WIDTH)
        if self.fraction != EXACT:
            Format(fraction=self.fraction)  # type: ignore[arg-type]
        checks.integer("output width", self.result.width, 1, MAX_WIDTH)

    def _check_geometry(self) -> None:
        n, s, lanes = self.order, self.distance, self.lanes
        if not s or self.frame % (n * s):
            what = f"stride {s} × n" if self.stride else "n"
            raise HadacastError(f"matrix has n = {n}: {what} must divide the frame, {self.frame:,} elements")
        if s % lanes and (lanes % s or n * s % lanes):
            raise HadacastError(
                f"lanes is {lanes}: with n = {n} and stride {s} it must divide {s}, or be a multiple of {s}"
                f" that divides {n * s:,}"
            )
        if n * lanes > MAX_MULTIPLICATIONS:
            raise HadacastError(
                f"lanes is {lanes}: with n = {n} that is {n * lanes:,} multiplications in a clock,"
                f" {MAX_MULTIPLICATIONS:,} are the most"
            )

    @property
    def order(self) -> int:
        """n."""
        return len(self.matrix)

    @property
    def distance(self) -> int:
        """s."""
        return self.stride or self.frame // self.order

    @cached_property
    def applied(self) -> Rows:
        """R, or Rᵀ: what multiplies, before it is rounded."""
        return tuple(zip(*self.matrix, strict=True)) if self.transpose else self.matrix

    @cached_property
    def coefficient(self) -> Format:
        """Format of the coefficients."""
        fraction: Any = self.coefficient_fraction
        if fraction == AUTO:
            numbers = (number for row in self.matrix for number in row)
            fraction = coefficients.fraction_bits(numbers, self.coefficient_width)
            if fraction is None:
                raise HadacastError(
                    "coefficient_fraction is 'auto': of a matrix of zeros it must be an integer"
                )
        return Format(width=self.coefficient_width, fraction=fraction)

    @cached_property
    def codes(self) -> tuple[tuple[int, ...], ...]:
        """C, or Cᵀ, as it multiplies: rows of coefficient codes."""
        return tuple(coefficients.codes("matrix", row, self.coefficient) for row in self.applied)

    # Precision.

    @cached_property
    def _errors(self) -> list[list[Fraction]]:
        scale = Fraction(2) ** -self.coefficient.fraction
        return [
            [abs(code * scale - number) for code, number in zip(codes, row, strict=True)]
            for codes, row in zip(self.codes, self.applied, strict=True)
        ]

    @property
    def coefficient_error(self) -> Fraction:
        """The largest |C - R|; at most half a step of the coefficients."""
        return max(max(row) for row in self._errors)

    @cached_property
    def gain_error(self) -> Fraction:
        """The largest sum of |C - R| in a row: what an input of magnitude 1 can make of them."""
        return max(sum(row, Fraction(0)) for row in self._errors)

    def error_bound(self, largest: Fraction | int | None = None) -> Fraction:
        """The most by which a result that doesn't saturate differs from R x in real numbers, for inputs of
        magnitudes up to `largest`, or all: what coefficients are off by, and the rounding of the result."""
        element = self.element
        assert isinstance(element, Format)
        if largest is None:
            largest = max(element.max, -element.min) * Fraction(2) ** -element.fraction
        step = Fraction(2) ** -self.result.fraction
        if self.result.fraction >= self.plan.exact.fraction:
            step = Fraction(0)
        return self.gain_error * largest + (step if self.rounding == "zero" else step / 2)

    # Formats and layout.

    @cached_property
    def result(self) -> Format:
        """Format of the elements that leave."""
        exact = self._unscaled.exact
        fraction: Any = exact.fraction if self.fraction == EXACT else self.fraction
        if self.width:
            return Format(width=self.width, fraction=fraction)
        low, high = self._unscaled.range
        ratio = Fraction(2) ** (fraction - exact.fraction)
        # The largest magnitudes, rounded: no mode goes further than away from zero.
        down, up = -int(-low * ratio + Fraction(1, 2)), int(high * ratio + Fraction(1, 2))
        return Format(width=max(up.bit_length(), (~down).bit_length() if down else 0) + 1, fraction=fraction)

    @property
    def column_bits(self) -> int:
        """Bits of a column's number: coefficient (i, j) is row i·2^column_bits + j of the setting."""
        return (self.order - 1).bit_length()

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        padding = (0,) * ((1 << self.column_bits) - self.order)
        return (
            Table(
                name="coefficients",
                text=f"the matrix that multiplies, row by row; a row takes {1 << self.column_bits} places",
                width=self.coefficient.width,
                signed=True,
                init=tuple(code for row in self.codes for code in (*row, *padding)),
            ),
        )

    @property
    def built(self) -> dict[str, Any]:
        return super().built | {"coefficient": self.coefficient}

    @property
    def output(self) -> Codes | Block:
        return self.with_element(self.result)

    def _plan(self, output: Format) -> RotatePlan:
        assert isinstance(self.element, Format)
        columns = min(self.distance, self.lanes)
        return RotatePlan(
            matrix=self.codes,
            format_=self.coefficient,
            element=self.element,
            output=output,
            rounding=self.rounding,
            columns=columns,
            taps=self.lanes // columns,
            loadable=self.loadable,
        )

    @cached_property
    def _unscaled(self) -> RotatePlan:
        """The same up to the exact sums."""
        return self._plan(Format())

    @cached_property
    def plan(self) -> RotatePlan:
        """How the cells are laid out."""
        return self._plan(self.result)

    @property
    def rows(self) -> int:
        """Beats between which vectors lie, in stride memories: n, or 1 where there are none."""
        return self.order if self.distance > self.lanes else 1

    @property
    def words(self) -> int:
        """Elements that memories hold: of the frame before the cells and behind them, and of their queues."""
        frames = 2 * self.order * self.distance if self.rows > 1 else 0
        return frames + (self.plan.in_depth + self.plan.out_depth) * self.lanes

    @property
    def latency(self) -> int:
        beats = self.order * self.distance // self.lanes
        return self.plan.latency + (2 * stride_latency(beats) if self.rows > 1 else 0)

    def transform(self, x: Frames) -> Frames:
        element, n = self.element, self.order
        assert isinstance(element, Format)
        vectors = x.codes.reshape(-1, n, self.distance)
        matrix = np.array(self.codes, dtype=np.int64)
        sums: Ints
        if max(map(abs, self.plan.range)) + max(element.max, -element.min) < 1 << 52:
            # float64 holds every partial sum: its product is exact, and fast.
            sums = np.matmul(matrix.astype(np.float64), vectors.astype(np.float64)).astype(np.int64)
        else:
            sums = np.matmul(matrix, vectors)
        rescale: Rescale = self.plan.rescale
        return x.with_codes(rescale.compute(sums).reshape(x.codes.shape))


def _square(matrix: Any) -> Rows:
    """A matrix as rows of fractions."""
    shown = f"matrix is {checks.quote(matrix)}"
    allowed = f"it must be n rows of n numbers, n from 2 to {MAX_ORDER}"
    if not isinstance(matrix, list | tuple):
        raise HadacastError(f"{shown}: {allowed}")
    rows = matrix
    if not any(isinstance(row, list | tuple) for row in matrix):
        n = round(len(matrix) ** 0.5)
        if n * n != len(matrix):
            raise HadacastError(f"matrix has {len(matrix):,} numbers: {allowed}")
        rows = [matrix[n * i : n * (i + 1)] for i in range(n)]
    n = len(rows)
    if not 2 <= n <= MAX_ORDER:
        raise HadacastError(f"matrix has {n:,} rows: {allowed}")
    for index, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != n:
            raise HadacastError(f"matrix has {checks.quote(row)} as row {index} of {n}: {allowed}")
    return tuple(tuple(coefficients.number("matrix", number) for number in row) for row in rows)
