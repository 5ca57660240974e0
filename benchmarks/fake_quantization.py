"""Fake quantization by the exact reference: what a linear layer computes if its input passes a recipe.

    y = W·(Rᵀ·q(R·x)/n) + b          R·Rᵀ = n·I, q: to codes with scales, and back

The rotation R is that of the recipe's stages, exactly, and W·Rᵀ/n is multiplied out beforehand, as one does
where a model is quantized. Codes and scales are the integers that the hardware gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor, log2
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.format import Format
from hadacast.frames import Frames
from hadacast.recipe import load
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize
from hadacast.spec.stage import Stage

Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent / "minilm"
ORDER = 12  # of the factor of 384 and 1536 that is no power of two
HEADROOM = 2  # times the largest of the calibration data: what the input and tensor constants hold
ROWS = 512  # of the exact reference at a time, which keeps its arrays in the cache


@dataclass(frozen=True)
class Rotation:
    """What comes before the quantizer: `recipe`, a file of benchmarks/minilm, and points of its blocks."""

    name: str
    recipe: str
    block: int = 0

    def overrides(self, width: int) -> list[str]:
        """What the recipe must be told for an input of `width` channels."""
        if self.recipe == "plain":
            return []
        return [f"stage.fwht.size={self.block or width // ORDER}"]


@dataclass(frozen=True)
class Code:
    """A quantizer: fields of a quantize stage as TOML. `tensor`: whether its scales take the largest
    magnitude of the tensor."""

    name: str
    fields: Mapping[str, str]
    tensor: bool = False

    def overrides(self, largest: float) -> list[str]:
        """What the recipe must be told where `largest` is the largest magnitude that enters the quantizer."""
        fields = dict(self.fields)
        if self.tensor:
            amax = Fraction(f"{HEADROOM * largest:.3g}")
            fields["scale"] = f'{{kind = "floating", format = "e4m3", tensor_amax = "{amax}"}}'
        return [f"stage.quantize.{name}={value}" for name, value in fields.items()]


ROTATIONS = (
    Rotation("none", "plain"),
    Rotation("blocks of 16", "block", 16),
    Rotation("blocks of 32", "block", 32),
    Rotation("blocks of 128", "block", 128),
    Rotation("full", "full"),
    Rotation("full, random signs", "random"),
)
CODES = (
    # Next to no noise: whether all else is as it should be.
    Code("INT16 per token", {"code": "int16", "group": "0", "scale": "maximum"}),
    Code("INT8 per token", {"code": "int8", "group": "0", "scale": "maximum"}),
    Code("INT4 per token", {"code": "int4", "group": "0", "scale": "maximum"}),
    Code("INT4 g=32", {"code": "int4", "group": "32", "scale": "maximum"}),
    Code(
        "MXFP4",
        {"code": "e2m1", "group": "32", "scale": '{kind = "exponent", rule = "three_quarters"}'},
    ),
    Code("NVFP4", {"code": "e2m1", "group": "16"}, tensor=True),
)


def fraction_bits(largest: float, width: int = 16) -> int:
    """The most fraction bits with which a signed format holds HEADROOM times `largest`."""
    return width - 1 - floor(log2(HEADROOM * largest)) - 1 if largest else width - 1


class Site:
    """The input of one or several linear layers, passed through a recipe.

    Parameters
    ----------
    rotation, code: which recipe. calibration: (rows, channels) full-precision inputs, from which the input
        format and constants of the tensor follow.
    """

    def __init__(self, rotation: Rotation, code: Code, calibration: Floats) -> None:
        width = calibration.shape[-1]
        common = [
            f"stream.frame={width}",
            f"input.fraction={fraction_bits(float(np.abs(calibration).max()))}",
            *rotation.overrides(width),
        ]
        recipe = FOLDER / f"{rotation.recipe}.toml"
        first = load(recipe, common).pipeline
        rotated = self._rotated(first, calibration)
        largest = float(np.abs(self._real(self._quantizer(first), rotated)).max())
        self.pipeline = load(recipe, [*common, *code.overrides(largest)]).pipeline

    @staticmethod
    def _quantizer(pipeline: Pipeline) -> Quantize:
        return next(stage for stage in pipeline.stages if isinstance(stage, Quantize))

    @staticmethod
    def _real(quantizer: Quantize, codes: Any) -> Floats:
        assert isinstance(quantizer.input, Format)
        return quantizer.input.decode(codes)

    def _rotated(self, pipeline: Pipeline, x: Floats) -> Any:
        flowing: Any = pipeline.input.encode(x)
        for stage in self._before(pipeline):
            flowing = stage.compute(flowing)
        return flowing

    def _before(self, pipeline: Pipeline) -> tuple[Stage, ...]:
        return pipeline.stages[: pipeline.stages.index(self._quantizer(pipeline))]

    @property
    def quantizer(self) -> Quantize:
        """The quantize stage."""
        return self._quantizer(self.pipeline)

    @cached_property
    def matrix(self) -> NDArray[np.int64]:
        """R, (channels, channels), by the exact stages from the identity."""
        flowing: Any = np.eye(self.pipeline.frame, dtype=np.int64)
        for stage in self._before(self.pipeline):
            flowing = stage.compute(flowing)
        return np.asarray(flowing).T

    @cached_property
    def points(self) -> int:
        """n of R·Rᵀ = n·I. Raises ValueError where that isn't so."""
        n = int((self.matrix[0] ** 2).sum())
        real = self.matrix.astype(np.float64)  # entries are 0 and ±1: sums are exact, and fast
        if not np.array_equal(real @ real.T, n * np.eye(len(real))):
            raise ValueError("the rotation is not orthogonal")
        return n

    def weights(self, w: Floats) -> Floats:
        """W·Rᵀ/n, for W of (outputs, channels)."""
        return w @ self.matrix.T / self.points

    def quantized(self, x: Floats) -> Floats:
        """q(R·x): real values, of the rotated axis, of (rows, channels)."""
        block = self.quantizer.output
        found = np.empty(x.shape)
        for start in range(0, len(x), ROWS):
            leaving = self.quantizer.compute(self._rotated(self.pipeline, x[start : start + ROWS]))
            assert isinstance(leaving, Frames)
            found[start : start + ROWS] = block.decode(leaving)
        return found

    def energies(self, x: Floats) -> tuple[float, float]:
        """Energies of x and of what comes back minus x."""
        back = self.quantized(x) @ self.matrix / self.points
        return float((x**2).sum()), float(((x - back) ** 2).sum())
