"""The units of a scale on their own: a group unit, and behind it an element unit, against the scale."""

from typing import Any

import numpy as np
from amaranth.hdl import Module, Value
from amaranth.lib.wiring import Component, In, Out
from hw.core.pipe_bench import run
from numpy.typing import ArrayLike

from hadacast.core.quantizer.separate import Separate
from hadacast.core.quantizer.unit import EXPONENT_WIDTH, ElementUnit, GroupUnit, delayed, raw_shape
from hadacast.format import Format, Ints
from hadacast.frames import Frames, exponents
from hadacast.spec.quantize import Quantize


class Units(Component):
    """A pipe: an element and what its group reduces to in, its code and the group's sides out."""

    def __init__(self, spec: Quantize, group: type[GroupUnit], element: type[ElementUnit]):
        self.spec = spec
        self.group, self.element = group(spec), element(spec)
        self.latency = self.group.latency + self.element.latency
        raw = raw_shape(spec)
        ports: dict[str, Any] = {"enable": In(1), "x": In(raw), "code": Out(self.element.code.shape())}
        bits = spec.magnitudes.bits
        if spec.scale.ends:
            ports |= {"low": In(bits), "high": In(bits)}
        elif spec.scale.reduces == "amax":
            ports |= {"amax": In(bits)}
        else:
            ports |= {"low": In(raw), "high": In(raw)}
        if spec.floating:
            ports["exponent"] = In(EXPONENT_WIDTH)
        if spec.rounding == "stochastic":
            ports["random"] = In(8)
        for name, member in self.group.sides.shape().members.items():
            ports[name] = Out(member)
        super().__init__(ports)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.group, m.submodules.element = group, element = self.group, self.element
        m.d.comb += [group.enable.eq(self.enable), element.enable.eq(self.enable)]
        for name in group.i.shape().members:
            m.d.comb += getattr(group.i, name).eq(getattr(self, name))

        def later(value: Any, name: str, cycles: int = group.latency) -> Any:
            return delayed(m, self.enable, Value.cast(value), cycles, name)

        x = delayed(m, self.enable, self.x, group.latency, "x")
        if self.spec.scale.reduces == "amax":
            m.submodules.separate = separate = Separate(self.spec)
            m.d.comb += [separate.i.eq(x), element.x.eq(separate.o)]
        else:
            m.d.comb += element.x.eq(x)
        m.d.comb += [element.terms.eq(group.terms), self.code.eq(element.code)]
        if self.spec.rounding == "stochastic":
            m.d.comb += element.random.eq(later(self.random, "random"))
        for name in group.sides.shape().members:
            side = later(getattr(group.sides, name), name, element.latency)
            m.d.comb += getattr(self, name).eq(side)
        return m


def groups(spec: Quantize, count: int, seed: int) -> Ints:
    """Frames of one group each: random ones of all sizes, extremes, few small numbers, and constants."""
    rng = np.random.default_rng(seed)
    fixed = spec.element
    assert isinstance(fixed, Format)
    size = spec.group * spec.rows
    low, high = fixed.min, fixed.max
    bits = rng.integers(1, fixed.width + 1, (count, 1))
    top = np.minimum(high, (1 << bits) - 1)
    x = rng.integers(np.maximum(low, -top - (low < 0)), top + 1, (count, size))
    plain = rng.integers(low, high + 1, (count // 4 + 1, size))
    near = np.clip(
        rng.integers(low, high + 1, (count // 4 + 1, 1)) + rng.integers(-3, 4, (count // 4 + 1, size)),
        low,
        high,
    )
    edges = np.array(
        [[low] * size, [high] * size, [0] * size, [low, *[high] * (size - 1)], [high, *[0] * (size - 1)]]
    )
    ones = np.eye(size, dtype=np.int64)[:2]
    # Ties: an even maximum, and elements that are odd fractions of it.
    top = np.maximum(
        rng.integers(1, max(high, 1) + 1, (count // 2 + 1, 1))
        >> rng.integers(0, fixed.width, (count // 2 + 1, 1)),
        1,
    )
    parts = rng.integers(0, 61, (count // 2 + 1, size)) * (-1 if low else 1) ** rng.integers(
        0, 2, (count // 2 + 1, size)
    )
    ties = top * parts // rng.choice([2, 12, 14, 24, 30, 60], (count // 2 + 1, 1))
    ties[:, 0] = top[:, 0]
    return np.concatenate([edges, ones, x, plain, near, np.clip(ties, low, high)]).astype(np.int64)


def check(
    spec: Quantize,
    units: tuple[type[GroupUnit] | None, type[ElementUnit]],
    x: ArrayLike,
    seed: int = 1,
    top: int = 0,
) -> None:
    """Codes and sides of frames `x` of one group each, as the reference says; exponents close to `top`, or
    anywhere if it is 0."""
    rng = np.random.default_rng(seed)
    x = np.asarray(x, dtype=np.int64)
    frames, size = x.shape
    exponent = rng.integers(0, 256, (frames, 1))
    exponent[::2] = rng.integers(110, 150, exponent[::2].shape)
    # Close to either end, where scales are held.
    exponent[1::4] = rng.choice([0, 1, 2, 4, 8, 16, 238, 246, 250, 252, 253, 254], exponent[1::4].shape)
    if top:
        exponent = top - rng.integers(0, 3, (frames, 1))
    if spec.floating:
        assert spec.input == exponents(spec.element, size)
        x = np.where(exponent == 255, 0, x)
    given = Frames(codes=x.copy(), scale=exponent if spec.floating else None)
    random = rng.integers(0, 256, (x.size // spec.lanes, spec.lanes))
    want = spec.quantize(given, random if spec.rounding == "stochastic" else np.int64(0))
    words = []
    for frame in range(frames):
        low, high = int(x[frame].min()), int(x[frame].max())
        reduced = (
            {"amax": min(max(high, -low), (1 << spec.magnitudes.bits) - 1)}
            if spec.scale.reduces == "amax"
            else {"low": low, "high": high}
        )
        if spec.scale.ends:
            reduced = {"low": max(-low, 0), "high": max(high, 0)}
        if spec.floating:
            reduced["exponent"] = int(exponent[frame, 0])
        for place in range(size):
            word = {"x": int(x[frame, place]), **reduced}
            if spec.rounding == "stochastic":
                word["random"] = int(random.ravel()[frame * size + place])
            words.append(word)
    group, element = units
    assert group is not None
    pipe = Units(spec, group, element)
    assert pipe.group.latency == spec.scale.group_latency(spec)
    assert pipe.element.latency == spec.scale.element_latency(spec)
    names = ["code", *pipe.group.sides.shape().members]
    found = np.array(run(pipe, words, names), dtype=np.int64).reshape(frames, size, len(names))
    expected = [want.codes, *(np.repeat(want.sides[name], size, axis=-1) for name in names[1:])]
    for index, (name, right) in enumerate(zip(names, expected, strict=True)):
        bad = np.argwhere(found[..., index] != right)
        if len(bad):
            f, p = bad[0]
            context = {k: int(v[f, 0]) for k, v in want.sides.items()}
            raise AssertionError(
                f"{name}, {len(bad)} of {right.size} wrong: x {x[f, p]} in {x[f].tolist()}, exponent "
                f"{exponent[f, 0]}: {found[f, p, index]}, not {right[f, p]}; sides {context}"
            )
