"""Packed and unpacked in hardware as in the reference, byte for byte, whatever the padding is."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out
from hw.core.campaign import stimulus

from hadacast.core import beat
from hadacast.core import pipeline as core
from hadacast.core.top import AxiTop
from hadacast.format import Codes, Format
from hadacast.frames import Block, Frames
from hadacast.minifloat import E2M1, E4M3, E8M0, FP32
from hadacast.packed import Packed
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.fwht import Fwht
from hadacast.spec.pack import Pack
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize
from hadacast.spec.stage import Stage
from hadacast.spec.unpack import Unpack


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Frames of groups, and how wide the bus is beyond the least."""

    frame: int
    lanes: int
    group: int
    element: Codes = E2M1
    scale: Codes | None = E4M3
    zero: Codes | None = None
    wide: Codes | None = None
    rows: int = 1
    more: int = 0

    def __str__(self) -> str:
        sides = "+".join(str(s.width) for s in (self.scale, self.zero, self.wide) if s)
        group = f"{self.rows}x{self.group}"
        return f"n{self.frame}-p{self.lanes}-g{group}-w{self.element.width}-s{sides}-b{self.more}"

    @property
    def content(self) -> Codes | Block:
        if self.scale is None:
            return self.element
        return Block(
            element=self.element,
            group=self.group,
            rows=self.rows,
            scale=self.scale,
            zero=self.zero,
            wide=self.wide,
        )

    def packed(self, layout: str) -> Packed:
        least = Packed(content=self.content, frame=self.frame, lanes=self.lanes, layout=layout)
        return Packed(
            content=self.content,
            frame=self.frame,
            lanes=self.lanes,
            layout=layout,
            bus=least.bus + self.more,
        )

    def pack(self, layout: str) -> Pipeline:
        """From beats with all that they need to a layout."""
        first = Unpack(frame=self.frame, lanes=self.lanes, input=self.packed("beside"))
        bus = self.packed(layout).bus
        last = Pack(frame=self.frame, lanes=self.lanes, input=first.output, layout=layout, bus=bus)
        return Pipeline(name="pack", stages=(first, last))

    def unpack(self, layout: str) -> Pipeline:
        """The other way round."""
        first = Unpack(frame=self.frame, lanes=self.lanes, input=self.packed(layout))
        last = Pack(frame=self.frame, lanes=self.lanes, input=first.output)
        return Pipeline(name="unpack", stages=(first, last))


INT4, INT3, UINT5, UINT23 = (
    Format(width=4),
    Format(width=3),
    Format(width=5, signed=False),
    Format(width=23, signed=False),
)
SHAPES = [
    Shape(frame=16, lanes=16, group=16),  # NVFP4: one beat is a block
    Shape(frame=64, lanes=8, group=16),
    Shape(frame=64, lanes=16, group=4),  # several groups in a beat
    Shape(frame=32, lanes=4, group=32, element=INT4, scale=FP32),  # per token
    Shape(frame=32, lanes=1, group=8, element=INT3, scale=FP32, zero=INT3),  # sides longer than the bus
    Shape(frame=16, lanes=1, group=1, element=INT3, scale=UINT5),
    Shape(frame=2, lanes=1, group=2, element=INT4, scale=E8M0),
    Shape(frame=4, lanes=2, group=1, element=Format(width=1), scale=FP32, more=2),
    Shape(frame=64, lanes=4, group=8, element=UINT5, zero=UINT5, scale=E8M0, more=1),
    Shape(frame=64, lanes=8, group=16, more=5),
    Shape(frame=32, lanes=8, group=8, element=INT4, wide=Format(width=9), scale=E8M0),
    Shape(frame=32, lanes=2, group=8, element=E2M1, wide=E4M3, scale=E8M0, more=1),
    Shape(frame=64, lanes=4, group=4, rows=4, element=INT3, scale=E8M0),  # tiles
    Shape(frame=64, lanes=2, group=4, rows=8, element=INT3, scale=FP32),
    Shape(frame=32, lanes=16, group=2, rows=8, element=INT4, scale=E8M0),  # several rows in a beat
    Shape(frame=32, lanes=2, group=4, rows=8, element=INT4, scale=UINT5, more=1),
    Shape(frame=64, lanes=4, group=2, rows=2, element=INT3, scale=E8M0, zero=INT3),
    Shape(frame=16, lanes=4, group=1, element=INT3, scale=None),  # plain elements
    Shape(frame=64, lanes=1, group=1, element=UINT5, scale=None, more=1),
    Shape(frame=8, lanes=8, group=1, element=Format(width=13), scale=None),
    Shape(frame=24, lanes=4, group=12),  # no powers of two
    Shape(frame=36, lanes=12, group=3, element=INT3, scale=FP32, zero=INT3),
    Shape(frame=45, lanes=3, group=9, element=INT3, scale=UINT5, more=1),
    Shape(frame=60, lanes=2, group=10, rows=3, element=INT3, scale=E8M0),
    Shape(frame=72, lanes=4, group=12, rows=2, element=INT3, scale=E8M0, more=1),
    Shape(frame=60, lanes=12, group=3, rows=10, element=INT4, scale=E8M0),
    Shape(frame=60, lanes=5, group=1, element=INT3, scale=None),
    Shape(frame=64, lanes=8, group=64, element=INT4, scale=UINT23),  # a scale ahead of all codes
    Shape(frame=24, lanes=4, group=24, element=INT4, scale=E8M0, more=1),
]
# From beside to beside is one pipeline, either way.
WAYS = [("beside", "pack"), *((layout, way) for layout in ("ahead", "behind") for way in ("pack", "unpack"))]
OFTEN = (0, 1, 4, 7, 10, 12, 14, 17, 20, 21, 23, 27, 28)
CASES = [
    pytest.param(
        shape, layout, way, marks=[] if index in OFTEN else pytest.mark.long, id=f"{shape}-{layout}-{way}"
    )
    for index, shape in enumerate(SHAPES)
    for layout, way in WAYS
]


