"""What travels beside the elements of a frame comes out of transforms with the frame that it belongs to."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import Component, In, Out
from hw.core.campaign import stimulus

from hadacast.core import beat
from hadacast.core import pipeline as core
from hadacast.core.top import AxiTop
from hadacast.format import Format
from hadacast.frames import Frames, exponents
from hadacast.sim.scoreboard import compare
from hadacast.sim.simulators import simulate
from hadacast.sim.stimulus import Stimulus
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Attach(Stage):
    """Gives a frame an exponent: the low byte of its first element, or 0 bits above it."""

    kind: ClassVar[str] = "attach"
    latency: ClassVar[int] = 0

    @property
    def output(self):
        return exponents(self.input, self.frame)

    def transform(self, x):
        return Frames(codes=x.codes, scale=x.codes[..., :1] & 0xFF)


@dataclass(frozen=True, kw_only=True)
class Detach(Stage):
    """Sends the exponent as one more lane of every beat."""

    kind: ClassVar[str] = "detach"
    latency: ClassVar[int] = 0

    @property
    def out_lanes(self):
        return self.lanes + 1

    @property
    def output(self):
        return Format(width=max(self.element.width, 9))

    def transform(self, x):
        beats = x.codes.reshape(*x.codes.shape[:-1], self.beats, self.lanes)
        scale = np.broadcast_to(x.scale[..., None], (*beats.shape[:-1], 1))
        return Frames(codes=np.concatenate([beats, scale], axis=-1).reshape(*x.codes.shape[:-1], -1))


class Adapter(Component):
    """The hardware of both, wires and a register that holds what came with a frame's first beat."""

    def __init__(self, spec):
        self.spec = spec
        super().__init__(
            {
                "i": In(stream.Signature(beat.flowing(spec.input, spec.in_lanes))),
                "o": Out(stream.Signature(beat.flowing(spec.output, spec.out_lanes))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i, o, lanes = self.i, self.o, self.spec.lanes
        m.d.comb += [o.valid.eq(i.valid), i.ready.eq(o.ready), o.p.last.eq(i.p.last), o.p.mark.eq(i.p.mark)]
        m.d.comb += [o.p.data[lane].eq(i.p.data[lane]) for lane in range(lanes)]
        if self.spec.kind == "attach":
            first, held = Signal(init=1), Signal(8)
            with m.If(i.valid & i.ready):
                m.d.sync += first.eq(i.p.last)
            with m.If(first):
                m.d.comb += o.p.scale[0].eq(i.p.data[0])
                m.d.sync += held.eq(i.p.data[0])
            with m.Else():
                m.d.comb += o.p.scale[0].eq(held)
        else:
            m.d.comb += o.p.data[lanes].eq(i.p.scale[0])
        return m


@pytest.fixture(autouse=True)
def _adapters(monkeypatch):
    monkeypatch.setitem(core.COMPONENTS, "attach", Adapter)
    monkeypatch.setitem(core.COMPONENTS, "detach", Adapter)


def pipeline(frame: int, lanes: int, transforms: int, **settings) -> Pipeline:
    stages: list[Stage] = [Attach(frame=frame, lanes=lanes, input=Format(width=10))]
    for _ in range(transforms):
        stages.append(Fwht(frame=frame, lanes=lanes, input=stages[-1].output, **settings))
    stages.append(Detach(frame=frame, lanes=lanes, input=stages[-1].output))
    return Pipeline(name="core", stages=tuple(stages))


SHAPES = [(2, 2), (4, 1), (8, 2), (16, 16), (16, 1), (32, 4)]


@pytest.mark.parametrize("transforms", [1, 2])
@pytest.mark.parametrize(("frame", "lanes"), SHAPES)
def test_equals_the_spec(frame, lanes, transforms):
    spec = pipeline(frame, lanes, transforms, registers=frame % 3, stall_span=3)
    plan = stimulus(spec, 400, seed=frame + lanes)
    result = compare(spec, plan, simulate(AxiTop(spec), plan))
    assert result.ok, result.problems
    assert result.frames > 5
    assert result.dropped > 0


@pytest.mark.parametrize(("frame", "lanes"), [(16, 2), (64, 4)])
def test_equals_the_spec_at_length(frame, lanes):
    spec = pipeline(frame, lanes, 2)
    plan = stimulus(spec, 50_000, seed=frame)
    result = compare(spec, plan, simulate(AxiTop(spec), plan, "cxxrtl"))
    assert result.ok, result.problems
    assert result.dropped > 5


@pytest.mark.parametrize(("frame", "lanes"), SHAPES)
def test_latency_and_throughput_are_as_stated(frame, lanes):
    spec = pipeline(frame, lanes, 2)
    x = np.random.default_rng(1).integers(-512, 512, (12, frame))
    trace = simulate(AxiTop(spec), Stimulus.frames(x, lanes))
    assert trace.offer[0] - trace.accept[0] == spec.latency
    assert (np.diff(trace.accept) == 1).all()
    assert (np.diff(trace.cycle) == 1).all()
