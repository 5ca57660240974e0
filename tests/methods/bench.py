"""Each method's recipe beside its published definition, which is written once more in `definitions`.

A definition imports nothing of hadacast. It takes what comes in: real numbers, or, of a pipeline that begins
with packed bytes, what they hold, by the names below. It returns what must be there before bytes are packed,
by name, in real numbers:

- `codes`: what the elements' codes stand for without their scales, (frames, N): -8 … 7 for INT4, 0, ±0.5 … ±6
  for E2M1; of a pipeline without a quantizer what leaves.
- `scale`, `zero`, `offset`, `wide`: what goes with each group, (frames, groups), those that there are.

Each is an array of which every number must be met, or a Near: real numbers that rounding would follow, and
how far from them a result may be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast import recipe, samples
from hadacast.format import Codes, Ints
from hadacast.frames import Block, Frames
from hadacast.packed import Packed
from hadacast.recipe import Recipe
from hadacast.spec.pack import Pack
from hadacast.spec.pipeline import Pipeline

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Near:
    """What results must be within `within` of: a number, or an array that broadcasts."""

    values: Floats
    within: Any


Definition = Callable[[Any], Mapping[str, Any]]
DEFINITIONS: dict[str, Definition] = {}


def defines(*names: str) -> Callable[[Definition], Definition]:
    """Say which recipes a function defines."""

    def decorate(function: Definition) -> Definition:
        for name in names:
            assert name not in DEFINITIONS, name
            DEFINITIONS[name] = function
        return function

    return decorate


def methods() -> dict[str, Recipe]:
    """The shipped recipes that stand for a published method."""
    found = {name: recipe.load(name) for name in recipe.catalogue()}
    return {name: chosen for name, chosen in found.items() if chosen.method is not None}


def inputs(spec: Pipeline, values: int, seed: int) -> Ints:
    """(frames, N) codes, `values` of them or some more: activations, bell curves of all sizes with outliers,
    whatever a code can be, few small integers (which make ties), zeros, one element alone, and both ends."""
    rng = np.random.default_rng(seed)
    size = spec.in_beats * spec.in_lanes
    count = max(-(-values // size), 16)
    low, high = spec.input.min, spec.input.max
    if isinstance(spec.input, Packed):
        return packed_inputs(spec, count, rng)
    parts = [rng.integers(low, high, (count // 4 + 1, size), endpoint=True)]
    bells = rng.normal(size=(count // 4 + 1, size)) * 2.0 ** rng.uniform(-9, 6, (count // 4 + 1, 1))
    bells[rng.random(bells.shape) < 0.003] *= 30
    parts.append(encoded(spec, bells))
    parts.append(encoded(spec, rng.integers(-9, 10, (count // 4 + 1, size)) / 4))
    parts.append(activations(spec, count // 4 + 1))
    single = np.zeros((4, size), dtype=np.int64)
    single[1, rng.integers(size)], single[2, rng.integers(size)] = low, high
    ends = np.array([low, high])[:, None] * np.ones((1, size), dtype=np.int64)
    return np.concatenate([single[:3], ends, *parts])


def packed_inputs(spec: Pipeline, count: int, rng: np.random.Generator) -> Ints:
    """Bytes of random codes and sides that a quantizer could have left: of Blocks and of plain elements."""
    packed = spec.input
    assert isinstance(packed, Packed)
    content = packed.content
    block = content if isinstance(content, Block) else None
    element = block.element if block else content
    codes = rng.integers(element.min, element.max, (count, packed.frame), endpoint=True)
    sides = {}
    if block is not None:
        groups = packed.frame // (block.group * block.rows)
        for name in ("scale", "zero", "offset", "wide"):
            format_ = getattr(block, name)
            if format_ is not None:
                patterns = rng.integers(format_.min, format_.max, (count, groups), endpoint=True)
                finite = np.isfinite(format_.decode(patterns))
                sides[name] = np.where(finite, patterns, 0)
    return packed.pack(Frames(codes=codes, **sides) if block is not None else codes)


def encoded(spec: Pipeline, values: Floats) -> Ints:
    """Real values as input codes, clipped."""
    return np.asarray(spec.input.encode(values))


def activations(spec: Pipeline, count: int) -> Ints:
    """Frames of the shipped activations, repeated until there are enough."""
    flat = samples.load("minilm_mlp_down").astype(np.float64).ravel()
    size = spec.in_beats * spec.in_lanes
    return encoded(spec, np.resize(flat, (count, size)))


def sample(spec: Pipeline) -> Ints:
    """All frames that the shipped activations make."""
    return activations(spec, samples.load("minilm_mlp_down").size // (spec.in_beats * spec.in_lanes))


def found(spec: Pipeline, x: Ints) -> dict[str, Floats]:
    """What the recipe makes of input codes, as a definition says it."""
    stages = spec.stages[:-1] if isinstance(spec.stages[-1], Pack) else spec.stages
    flowing: Ints | Frames = x
    for stage in stages:
        flowing = stage.compute(flowing)
    return meant(stages[-1].output, flowing)


def unpacked(packed: Packed, x: Ints) -> dict[str, Floats]:
    """What packed bytes hold, named as a definition names it."""
    frames = packed.unpack(x)
    return meant(packed.content, frames if isinstance(packed.content, Block) else frames.codes)


def meant(format_: Codes | Block, flowing: Ints | Frames) -> dict[str, Floats]:
    """What codes stand for."""
    if not isinstance(format_, Block):
        codes = flowing.codes if isinstance(flowing, Frames) else flowing
        return {"codes": np.asarray(format_.decode(codes), dtype=np.float64)}
    assert isinstance(flowing, Frames)
    element = format_.element
    codes, flag = format_.grouped(flowing.codes), np.False_
    if flowing.wide is not None:
        flag = flowing.wide[..., None] == 1
    values = np.asarray(element.decode(np.where(flag, 0, codes)), dtype=np.float64)
    if format_.wide is not None:
        values = np.where(flag, format_.wide.decode(np.where(flag, codes, 0)), values)
    shown = {"codes": format_.ungrouped(values)}
    for name, side in flowing.sides.items():
        decoded = side if name == "wide" else getattr(format_, name).decode(side)
        shown[name] = np.asarray(decoded, dtype=np.float64)
    return shown


@dataclass(frozen=True)
class Outcome:
    """What a comparison found: numbers compared, those that differ, and where the first ones do."""

    compared: int
    mismatches: int
    first: tuple[str, ...]


def compare(name: str, values: int, seed: int = 1) -> Outcome:
    """A method's recipe beside its definition, on `values` elements or more."""
    spec = recipe.load(name).pipeline
    x = inputs(spec, values, seed)
    shown = found(spec, x)
    given = unpacked(spec.input, x) if isinstance(spec.input, Packed) else spec.input.decode(x)
    wanted = DEFINITIONS[name](given)
    assert set(wanted) == set(shown), f"{name}: {sorted(shown)}, the definition has {sorted(wanted)}"
    compared, mismatches, first = 0, 0, []
    for what, ours in shown.items():
        theirs = wanted[what]
        if isinstance(theirs, Near):
            wrong = ~(np.abs(ours - theirs.values) <= theirs.within)
            theirs = theirs.values
        else:
            wrong = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
        assert wrong.shape == ours.shape, f"{name}: {what} is {ours.shape}, of the definition {wrong.shape}"
        compared += ours.size
        mismatches += int(wrong.sum())
        for place in np.argwhere(wrong)[:3]:
            at = tuple(place.tolist())
            first.append(
                f"{what}{list(at)}: {ours[at]}, by definition {np.broadcast_to(theirs, ours.shape)[at]}"
            )
    return Outcome(compared, mismatches, tuple(first))