@dataclass(frozen=True, kw_only=True)
class Numbers(Stage):
    """Codes with the low bits of their group's scale above them, as fixed point: so that both show."""

    kind: ClassVar[str] = "numbers"
    latency: ClassVar[int] = 0

    @property
    def output(self):
        return Format(width=self.element.width + 4, signed=False)

    def transform(self, x):
        assert x.scale is not None
        scales = np.broadcast_to(x.scale[..., None], self.input.grouped(x.codes).shape)
        above = (self.input.ungrouped(scales) & 15) << self.element.width
        return Frames(codes=(x.codes & ((1 << self.element.width) - 1)) | above)


class NumbersWires(Component):
    """The hardware of Numbers."""

    def __init__(self, spec):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.lanes))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o = self.i, self.o
        m.d.comb += [o.valid.eq(i.valid), i.ready.eq(o.ready), o.p.last.eq(i.p.last), o.p.mark.eq(i.p.mark)]
        for lane in range(self.spec.lanes):
            code = Value.cast(i.p.data[lane])[: self.spec.element.width]
            m.d.comb += o.p.data[lane].eq(Cat(code, Value.cast(i.p.scale[lane // self.spec.input.group])[:4]))
        return m


@pytest.fixture(autouse=True)
def _numbers(monkeypatch):
    monkeypatch.setitem(core.COMPONENTS, "numbers", NumbersWires)


def check(spec: Pipeline, samples: int, simulator: str, seed: int) -> None:
    plan = stimulus(spec, samples, seed=seed)
    result = compare(spec, plan, simulate(AxiTop(spec), plan, simulator))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize(("shape", "layout", "way"), CASES)
def test_equals_the_spec(shape, layout, way):
    check(getattr(shape, way)(layout), 200, "amaranth", shape.frame)


@pytest.mark.parametrize(("shape", "layout", "way"), CASES)
def test_latency_and_throughput_are_as_stated(shape, layout, way):
    """Without gaps and stalls: the stated latency, and a frame every N/P clocks."""
    spec = getattr(shape, way)(layout)
    count = max(12, 160 // spec.beats)
    x = np.random.default_rng(1).integers(0, 256, (count, spec.in_beats * spec.in_lanes))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, spec.in_lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (trace.data.reshape(len(x), -1) == spec.compute(x)).all()
    ends = trace.cycle[spec.out_beats - 1 :: spec.out_beats]
    assert (np.diff(ends) == spec.beats).all()
    if way == "unpack":  # elements leave one beat after the other
        assert (np.diff(trace.cycle) == 1).all()
    else:
        assert (np.diff(trace.accept) == 1).all()


@pytest.mark.long
@pytest.mark.parametrize(("shape", "layout", "way"), CASES)
def test_equals_the_spec_at_length(shape, layout, way):
    check(getattr(shape, way)(layout), 400_000, "cxxrtl", shape.frame)


@pytest.mark.parametrize("case", ["rotated", "quantized"])
def test_behind_other_stages(case):
    """Behind a transform, which drops broken frames, and behind a quantizer."""
    stages: list[Stage] = [Fwht(frame=16, lanes=4, input=Format(width=8))]
    if case == "quantized":
        stages.append(
            Quantize(frame=16, lanes=4, input=stages[-1].output, code="e2m1", scale="exponent", group=8)
        )
    stages.append(Pack(frame=16, lanes=4, input=stages[-1].output, layout="ahead"))
    check(Pipeline(name="core", stages=tuple(stages)), 400, "amaranth", 1)


DROPPED = [SHAPES[i] for i in (3, 6, 12, 14, 17)]


@pytest.mark.parametrize("layout", ["beside", "ahead", "behind"])
@pytest.mark.parametrize("shape", DROPPED, ids=str)
def test_ahead_of_a_transform(shape, layout):
    """Broken frames go through, marked in their last beat, and the transform drops them."""
    stages: list[Stage] = [Unpack(frame=shape.frame, lanes=shape.lanes, input=shape.packed(layout))]
    if shape.scale is not None:
        stages.append(Numbers(frame=shape.frame, lanes=shape.lanes, input=stages[-1].output))
    stages.append(Fwht(frame=shape.frame, lanes=shape.lanes, input=stages[-1].output))
    spec = Pipeline(name="core", stages=tuple(stages))
    assert spec.dropper == len(stages) - 1
    check(spec, 200, "amaranth", shape.lanes)


def test_back_to_what_was_packed():
    """Codes, packed and unpacked and packed again, are the same bytes, but for what pads them."""
    shape = SHAPES[1]
    stages: list[Stage] = [Unpack(frame=shape.frame, lanes=shape.lanes, input=shape.packed("beside"))]
    for layout in ("behind", "ahead", "beside"):
        stages.append(Pack(frame=64, lanes=8, input=stages[-1].output, layout=layout))
        stages.append(Unpack(frame=64, lanes=8, input=stages[-1].output))
    spec = Pipeline(name="core", stages=(*stages, Pack(frame=64, lanes=8, input=stages[-1].output)))
    x = np.random.default_rng(5).integers(0, 256, (9, spec.in_beats * spec.in_lanes))
    assert (spec.compute(x) == shape.pack("beside").compute(x)).all()
    check(spec, 2_000, "amaranth", 3)
